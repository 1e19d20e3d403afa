package tsdb_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/tsdb"
)

func ExampleReader() {
	dir, err := os.MkdirTemp("", "blocks")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	blocks, err := tsdb.NewBlocks(dir, tsdb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	load := &convert.PromSeries{ID: 0, Name: "load", Family: &convert.Family{Name: "load", Type: convert.TypeGauge}}
	seen := &convert.PromSeries{ID: 1, Name: "seen_total", Family: &convert.Family{Name: "seen", Type: convert.TypeCounter}}
	for t := range int64(3) {
		if err := blocks.Append(load, []convert.Sample{{T: t, V: 0.5}}); err != nil {
			log.Fatal(err)
		}
		if err := blocks.Append(seen, []convert.Sample{{T: t, V: float64(t)}}); err != nil {
			log.Fatal(err)
		}
	}
	if err := blocks.Flush(context.Background()); err != nil {
		log.Fatal(err)
	}

	// What follows is commonly a convert.Assembler, which makes steps of them.
	r, err := tsdb.OpenReader(context.Background(), []string{dir}, tsdb.ReadOptions{Match: []string{"load", `seen_total{job=""}`}, Start: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	printed := convert.SinkFunc(func(s *convert.PromSeries, batch []convert.Sample) error {
		for _, x := range batch {
			fmt.Println(s.Name, s.Family.Type, x.T, x.V)
		}
		return nil
	})
	if err := r.Samples(context.Background(), printed); err != nil {
		log.Fatal(err)
	}
	// Output:
	// load gauge 1 0.5
	// seen_total counter 1 1
	// load gauge 2 0.5
	// seen_total counter 2 2
}
