package promapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// labelNames answers /labels.
func labelNames(r *request) (*reply, error) {
	return r.listStrings(storage.Querier.LabelNames)
}

// labelValues answers /label/NAME/values.
func labelValues(r *request) (*reply, error) {
	name := r.name
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, bad(fmt.Errorf("invalid label name: %q", short(name)))
	}
	return r.listStrings(func(q storage.Querier, ctx context.Context, h *storage.LabelHints, m ...*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(ctx, name, h, m...)
	})
}

// listStrings returns the sorted union of what list finds for each selector.
func (r *request) listStrings(list func(storage.Querier, context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error)) (*reply, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	q, err := r.querier()
	if err != nil {
		return nil, err
	}
	defer func() { _ = q.Close() }() // it only reads
	selectors, err := r.selectors()
	if err != nil {
		return nil, bad(err)
	}
	if len(selectors) == 0 {
		selectors = append(selectors, nil)
	}
	rep := &reply{}
	var all []string
	for _, matchers := range selectors {
		found, warnings, err := list(q, r.ctx, hints(limit), matchers...)
		if err != nil {
			return nil, err
		}
		rep.warnings.Merge(warnings)
		all = append(all, found...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if limit > 0 && len(all) > limit {
		all = all[:limit]
		rep.truncated()
	}
	rep.data = func(w io.Writer) error { return writeStrings(w, all) }
	return rep, nil
}

// querier returns a querier of the times of start and end.
func (r *request) querier() (storage.Querier, error) {
	start, end, err := r.window()
	if err != nil {
		return nil, err
	}
	return r.view.querier(start, end)
}

// hints asks for one result more than the limit, to find out whether there are more.
func hints(limit int) *storage.LabelHints {
	if limit > 0 {
		limit++
	}
	return &storage.LabelHints{Limit: max(limit, 0)}
}

// listSeries answers /series.
func listSeries(r *request) (*reply, error) {
	if len(r.params["match[]"]) == 0 {
		return nil, bad(errors.New("no match[] parameter provided"))
	}
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	start, end, err := r.window()
	if err != nil {
		return nil, err
	}
	selectors, err := r.selectors()
	if err != nil {
		return nil, invalid("match[]", err)
	}
	q, err := r.view.querier(start, end)
	if err != nil {
		return nil, err
	}
	defer func() { _ = q.Close() }() // it only reads
	sets := make([]storage.SeriesSet, len(selectors))
	for i, matchers := range selectors {
		sets[i] = q.Select(r.ctx, true, &storage.SelectHints{
			Start: clamp(start), End: clamp(end), Func: "series", Limit: hints(limit).Limit,
		}, matchers...)
	}
	return seriesReply(storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge), limit)
}

// seriesReply returns the labels of series.
func seriesReply(set storage.SeriesSet, limit int) (*reply, error) {
	rep := &reply{}
	var all []labels.Labels
	for set.Next() {
		if limit > 0 && len(all) == limit {
			rep.truncated()
			break
		}
		all = append(all, set.At().Labels())
	}
	if err := set.Err(); err != nil {
		return nil, err
	}
	rep.warnings.Merge(set.Warnings())
	rep.data = func(w io.Writer) error {
		return writeList(w, len(all), func(s *jsoniter.Stream, i int) { writeLabels(s, all[i]) })
	}
	return rep, nil
}

// writeLabels writes labels as a JSON object.
func writeLabels(s *jsoniter.Stream, ls labels.Labels) {
	s.WriteObjectStart()
	first := true
	ls.Range(func(l labels.Label) {
		if !first {
			s.WriteMore()
		}
		first = false
		s.WriteObjectField(l.Name)
		s.WriteString(l.Value)
	})
	s.WriteObjectEnd()
}
