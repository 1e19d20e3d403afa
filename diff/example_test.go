package diff_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/diff"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/store"
)

// Which averages changed between two recordings?
func ExampleCompare() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var sides []diff.Side
	for i, step := range []int{300, 900} {
		base := filepath.Join(dir, fmt.Sprint("day", i))
		if err := archtest.Reads(base, start.AddDate(0, 0, i), time.Minute, 0, step, 2*step); err != nil {
			log.Fatal(err)
		}
		hosts, err := store.Open([]string{base}, nil)
		if err != nil {
			log.Fatal(err)
		}
		set, err := hosts.Only()
		if err != nil {
			log.Fatal(err)
		}
		sides = append(sides, diff.Side{Set: set})
	}
	report, err := diff.Compare(context.Background(), sides[0], sides[1], diff.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range report.Changes {
		fmt.Println(c.Metric, c.A, c.B, c.Units)
	}
	// Output:
	// disk.all.read 5 15 count / sec
}
