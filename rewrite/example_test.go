package rewrite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// exampleArchive writes an archive of version 3 with a time that version 2 has
// no room for.
func exampleArchive(dir string) string {
	base := filepath.Join(dir, "web")
	a, err := archive.Create(base, archive.Header{Host: "web", Zone: "UTC"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	jobs := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"web.jobs"}}
	if err := a.Define(jobs); err != nil {
		log.Fatal(err)
	}
	for n := range uint32(2) {
		err := a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: 1700000000 + int64(n), Nsec: 123456789}, Sets: []archive.ValueSet{
			{PMID: jobs.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, n)}},
		}})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		log.Fatal(err)
	}
	return base
}

// A copy that a reader of version 2 can read. What it cannot hold must be
// allowed to be lost, and is counted: here the times of two records and in the
// labels of three files.
func ExampleCopy() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	r, err := archive.Open(exampleArchive(dir), nil)
	if err != nil {
		log.Fatal(err)
	}
	report, err := rewrite.Copy(context.Background(), filepath.Join(dir, "old"), []*archive.Reader{r}, rewrite.Options{Version: pcp.V2, Lossy: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Records, "records")
	for _, l := range report.Losses {
		fmt.Println(l.Loss, l.Count)
	}
	// Output:
	// 2 records
	// times cut to whole microseconds 5
}
