package meta

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/pcp"
)

// Descriptions are the records of a Store that have no time: descriptors and help
// texts. Archives of a host usually repeat them, so that their Stores can share one.
// Several goroutines may use Descriptions.
type Descriptions struct {
	descs  map[pcp.PMID]*Desc
	names  map[string]pcp.PMID
	texts  map[textKey]string
	counts Counts
	named  int // names in the records

	shared atomic.Bool // several Stores may use it, so that it must not change
	copied bool        // others may use the descriptors

	derived atomic.Bool // sorted or memo may be set
	sorted  atomic.Pointer[[]*Desc]
	memo    sync.Map
}

func newDescriptions() *Descriptions {
	return &Descriptions{descs: map[pcp.PMID]*Desc{}, names: map[string]pcp.PMID{}, texts: map[textKey]string{}}
}

// Descriptions returns the descriptors and texts that s has. Records that are added
// to s later do not show in them.
func (s *Store) Descriptions() *Descriptions {
	s.about.shared.Store(true)
	return s.about
}

// Describe replaces the descriptors and texts of s.
func (s *Store) Describe(d *Descriptions) {
	d.shared.Store(true)
	s.about = d
}

// Unordered reports whether the records make the same Descriptions in any order: none
// repeats, replaces or contradicts another.
func (d *Descriptions) Unordered() bool {
	names := 0
	for _, desc := range d.descs {
		names += len(desc.Names)
	}
	return d.counts[pcp.KindDesc] == len(d.descs) && names == d.named && d.counts[pcp.KindText] == len(d.texts)
}

// change returns the Descriptions of s for a change.
func (s *Store) change() *Descriptions {
	d := s.about
	switch {
	case d.shared.Load():
		s.about = &Descriptions{descs: maps.Clone(d.descs), names: maps.Clone(d.names), texts: maps.Clone(d.texts), counts: d.counts, named: d.named, copied: true}
	case d.derived.Load():
		d.derived.Store(false)
		d.sorted.Store(nil)
		d.memo.Clear()
	}
	return s.about
}

// add adds a descriptor; see [Store.AddDesc].
func (d *Descriptions) add(desc *Desc) error {
	d.counts[pcp.KindDesc]++
	known, ok := d.descs[desc.PMID]
	if !ok {
		known = &Desc{PMID: desc.PMID, Type: desc.Type, InDom: desc.InDom, Sem: desc.Sem, Units: desc.Units}
		d.descs[desc.PMID] = known
	}
	if what := known.Conflict(desc); what != "" {
		return fmt.Errorf("metric %s (%s): %s changes: %w", desc.PMID, known.Name(), what, pcp.ErrMismatch)
	}
	d.named += len(desc.Names)
	for _, stored := range desc.Names {
		name, _, _ := strings.Cut(stored, "\x00")
		if _, taken := d.names[name]; taken {
			continue
		}
		d.names[name] = desc.PMID
		if d.copied && ok { // another Store may use it
			c := *known
			c.Names = slices.Clone(c.Names)
			known, ok = &c, false
			d.descs[desc.PMID] = known
		}
		known.Names = append(known.Names, name)
	}
	return nil
}

// metrics returns all descriptors by ascending first name, starting with nameless
// metrics.
func (d *Descriptions) metrics() []*Desc {
	if all := d.sorted.Load(); all != nil {
		return *all
	}
	all := slices.SortedFunc(maps.Values(d.descs), func(a, b *Desc) int {
		return cmp.Or(strings.Compare(a.Name(), b.Name()), cmp.Compare(a.PMID, b.PMID))
	})
	d.derived.Store(true)
	d.sorted.Store(&all)
	return all
}

// Memo returns what derive makes of the Descriptions. It calls derive once for each
// key, and keeps the result as long as the Descriptions.
func (d *Descriptions) Memo(key any, derive func([]*Desc) any) any {
	if v, ok := d.memo.Load(key); ok {
		return v
	}
	v, _ := d.memo.LoadOrStore(key, derive(d.metrics()))
	d.derived.Store(true)
	return v
}
