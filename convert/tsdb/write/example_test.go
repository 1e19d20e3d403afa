package write_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func ExampleBlocks() {
	dir, err := os.MkdirTemp("", "blocks")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	blocks, err := write.NewBlocks(dir, write.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer blocks.Close()

	// Steps commonly come from an archive, by convert.Copy.
	sink := flatten.New(blocks, flatten.Options{})
	uptime := &history.Metric{Name: "kernel.all.uptime", Desc: &meta.Desc{PMID: 1, Type: pcp.TypeU32, InDom: pcp.InDomNull}}
	series := &history.Series{Metric: uptime, Inst: meta.Instance{ID: pcp.InstNull}}
	for i := range uint64(3) {
		err := sink.Put(&history.Step{
			Stamp: pcp.Timestamp{Sec: 86399 + int64(i)}, // two are on the next day
			Metrics: []history.MetricValues{{Metric: uptime, Points: []history.Point{{
				Series: series, Value: history.Value{Type: pcp.TypeU32, Bits: i},
			}}}},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := blocks.Flush(context.Background()); err != nil {
		log.Fatal(err)
	}
	for _, b := range blocks.Written() {
		fmt.Printf("%d to %d: %d series, %d samples\n", b.MinTime, b.MaxTime, b.Series, b.Samples)
	}
	// Output:
	// 86399000 to 86399001: 1 series, 1 samples
	// 86400000 to 86401001: 1 series, 2 samples
}
