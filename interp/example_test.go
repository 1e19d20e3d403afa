package interp_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/pcp"
)

// openReads writes a counter every ten seconds, 100 more each time, and opens
// the archive.
func openReads(dir string) (*archive.Reader, error) {
	base := filepath.Join(dir, "disks")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), 10*time.Second, 1000, 1100, 1200, 1300); err != nil {
		return nil, err
	}
	return archive.Open(base, nil)
}

// everyFour yields times four seconds apart.
func everyFour(yield func(pcp.Timestamp) bool) {
	for i := range 3 {
		if !yield(pcp.Timestamp{Sec: 1_700_000_000}.Add(time.Duration(i) * 4 * time.Second)) {
			return
		}
	}
}

// Values at times between those of the records.
func ExampleAt() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	r, err := openReads(dir)
	if err != nil {
		log.Fatal(err)
	}
	for step, err := range interp.At(r, everyFour, interp.Options{}) {
		if err != nil {
			log.Fatal(err)
		}
		for _, mv := range step.Metrics {
			v, _ := mv.Points[0].Value.Number(mv.Metric.Desc.Type)
			fmt.Println(step.Stamp.Time().Format(time.TimeOnly), mv.Metric.Name, v)
		}
	}
	// Output:
	// 22:13:20 disk.all.read 1000
	// 22:13:24 disk.all.read 1040
	// 22:13:28 disk.all.read 1080
}

// Rates as a client shows them: of values at regular times.
func ExampleRates() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	r, err := openReads(dir)
	if err != nil {
		log.Fatal(err)
	}
	values := interp.At(r, everyFour, interp.Options{Marks: true})
	for step, err := range interp.Rates(values) {
		if err != nil {
			log.Fatal(err)
		}
		for _, mv := range step.Metrics {
			v, _ := mv.Points[0].Value.Number(mv.Metric.Desc.Type)
			fmt.Println(step.Stamp.Time().Format(time.TimeOnly), mv.Metric.Name, v, mv.Metric.Desc.Units)
		}
	}
	// Output:
	// 22:13:24 disk.all.read 10 count / sec
	// 22:13:28 disk.all.read 10 count / sec
}
