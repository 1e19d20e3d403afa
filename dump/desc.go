package dump

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

var typeNames = [...]string{
	"32-bit int", "32-bit unsigned int", "64-bit int", "64-bit unsigned int", "float", "double", "string",
	"aggregate", "static aggregate", "event record array", "highres event record array",
}

// descs prints the descriptors of all metrics by ascending PMID.
func (d *dumper) descs() error {
	d.title("Descriptions for Metrics in the Log ...")
	all := slices.SortedFunc(d.store.Metrics(), func(a, b *meta.Desc) int { return cmp.Compare(a.PMID, b.PMID) })
	for _, desc := range all {
		names := cmp.Or(strings.Join(d.names.namesOf(desc.PMID), " or "), "<noname>")
		d.buf = fmt.Appendf(d.buf, "PMID: %s (%s)\n", desc.PMID, names)
		if desc.Type == pcp.TypeNoSupport {
			d.buf = append(d.buf, "    Data Type: Not Supported\n"...)
			continue
		}
		d.buf = fmt.Appendf(d.buf, "    Data Type: %s  InDom: %s 0x%x\n    Semantics: %s  Units: %s\n",
			typeName(desc.Type), desc.InDom, uint32(desc.InDom), semName(desc.Sem), cmp.Or(d.unitsName(desc.Units), "none"))
		d.spill()
	}
	return nil
}

func typeName(t pcp.Type) string {
	if t >= 0 && int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("??? (%d)", int32(t))
}

func semName(s pcp.Semantics) string {
	switch s {
	case pcp.SemCounter, pcp.SemInstant, pcp.SemDiscrete:
		return s.String()
	}
	return fmt.Sprintf("??? (%d)", int32(s))
}

// unitsName formats units. Release 6.0.3 has no extra unit: it ignores those bits. It
// also omits the word "count" from a scale without a dimension.
func (d *dumper) unitsName(u pcp.Units) string {
	if !d.o.before7() {
		return u.String()
	}
	u.ExtraUnit, u.ExtraScale = 0, 0
	if u.DimSpace == 0 && u.DimTime == 0 && u.DimCount == 0 {
		return strings.TrimPrefix(u.String(), "count ")
	}
	return u.String()
}
