package pmsearch_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/pmsearch"
	"github.com/pcparchive/pcparchive/pmseries"
	"github.com/pcparchive/pcparchive/store"
)

// disks writes an archive with metrics of two disks.
func disks(base string) error {
	b, err := archive.NewBuilder(base, "db1", nil)
	if err != nil {
		return err
	}
	for _, name := range []string{"disk.dev.read", "disk.dev.write"} {
		b.Metric(name, pcp.TypeU64, pcp.SemCounter, pcp.Units{}, "sda", "sdb").Set(1, 2)
	}
	b.Metric("kernel.all.nprocs", pcp.TypeU32, pcp.SemInstant, pcp.Units{}).Set(3)
	if err := b.Record(time.Unix(1_700_000_000, 0)); err != nil {
		return err
	}
	return b.Close()
}

// Which metrics are about reads of a disk?
func ExampleView_Text() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "db1")
	if err := disks(base); err != nil {
		log.Fatal(err)
	}
	hosts, err := store.Open([]string{base}, nil)
	if err != nil {
		log.Fatal(err)
	}
	series := pmseries.NewIndex(pmseries.IndexOptions{}).View(hosts.Sets())
	view := pmsearch.NewIndex(pmsearch.Options{}).View(series)
	results, err := view.Text(context.Background(), pmsearch.Query{Text: "reads disk", Highlight: pmsearch.Name})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results.Found {
		fmt.Println(r.Kind, r.Name)
	}
	// Output:
	// metric <b>disk</b>.dev.<b>read</b>
}
