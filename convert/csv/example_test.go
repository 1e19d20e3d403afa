package csv_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/convert/csv"
)

// The rows of a table as records. The instance in brackets makes two columns one metric.
func ExampleReader_Steps() {
	const table = `time,disk.dev.read[sda],disk.dev.read[sdb]
2026-03-01T12:00:00Z,10,
2026-03-01T12:01:00Z,25,7
`
	r := csv.NewReader("disks.csv", strings.NewReader(table), csv.Options{})
	for step, err := range r.Steps(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				v, _ := p.Value.Number(m.Metric.Desc.Type)
				fmt.Println(step.Stamp.Time().UTC().Format(time.TimeOnly), m.Metric.Name, p.Series.Inst.Name, v)
			}
		}
	}
	fmt.Println(r.Stats().Values, "values")
	// Output:
	// 12:00:00 disk.dev.read sda 10
	// 12:01:00 disk.dev.read sda 25
	// 12:01:00 disk.dev.read sdb 7
	// 3 values
}
