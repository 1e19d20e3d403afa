package expo

import (
	"cmp"
	"slices"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// order puts the samples of each histogram, summary, counter or state set together,
// in the order that strict parsers want: buckets or quantiles ascending, the sum,
// the count, the time of creation. Label sets stay in their order.
func (p *part) order() {
	if !p.grouped() {
		return
	}
	bound := boundLabel(p.family, p.typ)
	groups := map[string]int{}
	var key []byte
	for i := range p.samples {
		s := &p.samples[i]
		key = appendKey(key[:0], s.Labels, bound)
		n, ok := groups[string(key)]
		if !ok {
			n = len(groups)
			groups[string(key)] = n
		}
		s.group = n
	}
	inOrder := func(a, b placedSample) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.role.rank, b.role.rank),
			cmp.Compare(a.bound, b.bound))
	}
	if !slices.IsSortedFunc(p.samples, inOrder) {
		slices.SortStableFunc(p.samples, inOrder)
	}
}

// grouped reports whether samples of the part may belong together because they
// differ only in their name and bound label.
func (p *part) grouped() bool {
	switch p.typ {
	case prom.TypeHistogram, prom.TypeGaugeHistogram, prom.TypeSummary, prom.TypeStateset:
		return true
	case prom.TypeCounter:
		return p.suffixed && slices.ContainsFunc(p.samples, func(s placedSample) bool { return s.role.rank > 0 })
	}
	return false
}

// appendKey appends a map key for labels without the one named except.
func appendKey(key []byte, labels []prom.Label, except string) []byte {
	for _, l := range labels {
		if l.Name == except {
			continue
		}
		key = append(key, l.Name...)
		key = append(key, 0xff) // in no UTF-8 text
		key = append(key, l.Value...)
		key = append(key, 0xff)
	}
	return key
}
