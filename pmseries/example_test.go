package pmseries_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pmseries"
	"github.com/pcparchive/pcparchive/store"
)

// The rates of a metric, by the expressions of pmseries.
func ExampleEngine_Query() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), time.Minute, 100, 400, 1000); err != nil {
		log.Fatal(err)
	}
	hosts, err := store.Open([]string{base}, nil)
	if err != nil {
		log.Fatal(err)
	}
	view := pmseries.NewIndex(pmseries.IndexOptions{}).View(hosts.Sets())
	engine := pmseries.NewEngine(pmseries.Options{})
	result, err := engine.Query(context.Background(), view, pmseries.Times{}, `rate(disk.all.read{hostname == "db1"}[count:3])`)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range result.Values[0].Values {
		fmt.Println(v)
	}
	// Output:
	// 10
	// 5
}
