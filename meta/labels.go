package meta

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// Labels are the label sets of one level and identifier from Stamp on. A record
// replaces the preceding one completely: at the Instances level it must hold
// the sets of all instances. A record of an unknown level is kept but applies
// to nothing. Its body:
//
//	stamp | level 4 | identifier 4 | number of sets 4 | sets, see labelset
type Labels struct {
	Stamp pcp.Timestamp
	Level labelset.Level
	Ident uint32 // ContextIdent or the identifier described there
	Sets  []labelset.Instance
}

// ContextIdent is the identifier of context labels. The identifier of domain
// labels is the domain number, of instance domain and instance labels the
// InDomID, of cluster labels the PMID with item 0, and of item labels the PMID.
const ContextIdent = 0xffffffff

// Owner returns the identifier of the domain, cluster, metric or instance domain to
// which the labels belong, in PCP's notation. It is empty for context labels.
func (l *Labels) Owner() string {
	switch l.Level {
	case labelset.Context:
		return ""
	case labelset.Domain:
		return strconv.FormatUint(uint64(l.Ident), 10)
	case labelset.InDom, labelset.Instances:
		return pcp.InDomID(l.Ident).String()
	case labelset.Cluster:
		id := pcp.PMID(l.Ident)
		return fmt.Sprintf("%d.%d", id.Domain(), id.Cluster())
	}
	return pcp.PMID(l.Ident).String()
}

// Kind returns pcp.KindLabels.
func (*Labels) Kind() pcp.Kind { return pcp.KindLabels }

// Find returns the labels of an instance; pass InstNull for levels other than
// Instances. The sets must ascend by instance, as they do in the results of a
// [Store]. l may be nil.
func (l *Labels) Find(inst pcp.InstID) (labelset.Set, bool) {
	if l == nil {
		return labelset.Set{}, false
	}
	i, ok := slices.BinarySearchFunc(l.Sets, inst, func(e labelset.Instance, id pcp.InstID) int { return cmp.Compare(e.Inst, id) })
	if !ok {
		return labelset.Set{}, false
	}
	return l.Sets[i].Set, true
}

// sorted returns l with its sets by ascending instance. It returns l itself if
// they are sorted.
func (l *Labels) sorted() *Labels {
	byInst := func(a, b labelset.Instance) int { return cmp.Compare(a.Inst, b.Inst) }
	if slices.IsSortedFunc(l.Sets, byInst) {
		return l
	}
	s := *l
	s.Sets = slices.Clone(l.Sets)
	slices.SortStableFunc(s.Sets, byInst)
	return &s
}

// shareSets replaces the sets of l, which ascend, by equal sets of before, so
// that they share memory. A record repeats the sets of all instances whenever
// one instance is added.
func (l *Labels) shareSets(before *Labels) {
	old := before.Sets
	for i := range l.Sets {
		in := &l.Sets[i]
		for len(old) > 0 && old[0].Inst < in.Inst {
			old = old[1:]
		}
		if len(old) > 0 && old[0].Inst == in.Inst && old[0].Set.Equal(in.Set) {
			in.Set = old[0].Set
		}
	}
}

// DecodeLabels decodes a body of version v.
func DecodeLabels(body []byte, v pcp.Version) (*Labels, error) {
	layout, err := wire.Known(v, pcp.KindLabels)
	if err != nil {
		return nil, err
	}
	d := wire.NewDec(pcp.KindLabels, body)
	l := &Labels{Stamp: layout.Stamp(&d)}
	l.Level, l.Ident = labelset.Level(d.U32()), d.U32()
	n := d.Count("number of sets", 12)
	l.Sets = make([]labelset.Instance, 0, n)
	for range n {
		in, size, err := labelset.DecodeInstance(d.Rest(), l.Level)
		if err != nil {
			d.Adopt(err)
			break
		}
		d.Skip(size)
		l.Sets = append(l.Sets, in)
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	return l, nil
}

// AppendBinary appends the body in version v, which must be a known version.
func (l *Labels) AppendBinary(b []byte, v pcp.Version) []byte {
	layout, _ := wire.For(v)
	b = layout.AppendStamp(b, l.Stamp)
	b = wire.AppendU32(b, uint32(l.Level))
	b = wire.AppendU32(b, l.Ident)
	b = wire.AppendU32(b, uint32(len(l.Sets)))
	for _, in := range l.Sets {
		b = in.AppendBinary(b)
	}
	return b
}

// SameSets reports whether l and m assign the same labels to the same
// instances.
func (l *Labels) SameSets(m *Labels) bool {
	return slices.EqualFunc(l.Sets, m.Sets, func(a, b labelset.Instance) bool {
		return a.Inst == b.Inst && a.Err == b.Err && a.Set.Equal(b.Set)
	})
}
