package archive_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

var (
	disks = pcp.NewInDomID(245, 1)
	reads = &meta.Desc{
		PMID: pcp.NewPMID(245, 0, 1), Type: pcp.TypeU64, InDom: disks, Sem: pcp.SemCounter,
		Units: pcp.Units{DimCount: 1}, Names: []string{"disk.dev.read"},
	}
)

// writeExample writes two records of one metric with two instances.
func writeExample(base string) error {
	a, err := archive.Create(base, archive.Header{PID: int32(os.Getpid()), Host: "db1", Zone: "UTC"}, nil)
	if err != nil {
		return err
	}
	defer a.Close() // does nothing after the Close below
	start := pcp.Timestamp{Sec: 1700000000}
	if err := a.Define(reads); err != nil {
		return err
	}
	err = a.SetInDom(&meta.InDom{Stamp: start, ID: disks, Instances: []meta.Instance{{ID: 0, Name: "sda"}, {ID: 1, Name: "sdb"}}})
	if err != nil {
		return err
	}
	context, err := labelset.New(labelset.Context, labelset.String("hostname", "db1"), labelset.String("site", "north"))
	if err != nil {
		return err
	}
	err = a.SetLabels(&meta.Labels{
		Stamp: start, Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: context}},
	})
	if err != nil {
		return err
	}
	for n := range int64(2) {
		err := a.Append(&archive.Result{
			Stamp: pcp.Timestamp{Sec: start.Sec + 10*n},
			Sets: []archive.ValueSet{{
				PMID: reads.PMID, Format: archive.FormatOf(reads.Type),
				Values: []archive.Value{
					archive.NumberValue(0, reads.Type, uint64(100+n)),
					archive.NumberValue(1, reads.Type, uint64(2000+n)),
				},
			}},
		})
		if err != nil {
			return err
		}
	}
	return a.Close()
}

// Writing an archive: metadata first, then the records that need it.
func ExampleCreate() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := writeExample(filepath.Join(dir, "disks")); err != nil {
		log.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name())
	}
	// Output:
	// disks.0
	// disks.index
	// disks.meta
}

// Reading values: every step holds what was recorded at one time.
func ExampleReader_Steps() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "disks")
	if err := writeExample(base); err != nil {
		log.Fatal(err)
	}

	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Steps(archive.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				v, _ := p.Value.Number(m.Metric.Desc.Type)
				fmt.Println(step.Stamp.Sec, m.Metric.Name, p.Series.Inst.Name, v)
			}
		}
	}
	// Output:
	// 1700000000 disk.dev.read sda 100
	// 1700000000 disk.dev.read sdb 2000
	// 1700000010 disk.dev.read sda 101
	// 1700000010 disk.dev.read sdb 2001
}

// Several archives of a host as one timeline: between them lies a mark.
func ExampleOpenSet() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for n, name := range []string{"monday", "tuesday"} {
		a, err := archive.Create(filepath.Join(dir, name), archive.Header{Host: "db1", Zone: "UTC"}, nil)
		if err != nil {
			log.Fatal(err)
		}
		if err := errors.Join(a.Define(reads), a.Append(&archive.Result{
			Stamp: pcp.Timestamp{Sec: 1700000000 + 86400*int64(n)},
			Sets:  []archive.ValueSet{{PMID: reads.PMID, Err: pcp.ErrnoAgain}},
		}), a.Close()); err != nil {
			log.Fatal(err)
		}
	}

	set, err := archive.OpenSet([]string{dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range set.Steps(archive.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(step.Stamp, step.Mark)
	}
	for _, p := range set.Problems() {
		fmt.Println(p)
	}
	// Output:
	// 1700000000.000000000 false
	// 1700000000.001000000 true
	// 1700086400.000000000 false
}

// Following an archive that is still being written. It ends with the context, or
// as here with the first record later than asked for.
func ExampleReader_Follow() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "disks")
	if err := writeExample(base); err != nil {
		log.Fatal(err)
	}

	r, err := archive.Open(base, &archive.ReadOptions{Poll: 100 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Follow(context.Background(), archive.Query{To: pcp.Timestamp{Sec: 1700000005}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(step.Stamp.Sec, step.Metrics[0].Metric.Name)
	}
	// Output:
	// 1700000000 disk.dev.read
}

// The labels of a series, merged as a client sees them.
func ExampleSeries_Merged() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "disks")
	if err := writeExample(base); err != nil {
		log.Fatal(err)
	}

	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Steps(archive.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		labels, err := step.Metrics[0].Points[0].Series.Merged()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(labels.JSON())
		break
	}
	// Output:
	// {"hostname":"db1","site":"north"}
}
