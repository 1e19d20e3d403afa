package block

import (
	"context"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/index"
)

// Selectors select the series that match all matchers of at least one selector.
// Empty Selectors select all series.
type Selectors [][]*labels.Matcher

// Select reports whether s selects a series.
func (s Selectors) Select(lset labels.Labels) bool {
	for _, sel := range s {
		if matchesAll(sel, lset) {
			return true
		}
	}
	return len(s) == 0
}

// matchesAll reports whether labels satisfy all matchers of a selector.
func matchesAll(sel []*labels.Matcher, lset labels.Labels) bool {
	for _, m := range sel {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

// OneOf returns a matcher for series whose label has one of the values.
func OneOf(label string, values []string) (*labels.Matcher, error) {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return labels.NewMatcher(labels.MatchRegexp, label, strings.Join(quoted, "|"))
}

// Candidates returns a superset of the selected series. Callers check the labels
// with Select. Candidates ignores matchers that accept "": they also select series without
// the label, and the label's postings do not list these.
func (x *Index) Candidates(ctx context.Context, s Selectors) (index.Postings, error) {
	var any []index.Postings
	for _, sel := range s {
		var every []index.Postings
		for _, m := range sel {
			switch {
			case m.Matches(""):
			case m.Type == labels.MatchEqual:
				p, err := x.Postings(ctx, m.Name, m.Value)
				if err != nil {
					return nil, err
				}
				every = append(every, p)
			default:
				every = append(every, x.PostingsForLabelMatching(ctx, m.Name, m.Matches))
			}
		}
		if len(every) == 0 {
			any = nil
			break
		}
		any = append(any, index.Intersect(every...))
	}
	if any == nil {
		name, value := index.AllPostingsKey()
		return x.Postings(ctx, name, value)
	}
	return index.Merge(ctx, any...), nil
}
