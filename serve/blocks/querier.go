package blocks

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/query"
)

// Beside returns a storage that joins the series of the blocks to those of another
// storage, unless that reads some hosts alone. maxSamples limits the samples that a querier
// takes from blocks.
func (s *Set) Beside(other storage.Queryable, maxSamples int) storage.Queryable {
	if len(s.blocks)+len(s.failed) == 0 || query.Narrowed(other) {
		return other
	}
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		first, err := other.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		all := []storage.Querier{first}
		left := &budget{limit: maxSamples, left: maxSamples}
		for _, b := range s.blocks {
			if b.MinTime <= maxt && b.MaxTime > mint {
				all = append(all, &querier{source: b, mint: mint, maxt: maxt, budget: left})
			}
		}
		if len(s.failed) > 0 {
			all = append(all, failedQuerier{s.failed})
		}
		return storage.NewMergeQuerier(all, nil, storage.ChainedSeriesMerge), nil
	})
}

// budget is the number of samples that a query may still take. The selections of one
// querier come one after the other.
type budget struct{ limit, left int }

func (b *budget) take(n int) error {
	if b.left -= n; b.left < 0 {
		return &query.LimitError{Samples: b.limit}
	}
	return nil
}

// querier selects series of one block.
type querier struct {
	*source
	mint, maxt int64
	budget     *budget
}

// warn returns a damage as a warning, and other errors as errors.
func (q *querier) warn(ctx context.Context, err error) (annotations.Annotations, error) {
	var full *query.LimitError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &full), ctx.Err() != nil:
		return nil, err
	}
	return annotations.New().Add(&Warning{q.Dir, err}), nil
}

// Select copies the series that match.
func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	own, ok := q.own(matchers)
	if !ok {
		return storage.EmptySeriesSet()
	}
	var found []storage.Series
	err := block.Guard(func() (err error) {
		found, err = q.copier(hints).series(ctx, own)
		return err
	})
	warnings, err := q.warn(ctx, err)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	if len(warnings) > 0 {
		found = nil
	}
	return query.NewSeriesSet(q.sorted(found), warnings)
}

// own returns the selectors of the block's own labels. ok is false if no series can match.
func (q *querier) own(matchers []*labels.Matcher) (own block.Selectors, ok bool) {
	return block.Selectors{matchers}.Under(q.external)
}

// sorted sorts series after external labels were added, and merges those that these labels
// made equal.
func (q *querier) sorted(all []storage.Series) []storage.Series {
	if q.external.IsEmpty() {
		return all
	}
	slices.SortStableFunc(all, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	var out []storage.Series
	for len(all) > 0 {
		n := 1
		for n < len(all) && labels.Equal(all[n].Labels(), all[0].Labels()) {
			n++
		}
		one := all[0]
		if n > 1 {
			one = storage.ChainedSeriesMerge(all[:n]...)
		}
		out, all = append(out, one), all[n:]
	}
	return out
}

// LabelValues returns the values of a label that series have.
func (q *querier) LabelValues(ctx context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	if v := q.external.Get(name); v != "" {
		names, notes, err := q.LabelNames(ctx, nil, matchers...)
		if len(names) == 0 {
			return nil, notes, err
		}
		return []string{v}, notes, err
	}
	if len(matchers) == 0 {
		return q.strings(ctx, func() ([]string, error) { return q.index.LabelValues(ctx, name, nil) })
	}
	return q.collect(ctx, matchers, func(ls labels.Labels, add func(string)) {
		if v := ls.Get(name); v != "" {
			add(v)
		}
	})
}

// LabelNames returns the names of the labels that series have.
func (q *querier) LabelNames(ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) (names []string, notes annotations.Annotations, err error) {
	if len(matchers) == 0 {
		names, notes, err = q.strings(ctx, func() ([]string, error) { return q.index.LabelNames(ctx) })
	} else {
		names, notes, err = q.collect(ctx, matchers, func(ls labels.Labels, add func(string)) {
			ls.Range(func(l labels.Label) { add(l.Name) })
		})
	}
	if len(names) > 0 {
		q.external.Range(func(l labels.Label) { names = append(names, l.Name) })
		slices.Sort(names)
		names = slices.Compact(names)
	}
	return names, notes, err
}

// collect returns the strings that pick adds for the series that match.
func (q *querier) collect(ctx context.Context, matchers []*labels.Matcher, pick func(ls labels.Labels, add func(string))) ([]string, annotations.Annotations, error) {
	own, ok := q.own(matchers)
	if !ok {
		return nil, nil, nil
	}
	return q.strings(ctx, func() ([]string, error) {
		found := map[string]bool{}
		add := func(s string) { found[s] = true }
		err := q.index.Each(ctx, own, func(ls labels.Labels) error {
			pick(ls, add)
			return ctx.Err()
		})
		return slices.Collect(maps.Keys(found)), err
	})
}

// strings returns sorted copies of the strings that read returns.
func (q *querier) strings(ctx context.Context, read func() ([]string, error)) (all []string, _ annotations.Annotations, _ error) {
	err := block.Guard(func() error {
		found, err := read()
		for _, s := range found {
			all = append(all, strings.Clone(s))
		}
		slices.Sort(all)
		return err
	})
	warnings, err := q.warn(ctx, err)
	if len(warnings) > 0 {
		all = nil
	}
	return all, warnings, err
}

// Close does nothing.
func (*querier) Close() error { return nil }
