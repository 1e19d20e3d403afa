package archive_test

import (
	"fmt"
	"log"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Writing an archive of a few metrics.
func ExampleBuilder() {
	dir, remove := exampleFolder()
	defer remove()

	b, err := archive.NewBuilder(filepath.Join(dir, "app"), "web1", nil)
	if err != nil {
		log.Fatal(err)
	}
	requests := b.Metric("app.requests", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimCount: 1}, "get", "post")
	load := b.Metric("app.load", pcp.TypeDouble, pcp.SemInstant, pcp.Units{})
	for n := range 2 {
		requests.Set(100+n, 20+n)
		load.Set(0.25)
		if err := b.Record(time.Unix(1700000000+int64(n), 0)); err != nil {
			log.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := archive.Open(filepath.Join(dir, "app"), nil)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range r.Steps(history.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				v, _ := p.Value.Number(m.Metric.Desc.Type)
				fmt.Println(step.Stamp.Sec, m.Metric.Name, p.Series.Inst.Name, v)
			}
		}
	}
	// Output:
	// 1700000000 app.requests get 100
	// 1700000000 app.requests post 20
	// 1700000000 app.load  0.25
	// 1700000001 app.requests get 101
	// 1700000001 app.requests post 21
	// 1700000001 app.load  0.25
}
