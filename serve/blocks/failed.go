package blocks

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/query"
)

// failedQuerier has no series and warns of blocks that cannot be opened.
type failedQuerier struct{ failed []*Warning }

func (q failedQuerier) warnings() annotations.Annotations {
	var all annotations.Annotations
	for _, w := range q.failed {
		all.Add(w)
	}
	return all
}

// Select returns no series.
func (q failedQuerier) Select(context.Context, bool, *storage.SelectHints, ...*labels.Matcher) storage.SeriesSet {
	return query.NewSeriesSet(nil, q.warnings())
}

// LabelValues returns no values.
func (q failedQuerier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, q.warnings(), nil
}

// LabelNames returns no names.
func (q failedQuerier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, q.warnings(), nil
}

// Close does nothing.
func (failedQuerier) Close() error { return nil }
