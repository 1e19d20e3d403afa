package check

import (
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// fits reports whether a value can be read as one of type t, by the rules by
// which the reference extracts values.
func fits(v *history.Value, t pcp.Type) bool {
	if v.Data == nil { // a number
		return v.Type == t && t != pcp.Type32 && t != pcp.TypeU32 ||
			v.Type == pcp.TypeUnknown && (t == pcp.Type32 || t == pcp.TypeU32 || t == pcp.TypeFloat)
	}
	switch t {
	case pcp.Type64, pcp.TypeU64, pcp.TypeDouble: // very old writers did not say the type
		return v.Type == pcp.Type32 && len(v.Data) == 8
	case pcp.TypeString, pcp.TypeAggregate, pcp.TypeAggregateStatic, pcp.TypeEvent, pcp.TypeHighResEvent:
		return v.Type == t || v.Type == pcp.Type32
	}
	return t < pcp.Type32 || t > pcp.TypeHighResEvent // of the type something else was said
}

// badValue reports a value that is not of its metric's type.
func (c *checker) badValue(m *metric, v *history.Value) {
	if m.desc.Type < pcp.Type32 || m.desc.Type > pcp.TypeHighResEvent || !m.once(saidType) {
		return
	}
	stored := "a value of type " + v.Type.String()
	if v.Type == pcp.TypeUnknown {
		stored = "a value without type"
	}
	c.add(ValueType, c.data.m.Path, c.data.off, "metric %s of type %s, instance %d: %s cannot be read as that",
		title(m.desc, m.id), m.desc.Type, v.Inst, stored)
}

// knownError reports whether an error code is one that the reference has, or
// one of the operating system's.
func knownError(e pcp.Errno) bool {
	text := e.Error()
	for _, strange := range []string{"No such PMAPI error", "Unknown error", "Unknown secure"} {
		if strings.HasPrefix(text, strange) {
			return false
		}
	}
	return true
}

// events checks event arrays.
func (c *checker) events(m *metric, set *archive.ValueSet) {
	for i := range set.Values {
		v := &set.Values[i]
		if v.Type != m.desc.Type {
			continue
		}
		events, err := v.Events()
		if err != nil && m.once(saidEvents) {
			c.add(ValueEvents, c.data.m.Path, c.data.off, "metric %s, instance %d: event array: %s", title(m.desc, m.id), v.Inst, reason(err))
		}
		for j := range events {
			for k := range events[j].Params {
				c.param(m, events[j].Params[k].PMID)
			}
		}
	}
}

// param checks that a parameter of an event is a metric.
func (c *checker) param(m *metric, id pcp.PMID) {
	if c.data.params[id] {
		return
	}
	c.data.params[id] = true
	if _, ok := c.store.Desc(id); !ok && id.Domain() != pcp.DynamicDomain {
		c.add(EventMetric, c.data.m.Path, c.data.off, "metric %s: parameter %s of its events is not described", title(m.desc, m.id), id)
	}
}
