package convert_test

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// recordReads writes an archive of a counter, whose values come a minute apart.
func recordReads(base, host string, start time.Time, values ...any) error {
	b, err := archive.NewBuilder(base, host, nil)
	if err != nil {
		return err
	}
	reads := b.Metric("disk.all.read", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimCount: 1})
	for i, v := range values {
		reads.Set(v)
		if err := b.Record(start.Add(time.Duration(i) * time.Minute)); err != nil {
			return err
		}
	}
	return b.Close()
}

// An archive becomes a page of text: steps become samples, which a snapshot collects.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := filepath.Join(dir, "db1")
	if err := recordReads(base, "db1", start, 100, 400); err != nil {
		log.Fatal(err)
	}
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}

	page := expo.NewSnapshot(expo.SnapshotOptions{})
	steps := flatten.New(page, flatten.Options{Report: &prom.Report{}})
	if err := convert.Copy(context.Background(), steps, convert.FromArchive(r, history.Query{})); err != nil {
		log.Fatal(err)
	}
	if err := steps.Close(); err != nil {
		log.Fatal(err)
	}
	if err := expo.Write(os.Stdout, page.Families(), expo.Options{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// # TYPE disk_all_read counter
	// disk_all_read{hostname="db1"} 400
}
