package overview_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/overview"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// busyDisk writes half an hour of a host whose disk is busy for five minutes.
func busyDisk(base string, start time.Time) error {
	b, err := archive.NewBuilder(base, "web1", nil)
	if err != nil {
		return err
	}
	busy := b.Metric("disk.dev.avactive", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}, "sda")
	milliseconds := 0
	for i := range 180 {
		if i >= 60 && i < 90 {
			milliseconds += 9_900
		}
		busy.Set(milliseconds)
		if err := b.Record(start.Add(time.Duration(i) * 10 * time.Second)); err != nil {
			return err
		}
	}
	return b.Close()
}

// When was a host in trouble, and why?
func ExampleCache_Of() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "web1")
	if err := busyDisk(base, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		log.Fatal(err)
	}
	hosts, err := store.Open([]string{base}, nil)
	if err != nil {
		log.Fatal(err)
	}
	report, err := overview.New(overview.Options{}).Of(context.Background(), hosts.Sets(), overview.Request{})
	if err != nil {
		log.Fatal(err)
	}
	for _, host := range report.Hosts {
		for _, incident := range host.Worst {
			fmt.Println(host.Name, incident.Words)
		}
	}
	// Output:
	// web1 12:10–12:15 disk sda saturated (99 % busy)
}
