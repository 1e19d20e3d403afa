package dump_test

import (
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/archtest"
)

// The listing that pmdumplog prints.
func ExampleText() {
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
	if err := dump.Text(os.Stdout, r, &dump.Options{Sections: dump.Metrics, Zone: time.UTC}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 12:00:00.000000000 1 metric
	//     245.0.0 (disk.all.read): value 100
	//
	// 12:01:00.000000000 1 metric
	//     245.0.0 (disk.all.read): value 400
}
