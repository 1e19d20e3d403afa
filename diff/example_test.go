package diff_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/diff"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
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
		if err := recordReads(base, "db1", start.AddDate(0, 0, i), 0, step, 2*step); err != nil {
			log.Fatal(err)
		}
		set, err := store.OpenSet([]string{base}, nil)
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
