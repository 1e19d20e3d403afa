package summary_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

// writeReads writes a counter that grows by 50 in 10 s and then by 250.
func writeReads(base string) error {
	a, err := archive.Create(base, archive.Header{Host: "db1", Zone: "UTC"}, nil)
	if err != nil {
		return err
	}
	defer a.Close() // does nothing after the Close below
	reads := &meta.Desc{PMID: pcp.NewPMID(60, 0, 24), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter,
		Units: pcp.Units{DimCount: 1}, Names: []string{"disk.all.read"}}
	if err := a.Define(reads); err != nil {
		return err
	}
	for i, n := range []uint64{1000, 1050, 1300} {
		err := a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: 1_700_000_000 + 10*int64(i)}, Sets: []archive.ValueSet{{
			PMID: reads.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, n)},
		}}})
		if err != nil {
			return err
		}
	}
	return a.Close()
}

// What were the rates of a counter?
func ExampleOf() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "disks")
	if err := writeReads(base); err != nil {
		log.Fatal(err)
	}
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	sum, err := summary.Of(context.Background(), r, summary.Options{
		Metrics:     func(d *meta.Desc) bool { return meta.Matches(d.Name(), "disk") },
		Percentiles: []float64{50},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range sum.Series {
		fmt.Printf("%s: %g on average, %g to %g, median %g %s\n",
			s.Series.Metric.Name, s.TimeAverage, s.Min, s.Max, s.Percentiles[0], s.Units)
	}
	// Output:
	// disk.all.read: 15 on average, 5 to 25, median 15 count / sec
}
