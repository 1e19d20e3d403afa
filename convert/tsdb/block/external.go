package block

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// SeriesLabels returns the external labels that Thanos shows on every series of the block.
// It leaves out empty ones, and labels whose names begin with "__", which Mimir uses for
// itself.
func (t *Thanos) SeriesLabels() labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	for name, v := range t.ExternalLabels() {
		if name != "" && v != "" && !strings.HasPrefix(name, "__") {
			b.Set(name, v)
		}
	}
	return b.Labels()
}

// Extend returns the labels of a series with external labels. As in Thanos, an external
// label replaces a label of the series with the same name.
func Extend(own, external labels.Labels) labels.Labels {
	if external.IsEmpty() {
		return own
	}
	b := labels.NewBuilder(own)
	external.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
	return b.Labels()
}

// Under returns the selectors of a block's own labels that select the same series as s
// selects by own and external labels. ok is false if s selects no series of such a block.
func (s Selectors) Under(external labels.Labels) (own Selectors, ok bool) {
	if external.IsEmpty() || len(s) == 0 {
		return s, true
	}
	for _, sel := range s {
		if rest, ok := under(sel, external); ok {
			own = append(own, rest)
		}
	}
	return own, len(own) > 0
}

// under returns the matchers that the external labels do not decide. ok is false if one of
// the others rejects an external label.
func under(sel []*labels.Matcher, external labels.Labels) (rest []*labels.Matcher, ok bool) {
	for _, m := range sel {
		switch v := external.Get(m.Name); {
		case v == "":
			rest = append(rest, m)
		case !m.Matches(v):
			return nil, false
		}
	}
	return rest, true
}
