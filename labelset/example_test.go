package labelset_test

import (
	"fmt"
	"log"

	"github.com/pcparchive/pcparchive/labelset"
)

func ExampleParse() {
	set, err := labelset.Parse(`{"site":{"room":"B 2","rack":7},"owner":"db"}`, labelset.Context)
	if err != nil {
		log.Fatal(err)
	}
	for l := range set.All() {
		fmt.Println(l.Name, "=", l.Text())
	}
	// Output:
	// owner = db
	// site.rack = 7
	// site.room = B 2
}

// A more specific level wins.
func ExampleMerge() {
	host, err := labelset.New(labelset.Context, labelset.String("hostname", "db1"), labelset.String("unit", "none"))
	if err != nil {
		log.Fatal(err)
	}
	metric, err := labelset.New(labelset.Item, labelset.String("unit", "seconds"))
	if err != nil {
		log.Fatal(err)
	}
	merged, err := labelset.Merge(host, metric)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(merged.JSON())
	// Output: {"hostname":"db1","unit":"seconds"}
}
