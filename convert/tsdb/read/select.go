package read

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// Condition holds for series whose label has one of the values. An absent label has the
// value "".
type Condition struct {
	Label  string
	Values []string
}

// Where returns a source of the samples whose series satisfy all conditions of at least
// one of the lists.
func (r *Reader) Where(alternatives ...[]Condition) prom.SampleSource {
	return restricted{r, alternatives}
}

// restricted is a Reader limited to the series that Where selects.
type restricted struct {
	r            *Reader
	alternatives [][]Condition
}

// Samples hands the samples to dst by ascending time.
func (s restricted) Samples(ctx context.Context, dst prom.SampleSink) error {
	var selectors block.Selectors
	for _, all := range s.alternatives {
		narrow, err := s.r.narrowed(all)
		if err != nil {
			return err
		}
		selectors = append(selectors, narrow...)
	}
	if len(selectors) == 0 {
		return nil
	}
	return newReading(s.r, selectors).run(ctx, dst)
}

// narrowed returns the Reader's selectors, each with the conditions added.
func (r *Reader) narrowed(all []Condition) (block.Selectors, error) {
	var more []*labels.Matcher
	for _, c := range all {
		m, err := block.OneOf(c.Label, c.Values)
		if err != nil {
			return nil, err
		}
		more = append(more, m)
	}
	if len(r.selectors) == 0 {
		if len(more) == 0 {
			return nil, nil
		}
		return block.Selectors{more}, nil
	}
	var out block.Selectors
	for _, sel := range r.selectors {
		out = append(out, append(slices.Clone(sel), more...))
	}
	return out, nil
}

// LabelValues returns the sorted values that a label has in series for which all
// conditions hold. They include "" if one of these series lacks the label.
func (r *Reader) LabelValues(ctx context.Context, label string, all ...Condition) ([]string, error) {
	selectors, err := r.narrowed(all)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, s := range r.sources {
		if !r.within(s) {
			continue
		}
		if err := s.values(ctx, label, selectors, found); err != nil {
			r.damaged(s.path(), "", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// Series calls f with every series, without its ID. It may call f several times for a
// series in several blocks. An error of f ends Series.
func (r *Reader) Series(ctx context.Context, f func(*prom.Series) error) error {
	var failed error
	for _, s := range r.sources {
		if !r.within(s) {
			continue
		}
		err := s.each(ctx, r.selectors, func(own, external labels.Labels) error {
			series, _ := describe(&r.catalog, own, external, 0)
			if failed = cmp.Or(ctx.Err(), f(series)); failed != nil {
				return failed
			}
			return nil
		})
		if failed != nil {
			return failed
		}
		if err != nil {
			r.damaged(s.path(), "", err)
		}
	}
	return ctx.Err()
}
