package meta_test

import (
	"fmt"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The instances of a domain depend on the time.
func ExampleStore_InDomAt() {
	disks := pcp.NewInDomID(60, 1)
	s := meta.NewStore()
	s.AddInDom(&meta.InDom{Stamp: pcp.Timestamp{Sec: 100}, ID: disks, Instances: []meta.Instance{{ID: 0, Name: "sda"}}})
	s.AddDelta(&meta.InDomDelta{Stamp: pcp.Timestamp{Sec: 200}, ID: disks, Changes: []meta.Change{
		{Instance: meta.Instance{ID: 1, Name: "sdb"}},
	}})
	for _, sec := range []int64{50, 150, 250} {
		in, until := s.InDomAt(disks, pcp.Timestamp{Sec: sec})
		if in == nil {
			fmt.Println(sec, "none until", until)
			continue
		}
		fmt.Println(sec, in.Instances)
	}
	// Output:
	// 50 none until 100.000000000
	// 150 [{0 sda}]
	// 250 [{0 sda} {1 sdb}]
}

// Diff reports whether storing the changes is shorter than storing the domain.
func ExampleDiff() {
	before := &meta.InDom{Instances: []meta.Instance{{ID: 0, Name: "sda"}, {ID: 1, Name: "sdb"}}}
	after := &meta.InDom{Instances: []meta.Instance{{ID: 0, Name: "sda"}, {ID: 2, Name: "sdc"}}}
	delta, compact := meta.Diff(before, after)
	for _, c := range delta.Changes {
		fmt.Println(c.ID, c.Name, c.Remove)
	}
	fmt.Println(compact)
	// Output:
	// 1  true
	// 2 sdc false
	// true
}
