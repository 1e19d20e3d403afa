package expo_test

import (
	"fmt"
	"os"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/prom"
)

func ExampleWrite() {
	families := []expo.Family{{
		Family: prom.Family{Name: "disk_dev_read", Type: prom.TypeCounter, Help: "reads since boot"},
		Samples: []expo.Sample{
			{Name: "disk_dev_read", Labels: []prom.Label{{Name: "instname", Value: "sda"}}, Value: 42},
		},
	}}
	for _, format := range []expo.Format{expo.Text, expo.OpenMetrics} {
		if err := expo.Write(os.Stdout, families, expo.Options{Format: format}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// # HELP disk_dev_read reads since boot
	// # TYPE disk_dev_read counter
	// disk_dev_read{instname="sda"} 42
	// # HELP disk_dev_read reads since boot\n# TYPE disk_dev_read counter
	// disk_dev_read{instname="sda"} 42.0
	// # EOF
}

func ExamplePage() {
	page := "# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_count 4\nbad\n"
	for e, err := range expo.Page([]byte(page), "", nil) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(e.Family.Name, e.Family.Type, e.Name, e.Labels, e.Value)
	}
	// Output:
	// h histogram h_bucket [{le 1.0}] 3
	// h histogram h_count [] 4
	// line 4: not Prometheus' text format: expected value after metric, got "\n" ("INVALID") while parsing: "bad\n"
}
