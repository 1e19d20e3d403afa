package instant_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// The value of a metric at 12:01:30 is that of its last record before. The second question
// is answered from memory.
func ExampleCache_At() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, noon, time.Minute, 100, 400, 1000); err != nil {
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
	cache := instant.NewCache(instant.Options{})
	for range 2 {
		values, err := cache.At(context.Background(), instant.Host(set), pcp.TimestampOf(noon.Add(90*time.Second)), nil)
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range values.Metrics {
			v, _ := m.Points[0].Value.Number(m.Metric.Desc.Type)
			fmt.Println(m.Metric.Name, v, "recorded at", m.Stamps[0].Time().UTC().Format(time.TimeOnly))
		}
	}
	fmt.Printf("%+v\n", cache.Counts())
	// Output:
	// disk.all.read 400 recorded at 12:01:00
	// disk.all.read 400 recorded at 12:01:00
	// {Readings:1 Hits:1}
}
