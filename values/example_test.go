package values_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// The rate of a counter each half minute, interpolated between the records.
func ExampleRows() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, start, time.Minute, 100, 400, 1000); err != nil {
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
	options := values.Options{
		Specs: []values.Spec{{Name: "disk.all.read"}}, Rates: true,
		From: pcp.TimestampOf(start), To: pcp.TimestampOf(start.Add(2 * time.Minute)), Step: 30 * time.Second,
	}
	for row, err := range values.Rows(context.Background(), set, options) {
		if err != nil {
			log.Fatal(err)
		}
		for _, c := range row.Cells {
			fmt.Println(row.Stamp.Time().UTC().Format(time.TimeOnly), c.Column.Series.Metric.Name, c.Text(3), c.Column.UnitText())
		}
	}
	// Output:
	// 12:00:30 disk.all.read 5 count / sec
	// 12:01:00 disk.all.read 5 count / sec
	// 12:01:30 disk.all.read 10 count / sec
	// 12:02:00 disk.all.read 10 count / sec
}
