package read_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

func ExampleReader() {
	dir, err := os.MkdirTemp("", "blocks")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	blocks, err := write.NewBlocks(dir, write.Options{})
	if err != nil {
		log.Fatal(err)
	}
	load := &prom.Series{ID: 0, Name: "load", Family: &prom.Family{Name: "load", Type: prom.TypeGauge}}
	seen := &prom.Series{ID: 1, Name: "seen_total", Family: &prom.Family{Name: "seen", Type: prom.TypeCounter}}
	for t := range int64(3) {
		if err := blocks.Append(load, []prom.Sample{{T: t, V: 0.5}}); err != nil {
			log.Fatal(err)
		}
		if err := blocks.Append(seen, []prom.Sample{{T: t, V: float64(t)}}); err != nil {
			log.Fatal(err)
		}
	}
	if err := blocks.Flush(context.Background()); err != nil {
		log.Fatal(err)
	}

	// What follows is commonly a convert.Assembler, which makes steps of them.
	r, err := read.Open(context.Background(), []string{dir}, read.Options{Match: []string{"load", `seen_total{job=""}`}, Start: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	printed := prom.SinkFunc(func(s *prom.Series, batch []prom.Sample) error {
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
