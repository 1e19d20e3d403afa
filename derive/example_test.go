package derive_test

import (
	"fmt"
	"log"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The type and the units of a metric that is computed from others.
func ExampleParse() {
	expr, err := derive.Parse("delta(disk.dev.total_bytes) / delta(disk.dev.total)")
	if err != nil {
		log.Fatal(err)
	}
	disks := pcp.NewInDomID(60, 1)
	known := map[string]*meta.Desc{
		"disk.dev.total_bytes": {PMID: pcp.NewPMID(60, 0, 40), Type: pcp.TypeU32, InDom: disks, Sem: pcp.SemCounter, Units: pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}},
		"disk.dev.total":       {PMID: pcp.NewPMID(60, 0, 28), Type: pcp.TypeU64, InDom: disks, Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1}},
	}
	metric, err := expr.Bind("disk.dev.avgsz", func(name string) (*meta.Desc, bool) { d, ok := known[name]; return d, ok })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(metric.Name, metric.Type, metric.Sem, metric.InDom, metric.Units)
	// Output:
	// disk.dev.avgsz double instant 60.1 Kbyte / count
}
