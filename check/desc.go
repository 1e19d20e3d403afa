package check

import (
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metricTitle names a metric in a message. d may be nil.
func metricTitle(d *meta.Desc, id pcp.PMID) string {
	if d == nil || d.Name() == "" {
		return id.String()
	}
	return d.Name() + " (" + id.String() + ")"
}

// desc checks a descriptor. It returns false if the descriptor contradicts an earlier
// one. It checks the fields of a metric's first descriptor alone, because loggers repeat
// the descriptors of derived metrics many times.
func (c *checker) desc(p place, d *meta.Desc) bool {
	_, known := c.descs[d.PMID]
	if err := c.store.AddDesc(d); err != nil {
		old, _ := c.store.Desc(d.PMID)
		c.at(p, DescConflict, "metric %s: differs in %s from the record at offset %d", metricTitle(d, d.PMID), old.Conflict(d), c.descs[d.PMID])
		return false
	}
	c.descNames(p, d)
	if known {
		return true
	}
	c.descs[d.PMID] = p.off
	if uint32(d.PMID)>>31 != 0 || d.InDom != pcp.InDomNull && uint32(d.InDom)>>31 != 0 {
		c.at(p, DescIdent, "metric %s: identifier 0x%08x, instance domain 0x%08x: the highest bit is reserved", metricTitle(d, d.PMID), uint32(d.PMID), uint32(d.InDom))
	}
	if d.Type == pcp.TypeNoSupport {
		return true // the other fields have no meaning
	}
	c.descFields(p, d)
	c.units(p, d)
	return true
}

func (c *checker) descFields(p place, d *meta.Desc) {
	if d.Type < pcp.Type32 || d.Type > pcp.TypeHighResEvent {
		c.at(p, DescType, "metric %s: type %d", metricTitle(d, d.PMID), d.Type)
	}
	if d.InDom != pcp.InDomNull && d.InDom.Domain() != d.PMID.Domain() && !isDerived(d.PMID) {
		c.at(p, DescDomain, "metric %s: domain %d, its instance domain's %d", metricTitle(d, d.PMID), d.PMID.Domain(), d.InDom.Domain())
	}
	if d.Sem != pcp.SemCounter && d.Sem != pcp.SemInstant && d.Sem != pcp.SemDiscrete {
		c.at(p, DescSemantics, "metric %s: semantics %d", metricTitle(d, d.PMID), int32(d.Sem))
	}
}

// isDerived reports whether id belongs to a logged derived metric. Such a metric has the
// instance domain of the metrics it is derived from.
func isDerived(id pcp.PMID) bool {
	return id.Domain() == pcp.DynamicDomain && id.Cluster()&2048 != 0
}

// units checks each dimension against its scale.
func (c *checker) units(p place, d *meta.Desc) {
	u := d.Units
	for _, dim := range [...]struct {
		name       string
		dim, scale int
		max        int
	}{
		{"space", int(u.DimSpace), int(u.ScaleSpace), 6},
		{"time", int(u.DimTime), int(u.ScaleTime), 5},
		{"count", int(u.DimCount), int(u.ScaleCount), 7},
	} {
		if dim.dim < -2 || dim.dim > 2 {
			c.at(p, DescUnits, "metric %s: dimension of %s is %d", metricTitle(d, d.PMID), dim.name, dim.dim)
		}
		if dim.dim == 0 && dim.scale != 0 {
			c.at(p, DescUnits, "metric %s: %s has scale %d and no dimension", metricTitle(d, d.PMID), dim.name, dim.scale)
		}
		if dim.scale > dim.max {
			c.at(p, DescUnits, "metric %s: scale of %s is %d", metricTitle(d, d.PMID), dim.name, dim.scale)
		}
	}
}

// descNames checks the names of a metric.
func (c *checker) descNames(p place, d *meta.Desc) {
	if len(d.Names) == 0 {
		if known, _ := c.store.Desc(d.PMID); known.Name() == "" {
			c.at(p, DescName, "metric %s has no name", d.PMID)
		}
	}
	for _, name := range d.Names {
		if badName(name) {
			c.at(p, DescName, "metric %s: name %.80q cannot be used as it is", d.PMID, name)
		}
		name, _, _ = strings.Cut(name, "\x00")
		owner, taken := c.names[name]
		switch {
		case taken && owner != d.PMID:
			c.at(p, DescNameTaken, "metric %s: name %s is that of metric %s", d.PMID, name, owner)
		case !taken && c.nodes[name]:
			c.at(p, DescNameTaken, "metric %s: there are metrics below its name, %s", d.PMID, name)
		}
		if !taken {
			c.names[name] = d.PMID
			for dot := strings.LastIndexByte(name, '.'); dot > 0; dot = strings.LastIndexByte(name[:dot], '.') {
				if c.nodes[name[:dot]] {
					break
				}
				c.nodes[name[:dot]] = true
			}
		}
	}
}

// badName reports whether a metric name has an empty part or a character that tools
// reject.
func badName(name string) bool {
	if name == "" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return true
	}
	return strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '"' || r == 0xfffd })
}
