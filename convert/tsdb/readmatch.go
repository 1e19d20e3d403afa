package tsdb

import (
	"context"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/index"
)

// oneOf matches a label with one of the values.
func oneOf(label string, values []string) (*labels.Matcher, error) {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return labels.NewMatcher(labels.MatchRegexp, label, strings.Join(quoted, "|"))
}

// selected reports whether one of the selectors, or none being there, takes a
// series.
func selected(selectors [][]*labels.Matcher, lset labels.Labels) bool {
	for _, sel := range selectors {
		if all(sel, lset) {
			return true
		}
	}
	return len(selectors) == 0
}

func all(sel []*labels.Matcher, lset labels.Labels) bool {
	for _, m := range sel {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

// postings returns the series that may be selected: which are is for selected
// to say. A matcher that takes "" also takes series that the postings of its
// label do not have, so it is no help here.
func postings(ctx context.Context, ir *index.Reader, selectors [][]*labels.Matcher) (index.Postings, error) {
	var any []index.Postings
	for _, sel := range selectors {
		var every []index.Postings
		for _, m := range sel {
			switch {
			case m.Matches(""):
			case m.Type == labels.MatchEqual:
				p, err := ir.Postings(ctx, m.Name, m.Value)
				if err != nil {
					return nil, err
				}
				every = append(every, p)
			default:
				every = append(every, ir.PostingsForLabelMatching(ctx, m.Name, m.Matches))
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
		return ir.Postings(ctx, name, value)
	}
	return index.Merge(ctx, any...), nil
}
