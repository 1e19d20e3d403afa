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
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// exampleFolder makes a folder for an example's files.
func exampleFolder() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	return dir, func() { os.RemoveAll(dir) }
}

// exampleArchive writes the archive that examples read.
func exampleArchive() (base string, remove func()) {
	dir, remove := exampleFolder()
	base = filepath.Join(dir, "disks")
	if err := writeExample(base); err != nil {
		log.Fatal(err)
	}
	return base, remove
}

// Reading values: each step holds the values recorded at one time.
func ExampleReader_Steps() {
	base, remove := exampleArchive() // two records of disk.dev.read
	defer remove()
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Steps(history.Query{}) {
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

// Reading records as stored, for tools that inspect: here those of the
// metadata.
func ExampleReader_Records() {
	base, remove := exampleArchive() // two records of disk.dev.read
	defer remove()
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	for rec, err := range r.Records(archive.RoleMeta) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(rec.Pos.Offset, " ", rec.Record.Kind())
		switch rec := rec.Record.(type) {
		case *meta.Desc:
			fmt.Print(" ", rec.PMID, " ", rec.Name())
		case *meta.InDom:
			fmt.Print(" ", rec.ID, " ", rec.Instances)
		}
		fmt.Println()
	}
	// Output:
	// 808 desc 245.0.1 disk.dev.read
	// 861 indom 245.1 [{0 sda} {1 sdb}]
	// 917 labels
}

// Reading a part of an archive: one metric in a time window, last record first.
func ExampleReader_Backward() {
	base, remove := exampleArchive() // two records of disk.dev.read
	defer remove()
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	window := history.Query{
		From:    pcp.Timestamp{Sec: 1700000000},
		To:      pcp.Timestamp{Sec: 1700003600},
		Metrics: func(d *meta.Desc) bool { return d.Name() == "disk.dev.read" },
	}
	for step, err := range r.Backward(window) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(step.Stamp, len(step.Metrics[0].Points))
	}
	// Output:
	// 1700000010.000000000 2
	// 1700000000.000000000 2
}

// Reading several archives of a host as one timeline: a mark separates them.
func Example_severalArchives() {
	dir, remove := exampleFolder()
	defer remove()
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

	hosts, err := store.Open([]string{dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	set, err := hosts.Only()
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range set.Steps(history.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(step.Stamp, step.Mark)
	}
	for _, p := range hosts.Problems() {
		fmt.Println(p)
	}
	// Output:
	// 1700000000.000000000 false
	// 1700000000.001000000 true
	// 1700086400.000000000 false
}

// Following an archive that is still being written. The sequence ends with the
// context or, as here, with the first record after the query.
func ExampleReader_Follow() {
	base, remove := exampleArchive() // two records of disk.dev.read
	defer remove()
	r, err := archive.Open(base, &archive.ReadOptions{Poll: 100 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Follow(context.Background(), history.Query{To: pcp.Timestamp{Sec: 1700000005}}) {
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
	base, remove := exampleArchive() // two records of disk.dev.read
	defer remove()
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Steps(history.Query{}) {
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
