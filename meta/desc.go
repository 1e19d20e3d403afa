package meta

import (
	"slices"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Desc describes a metric. Its body:
//
//	PMID 4 | type 4 | instance domain 4 | semantics 4 | units 4
//	number of names 4 | per name: length 4, bytes (no NUL, no padding)
type Desc struct {
	PMID  pcp.PMID
	Type  pcp.Type
	InDom pcp.InDomID // InDomNull for a singular metric
	Sem   pcp.Semantics
	Units pcp.Units
	Names []string // usually one; may be empty
}

// maxName is the longest metric name, in bytes. PCP reads names into a buffer
// of 4096 bytes without checking.
const maxName = 4095

// Kind returns pcp.KindDesc.
func (*Desc) Kind() pcp.Kind { return pcp.KindDesc }

// Name returns the first name, "" if the metric has none.
func (d *Desc) Name() string {
	if len(d.Names) == 0 {
		return ""
	}
	return d.Names[0]
}

// Conflict returns the first property in which d and e describe different
// metrics: "type", "semantics", "instance domain" or "units". It returns "" if
// they agree. Names do not count.
func (d *Desc) Conflict(e *Desc) string {
	switch {
	case d.Type != e.Type:
		return "type"
	case d.Sem != e.Sem:
		return "semantics"
	case d.InDom != e.InDom:
		return "instance domain"
	case d.Units != e.Units:
		return "units"
	}
	return ""
}

// SameNames reports whether d and e have the same names in any order.
func (d *Desc) SameNames(e *Desc) bool {
	has := func(a, b *Desc) bool {
		return !slices.ContainsFunc(a.Names, func(name string) bool { return !slices.Contains(b.Names, name) })
	}
	return has(d, e) && has(e, d)
}

// NamesBelow returns the names of d that are name or lie in the subtree below it;
// "" means all. A metric without a name has the name "".
func (d *Desc) NamesBelow(name string) []string {
	if name == "" {
		if len(d.Names) == 0 {
			return []string{""}
		}
		return d.Names
	}
	var names []string
	for _, n := range d.Names {
		if Matches(n, name) {
			names = append(names, n)
		}
	}
	return names
}

// Matches reports whether a name of d is name or lies in the subtree below it;
// "" means every metric.
func (d *Desc) Matches(name string) bool {
	return name == "" || slices.ContainsFunc(d.Names, func(n string) bool { return Matches(n, name) })
}

// DecodeDesc decodes a body.
func DecodeDesc(body []byte) (*Desc, error) {
	d := wire.NewDec(pcp.KindDesc, body)
	desc := &Desc{
		PMID: pcp.PMID(d.U32()), Type: pcp.Type(d.I32()), InDom: pcp.InDomID(d.U32()),
		Sem: pcp.Semantics(d.I32()), Units: pcp.UnitsFromWord(d.U32()),
	}
	n := d.Count("number of names", 4)
	for range n {
		length := d.I32()
		if length > maxName {
			d.FailAt(d.Offset()-4, "name length", strconv.Itoa(int(length)), pcp.ErrRange)
		}
		desc.Names = append(desc.Names, string(d.Bytes(int(length))))
	}
	if d.Len() > 0 {
		d.Fail("", strconv.Itoa(d.Len())+" bytes after the last name", pcp.ErrLayout)
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	return desc, nil
}

// AppendBinary appends the body.
func (d *Desc) AppendBinary(b []byte) []byte {
	for _, w := range [...]uint32{
		uint32(d.PMID), uint32(d.Type), uint32(d.InDom), uint32(d.Sem), d.Units.Word(), uint32(len(d.Names)),
	} {
		b = wire.AppendU32(b, w)
	}
	for _, name := range d.Names {
		b = wire.AppendU32(b, uint32(len(name)))
		b = append(b, name...)
	}
	return b
}
