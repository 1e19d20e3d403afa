package meta

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Instance is a member of an instance domain.
type Instance struct {
	ID   pcp.InstID
	Name string
}

// InDom is a complete instance domain from Stamp on. Its body:
//
//	stamp | instance domain 4 | number n 4 | n instances 4 each
//	n name offsets 4 each, from the start of the names | names, NUL-terminated
type InDom struct {
	Stamp     pcp.Timestamp
	ID        pcp.InDomID
	Instances []Instance // in stored order; current PCP writers sort by ID
}

// Kind returns pcp.KindInDom.
func (*InDom) Kind() pcp.Kind { return pcp.KindInDom }

// Lookup returns the instance with the given ID. The instances must ascend by
// ID, as they do in the results of a [Store].
func (in *InDom) Lookup(id pcp.InstID) (Instance, bool) {
	i, ok := slices.BinarySearchFunc(in.Instances, id, func(e Instance, id pcp.InstID) int { return cmp.Compare(e.ID, id) })
	if !ok {
		return Instance{}, false
	}
	return in.Instances[i], true
}

// sorted returns the instances by ascending ID. It returns the stored slice if
// that is sorted.
func (in *InDom) sorted() []Instance {
	byID := func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) }
	if slices.IsSortedFunc(in.Instances, byID) {
		return in.Instances
	}
	s := slices.Clone(in.Instances)
	slices.SortStableFunc(s, byID)
	return s
}

// shareNames replaces names in in, whose instances ascend, by equal names of
// before, so that repeated domains share one copy. It copies the other names so
// that the decoded record can be freed.
func (in *InDom) shareNames(before *InDom) {
	if before == nil {
		return
	}
	old := before.Instances
	for i := range in.Instances {
		e := &in.Instances[i]
		for len(old) > 0 && old[0].ID < e.ID {
			old = old[1:]
		}
		if len(old) > 0 && old[0] == *e {
			e.Name = old[0].Name
		} else {
			e.Name = strings.Clone(e.Name)
		}
	}
}

// InDomDelta changes the instance domain in force before Stamp. Its body is
// that of [InDom], with a name offset of -1 for each removed instance.
type InDomDelta struct {
	Stamp   pcp.Timestamp
	ID      pcp.InDomID
	Changes []Change
}

// Change adds or removes an instance.
type Change struct {
	Instance // Name is empty on removal
	Remove   bool
}

// Kind returns pcp.KindInDomDelta.
func (*InDomDelta) Kind() pcp.Kind { return pcp.KindInDomDelta }

// DecodeInDom decodes a body of version v.
func DecodeInDom(body []byte, v pcp.Version) (*InDom, error) {
	r := readInDom(body, v, pcp.KindInDom)
	in := &InDom{Stamp: r.stamp, ID: r.id, Instances: make([]Instance, r.n)}
	for i := range in.Instances {
		in.Instances[i] = r.next().Instance
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return in, nil
}

// DecodeInDomDelta decodes a body of version v.
func DecodeInDomDelta(body []byte, v pcp.Version) (*InDomDelta, error) {
	r := readInDom(body, v, pcp.KindInDomDelta)
	dl := &InDomDelta{Stamp: r.stamp, ID: r.id, Changes: make([]Change, r.n)}
	for i := range dl.Changes {
		dl.Changes[i] = r.next()
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return dl, nil
}

// inDomReader reads the instances that a body lists.
type inDomReader struct {
	stamp   pcp.Timestamp
	id      pcp.InDomID
	n       int
	kind    pcp.Kind
	ids     wire.Dec
	offsets wire.Dec
	names   string
	room    int64 // bytes that names may still take
}

// maxShared limits the total length of names to this multiple of the record's
// length. Names may overlap, and decoding a crafted record must not cost its
// number of instances times its length.
const maxShared = 16

func readInDom(body []byte, v pcp.Version, kind pcp.Kind) *inDomReader {
	r := &inDomReader{kind: kind, ids: wire.NewDec(kind, body), room: maxShared * int64(len(body))}
	l, ok := wire.For(v)
	if !ok {
		r.ids.Fail("", v.String(), pcp.ErrVersion)
		return r
	}
	r.stamp, r.id = l.Stamp(&r.ids), pcp.InDomID(r.ids.U32())
	r.n = r.ids.Count("instance count", 8)
	r.offsets = r.ids
	r.offsets.Skip(4 * r.n)
	names := r.offsets
	names.Skip(4 * r.n)
	r.names = string(names.Rest()) // one copy for all names
	return r
}

// next returns the next instance.
func (r *inDomReader) next() (c Change) {
	c.ID = pcp.InstID(r.ids.I32())
	if c.ID < 0 {
		r.ids.FailAt(r.ids.Offset()-4, "instance", strconv.Itoa(int(c.ID)), pcp.ErrRange)
	}
	switch at := r.offsets.I32(); {
	case at == -1 && r.kind == pcp.KindInDomDelta:
		c.Remove = true
	case at < 0 || int(at) > len(r.names):
		r.offsets.FailAt(r.offsets.Offset()-4, "name offset", strconv.Itoa(int(at)), pcp.ErrRange)
	case r.room < 0: // an earlier name already failed
	default:
		c.Name, _, _ = strings.Cut(r.names[at:], "\x00")
		if r.room -= int64(len(c.Name)); r.room < 0 {
			r.offsets.FailAt(r.offsets.Offset()-4, "names", "they overlap", pcp.ErrRange)
		}
	}
	return c
}

// err returns the first error.
func (r *inDomReader) err() error { return cmp.Or(r.ids.Err(), r.offsets.Err()) }

// AppendBinary appends the body in version v, which must be a known version.
func (in *InDom) AppendBinary(b []byte, v pcp.Version) []byte {
	b = appendInDomHead(b, v, in.Stamp, in.ID, len(in.Instances))
	for _, e := range in.Instances {
		b = wire.AppendU32(b, uint32(e.ID))
	}
	offset := 0
	for _, e := range in.Instances {
		b = wire.AppendU32(b, uint32(offset))
		offset += len(e.Name) + 1
	}
	for _, e := range in.Instances {
		b = append(append(b, e.Name...), 0)
	}
	return b
}

// AppendBinary appends the body in version v, which must be a known version.
func (dl *InDomDelta) AppendBinary(b []byte, v pcp.Version) []byte {
	b = appendInDomHead(b, v, dl.Stamp, dl.ID, len(dl.Changes))
	for _, c := range dl.Changes {
		b = wire.AppendU32(b, uint32(c.ID))
	}
	offset := 0
	for _, c := range dl.Changes {
		if c.Remove {
			b = wire.AppendU32(b, 0xffffffff)
			continue
		}
		b = wire.AppendU32(b, uint32(offset))
		offset += len(c.Name) + 1
	}
	for _, c := range dl.Changes {
		if !c.Remove {
			b = append(append(b, c.Name...), 0)
		}
	}
	return b
}

func appendInDomHead(b []byte, v pcp.Version, t pcp.Timestamp, id pcp.InDomID, n int) []byte {
	l, _ := wire.For(v)
	b = l.AppendStamp(b, t)
	b = wire.AppendU32(b, uint32(id))
	return wire.AppendU32(b, uint32(n))
}
