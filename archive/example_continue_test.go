package archive_test

import (
	"errors"
	"fmt"
	"log"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// A restarted recorder continues its archive.
func ExampleContinue() {
	dir, remove := exampleFolder()
	defer remove()
	base := filepath.Join(dir, "rec")
	jobs := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"app.jobs"}}
	record := func(a *archive.Appender, sec int64, n uint32) error {
		if err := a.Define(jobs); err != nil { // a repeated Define writes nothing
			return err
		}
		return a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: sec}, Sets: []archive.ValueSet{
			{PMID: jobs.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, n)}},
		}})
	}

	a, err := archive.Create(base, archive.Header{Host: "example"}, nil)
	if err == nil {
		err = errors.Join(record(a, 1000, 3), a.Close())
	}
	if err != nil {
		log.Fatal(err)
	}

	a, err = archive.Continue(base, &archive.WriteOptions{VolumeRecords: 1000, Compress: archive.CompressZstd})
	if err != nil {
		log.Fatal(err)
	}
	err = record(a, 999, 4)
	fmt.Println(errors.Is(err, archive.ErrOrder), err)
	for _, r := range a.Recovered() { // after a crash
		fmt.Println(r)
	}
	// Nothing was recorded between seconds 1000 and 1060.
	err = errors.Join(a.Resume(pcp.Timestamp{Sec: 1060}), record(a, 1060, 5), a.Close())
	if err != nil {
		log.Fatal(err)
	}

	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Steps(history.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		if step.Mark {
			fmt.Println(step.Stamp.Sec, "mark")
			continue
		}
		fmt.Println(step.Stamp.Sec, step.Metrics[0].Metric.Name, step.Metrics[0].Points[0].Value.Bits)
	}
	// Output:
	// true record at 999.000000000: earlier than the last record 1000.000000000
	// 1000 app.jobs 3
	// 1000 mark
	// 1060 app.jobs 5
}
