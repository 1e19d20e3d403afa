package store_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
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

// Two archives of a host are one timeline, with a mark between them.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, name := range []string{"morning", "noon"} {
		if err := recordReads(filepath.Join(dir, name), "db1", start.Add(time.Duration(i)*time.Hour), 100*i, 100*i+60); err != nil {
			log.Fatal(err)
		}
	}

	hosts, err := store.Open([]string{dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, set := range hosts.Sets() {
		fmt.Println(set.Host())
		for step, err := range set.Steps(history.Query{}) {
			if err != nil {
				log.Fatal(err)
			}
			at := step.Stamp.Time().UTC().Format(time.TimeOnly)
			if step.Mark {
				fmt.Println(at, "mark")
			}
			for _, m := range step.Metrics {
				v, _ := m.Points[0].Value.Number(m.Metric.Desc.Type)
				fmt.Println(at, m.Metric.Name, v)
			}
		}
	}
	for _, p := range hosts.Problems() {
		fmt.Println(p)
	}
	// Output:
	// db1
	// 12:00:00 disk.all.read 0
	// 12:01:00 disk.all.read 60
	// 12:01:00 mark
	// 13:00:00 disk.all.read 100
	// 13:01:00 disk.all.read 160
}
