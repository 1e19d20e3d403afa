package query_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

// writeReads writes an hour of a counter that grows by 5 a second.
func writeReads(base string, start int64) error {
	a, err := archive.Create(base, archive.Header{Host: "db1", Zone: "UTC"}, nil)
	if err != nil {
		return err
	}
	defer a.Close() // does nothing after the Close below
	reads := &meta.Desc{PMID: pcp.NewPMID(60, 0, 24), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter,
		Units: pcp.Units{DimCount: 1}, Names: []string{"disk.all.read"}}
	if err := a.Define(reads); err != nil {
		return err
	}
	for i := range int64(60) {
		err := a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: start + 60*i}, Sets: []archive.ValueSet{{
			PMID: reads.PMID, Format: archive.Block,
			Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, uint64(300*i))},
		}}})
		if err != nil {
			return err
		}
	}
	return a.Close()
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
	sets, unreadable, err := store.OpenSets([]string{dir}, nil)
	if err != nil || len(unreadable) > 0 {
		log.Fatal(err, unreadable)
	}
	ctx := context.Background()
	engine := query.NewEngine(sets, query.Options{MaxSamples: 100_000})
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
