package archive_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

var (
	disks = pcp.NewInDomID(245, 1)
	reads = &meta.Desc{
		PMID: pcp.NewPMID(245, 0, 1), Type: pcp.TypeU64, InDom: disks, Sem: pcp.SemCounter,
		Units: pcp.Units{DimCount: 1}, Names: []string{"disk.dev.read"},
	}
)

// writeExample writes two records of a metric with two instances. Metadata
// precedes the record that needs it.
func writeExample(base string) error {
	a, err := archive.Create(base, archive.Header{PID: int32(os.Getpid()), Host: "db1", Zone: "UTC"}, nil)
	if err != nil {
		return err
	}
	defer a.Close() // does nothing after the Close below
	start := pcp.Timestamp{Sec: 1700000000}
	if err := a.Define(reads); err != nil {
		return err
	}
	err = a.SetInDom(&meta.InDom{Stamp: start, ID: disks, Instances: []meta.Instance{{ID: 0, Name: "sda"}, {ID: 1, Name: "sdb"}}})
	if err != nil {
		return err
	}
	context, err := labelset.New(labelset.Context, labelset.String("hostname", "db1"), labelset.String("site", "north"))
	if err != nil {
		return err
	}
	err = a.SetLabels(&meta.Labels{
		Stamp: start, Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: context}},
	})
	if err != nil {
		return err
	}
	for n := range int64(2) {
		err := a.Append(&archive.Result{
			Stamp: pcp.Timestamp{Sec: start.Sec + 10*n},
			Sets: []archive.ValueSet{{
				PMID: reads.PMID, Format: archive.FormatOf(reads.Type),
				Values: []history.Value{
					history.NumberValue(0, reads.Type, uint64(100+n)),
					history.NumberValue(1, reads.Type, uint64(2000+n)),
				},
			}},
		})
		if err != nil {
			return err
		}
	}
	return a.Close()
}

// Writing an archive: metadata first, then the records that need it.
func ExampleCreate() {
	dir, remove := exampleFolder()
	defer remove()
	if err := writeExample(filepath.Join(dir, "disks")); err != nil {
		log.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name())
	}
	// Output:
	// disks.0
	// disks.index
	// disks.meta
}
