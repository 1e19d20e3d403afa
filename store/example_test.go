package store_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/store"
)

// Two archives of a host are one timeline, with a mark between them.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, name := range []string{"morning", "noon"} {
		if err := archtest.Reads(filepath.Join(dir, name), start.Add(time.Duration(i)*time.Hour), time.Minute, 100*i, 100*i+60); err != nil {
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
