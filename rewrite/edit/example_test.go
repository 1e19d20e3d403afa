package edit_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/rewrite/edit"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// A rule gives a metric another name.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), time.Minute, 100, 400, 1000); err != nil {
		log.Fatal(err)
	}
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	all, err := rules.Parse("fix.conf", `metric disk.all.read { name -> disk.reads }`)
	if err != nil {
		log.Fatal(err)
	}
	plan, err := edit.New(all, r, edit.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range plan.Changes() {
		fmt.Println(c.Kind, c.What, c.From, "to", c.To)
	}
	report, err := rewrite.Copy(context.Background(), filepath.Join(dir, "fixed"), []*archive.Reader{r}, rewrite.Options{Edit: plan})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Records, "records")
	// Output:
	// metric name disk.all.read to disk.reads
	// 3 records
}
