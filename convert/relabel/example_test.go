package relabel_test

import (
	"fmt"
	"log"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/relabel"
)

// Rules drop the series of loop devices and rename the label of the others.
func ExampleRules_Before() {
	rules, err := relabel.Parse([]byte(`
- source_labels: [instname]
  regex: loop.*
  action: drop
- source_labels: [instname]
  target_label: device
- regex: instname
  action: labeldrop
`))
	if err != nil {
		log.Fatal(err)
	}
	printed := prom.SinkFunc(func(s *prom.Series, batch []prom.Sample) error {
		fmt.Println(s.Name, s.Labels, batch[0].V)
		return nil
	})
	sink := rules.Before(printed, nil)
	for i, disk := range []string{"sda", "loop0", "sdb"} {
		s := &prom.Series{ID: i, Name: "disk_dev_read", Labels: []prom.Label{{Name: "instname", Value: disk}}, Family: &prom.Family{}}
		if err := sink.Append(s, []prom.Sample{{T: 1767225600000, V: float64(10 * i)}}); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// disk_dev_read [{device sda}] 0
	// disk_dev_read [{device sdb}] 20
}
