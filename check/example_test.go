package check_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The archive ends inside a record, as one does whose writer was killed.
func Example() {
	dir, err := os.MkdirTemp("", "check")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "rec")
	a, err := archive.Create(base, archive.Header{Host: "web", Zone: "UTC"}, nil)
	if err != nil {
		panic(err)
	}
	load := &meta.Desc{PMID: pcp.NewPMID(60, 2, 0), Type: pcp.TypeFloat, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"kernel.all.load"}}
	if err := a.Define(load); err != nil {
		panic(err)
	}
	for sec := range int64(3) {
		if err := a.Mark(pcp.Timestamp{Sec: 1700000000 + sec}); err != nil {
			panic(err)
		}
	}
	if err := a.Close(); err != nil {
		panic(err)
	}
	if err := os.Truncate(base+".0", 808+3*24-10); err != nil {
		panic(err)
	}
	for f := range check.Archive(context.Background(), base, &check.Options{Min: finding.Error}) {
		fmt.Println(filepath.Base(f.File), f.Offset, f.Code, f.Message)
	}
	// Output:
	// rec.0 856 frame-torn the file ends after 14 of its 24 bytes
}
