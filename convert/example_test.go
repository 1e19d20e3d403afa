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
	"github.com/pcparchive/pcparchive/internal/archtest"
)

// An archive becomes a page of text: steps become samples, which a snapshot collects.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, start, time.Minute, 100, 400); err != nil {
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
