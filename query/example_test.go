package query_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

// writeReads writes an hour of a counter that grows by 5 a second.
func writeReads(base string, start int64) error {
	hour := make([]any, 60)
	for i := range hour {
		hour[i] = 300 * i
	}
	return archtest.Reads(base, time.Unix(start, 0), time.Minute, hour...)
}

// What was the rate of a counter? The archives of a folder are one timeline. The
// minute between them is one in which nothing was counted.
func ExampleEngine() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for hour := range int64(2) {
		if err := writeReads(filepath.Join(dir, fmt.Sprint("hour", hour)), start.Unix()+3600*hour); err != nil {
			log.Fatal(err)
		}
	}
	hosts, err := store.Open([]string{dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	engine := query.NewEngine(hosts.Sets(), query.Options{MaxSamples: 100_000})
	q, err := engine.Range(ctx, `rate(disk_all_read{hostname="db1"}[5m])`, start.Add(30*time.Minute), start.Add(90*time.Minute), 30*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	defer q.Close() // the result is not to be used after it
	res := q.Exec(ctx)
	if res.Err != nil {
		log.Fatal(res.Err)
	}
	fmt.Println(res.Value)
	// Output:
	// {hostname="db1"} =>
	// 5 @[1772325000000]
	// 3.75 @[1772326800000]
	// 5 @[1772328600000]
}
