package check

import (
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// isReadable reports whether libpcp can extract a value as type t.
func isReadable(v *history.Value, t pcp.Type) bool {
	if v.Data == nil { // a number
		return v.Type == t && t != pcp.Type32 && t != pcp.TypeU32 ||
			v.Type == pcp.TypeUnknown && (t == pcp.Type32 || t == pcp.TypeU32 || t == pcp.TypeFloat)
	}
	switch t {
	case pcp.Type64, pcp.TypeU64, pcp.TypeDouble: // very old writers stored no type
		return v.Type == pcp.Type32 && len(v.Data) == 8
	case pcp.TypeString, pcp.TypeAggregate, pcp.TypeAggregateStatic, pcp.TypeEvent, pcp.TypeHighResEvent:
		return v.Type == t || v.Type == pcp.Type32
	}
	return t < pcp.Type32 || t > pcp.TypeHighResEvent // desc reports an unknown type
}

// badValue reports a value that cannot be read as its metric's type.
func (c *checker) badValue(m *metricState, v *history.Value) {
	if m.desc.Type < pcp.Type32 || m.desc.Type > pcp.TypeHighResEvent || !m.once(badType) {
		return
	}
	stored := "a value of type " + v.Type.String()
	if v.Type == pcp.TypeUnknown {
		stored = "a value without type"
	}
	c.add(ValueType, c.data.m.Path, c.data.off, "metric %s of type %s, instance %d: %s cannot be read as that",
		metricTitle(m.desc, m.id), m.desc.Type, v.Inst, stored)
}

// knownError reports whether an error code belongs to libpcp or to the operating
// system.
func knownError(e pcp.Errno) bool {
	text := e.Error()
	for _, strange := range []string{"No such PMAPI error", "Unknown error", "Unknown secure"} {
		if strings.HasPrefix(text, strange) {
			return false
		}
	}
	return true
}

// events checks the event arrays of a value set.
func (c *checker) events(m *metricState, set *archive.ValueSet) {
	for i := range set.Values {
		v := &set.Values[i]
		if v.Type != m.desc.Type {
			continue
		}
		events, err := v.Events()
		if err != nil && m.once(badEvents) {
			c.add(ValueEvents, c.data.m.Path, c.data.off, "metric %s, instance %d: event array: %s", metricTitle(m.desc, m.id), v.Inst, reason(err))
		}
		for j := range events {
			for k := range events[j].Params {
				c.param(m, events[j].Params[k].PMID)
			}
		}
	}
}

// param checks that the parameter of an event has a descriptor.
func (c *checker) param(m *metricState, id pcp.PMID) {
	if c.data.params[id] {
		return
	}
	c.data.params[id] = true
	if _, ok := c.store.Desc(id); !ok && id.Domain() != pcp.DynamicDomain {
		c.add(EventMetric, c.data.m.Path, c.data.off, "metric %s: parameter %s of its events is not described", metricTitle(m.desc, m.id), id)
	}
}
