package meta

import (
	"cmp"
	"slices"
	"strconv"

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
	Instances []Instance // in stored order; current writers sort by ID
}

// Kind returns pcp.KindInDom.
func (*InDom) Kind() pcp.Kind { return pcp.KindInDom }

// Lookup returns the instance with the given ID. The instances must ascend, as
// they do in what [Store] returns.
func (in *InDom) Lookup(id pcp.InstID) (Instance, bool) {
	i, ok := slices.BinarySearchFunc(in.Instances, id, func(e Instance, id pcp.InstID) int { return cmp.Compare(e.ID, id) })
	if !ok {
		return Instance{}, false
	}
	return in.Instances[i], true
}

// sorted returns the instances by ascending ID, the stored slice if it is so.
func (in *InDom) sorted() []Instance {
	byID := func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) }
	if slices.IsSortedFunc(in.Instances, byID) {
		return in.Instances
	}
	s := slices.Clone(in.Instances)
	slices.SortStableFunc(s, byID)
	return s
}

// InDomDelta changes the instance domain in force before Stamp. Its body is
// that of [InDom], with a name offset of -1 where an instance is removed.
type InDomDelta struct {
	Stamp   pcp.Timestamp
	ID      pcp.InDomID
	Changes []Change
}

// Change adds an instance or removes one.
type Change struct {
	Instance // Name is empty on removal
	Remove   bool
}

// Kind returns pcp.KindInDomDelta.
func (*InDomDelta) Kind() pcp.Kind { return pcp.KindInDomDelta }

// DecodeInDom decodes a body of version v.
func DecodeInDom(body []byte, v pcp.Version) (*InDom, error) {
	stamp, id, changes, err := decodeInDom(body, v, pcp.KindInDom)
	if err != nil {
		return nil, err
	}
	in := &InDom{Stamp: stamp, ID: id, Instances: make([]Instance, len(changes))}
	for i, c := range changes {
		in.Instances[i] = c.Instance
	}
	return in, nil
}

// DecodeInDomDelta decodes a body of version v.
func DecodeInDomDelta(body []byte, v pcp.Version) (*InDomDelta, error) {
	stamp, id, changes, err := decodeInDom(body, v, pcp.KindInDomDelta)
	if err != nil {
		return nil, err
	}
	return &InDomDelta{Stamp: stamp, ID: id, Changes: changes}, nil
}

func decodeInDom(body []byte, v pcp.Version, kind pcp.Kind) (stamp pcp.Timestamp, id pcp.InDomID, changes []Change, err error) {
	d := wire.NewDec(kind, body)
	l, ok := wire.For(v)
	if !ok {
		d.Fail("", v.String(), pcp.ErrVersion)
		return stamp, id, nil, d.Err()
	}
	stamp, id = l.Stamp(&d), pcp.InDomID(d.U32())
	n := d.Count("instance count", 8)
	changes = make([]Change, n)
	for i := range changes {
		changes[i].ID = pcp.InstID(d.I32())
		if changes[i].ID < 0 {
			d.Fail("instance", strconv.Itoa(int(changes[i].ID)), pcp.ErrRange)
		}
	}
	offsets := d
	d.Skip(4 * n)
	names := d.Rest()
	for i := range changes {
		at := offsets.I32()
		switch {
		case at == -1 && kind == pcp.KindInDomDelta:
			changes[i].Remove = true
		case at < 0 || int(at) > len(names):
			d.Fail("name offset", strconv.Itoa(int(at)), pcp.ErrRange)
			return stamp, id, nil, d.Err()
		default:
			changes[i].Name = string(wire.UntilNUL(names[at:]))
		}
	}
	return stamp, id, changes, d.Err()
}

// AppendBinary appends the body in version v, which must be known.
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

// AppendBinary appends the body in version v, which must be known.
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
