package summary_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/summary"
)

// What were the rates of a counter?
func ExampleOf() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "disks")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), 10*time.Second, 1000, 1050, 1300); err != nil {
		log.Fatal(err)
	}
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	sum, err := summary.Of(context.Background(), r, summary.Options{
		Metrics:     func(d *meta.Desc) bool { return meta.Matches(d.Name(), "disk") },
		Percentiles: []float64{50},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range sum.Series {
		fmt.Printf("%s: %g on average, %g to %g, median %g %s\n",
			s.Series.Metric.Name, s.TimeAverage, s.Min, s.Max, s.Percentiles[0], s.Units)
	}
	// Output:
	// disk.all.read: 15 on average, 5 to 25, median 15 count / sec
}
