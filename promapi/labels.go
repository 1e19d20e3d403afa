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

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/internal/jsonstream"
)

// labelNames answers /labels.
func labelNames(r *request) (*reply, error) {
	return r.listStrings("", storage.Querier.LabelNames)
}

// labelValues answers /label/NAME/values.
func labelValues(r *request) (*reply, error) {
	name := r.name
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, bad(fmt.Errorf("invalid label name: %q", httpguard.Short(name)))
	}
	return r.listStrings(name, func(q storage.Querier, ctx context.Context, h *storage.LabelHints, m ...*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(ctx, name, h, m...)
	})
}

// labelLister is the method of a querier that lists names or values of labels.
type labelLister func(storage.Querier, context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error)

// listStrings returns the sorted union of what list finds for each selector. The label
// is that whose values list finds, "" for the names of labels.
func (r *request) listStrings(label string, list labelLister) (*reply, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	key, err := r.key(label)
	if err != nil {
		return nil, err
	}
	answer, known := r.api.memo.get(r.view.Version, key)
	if !known {
		if answer, err = r.findStrings(list); err != nil {
			return nil, err
		}
		r.api.memo.put(r.view.Version, key, answer)
	}
	rep, all := &reply{}, answer.all
	rep.warnings.Merge(answer.warnings)
	if limit > 0 && len(all) > limit {
		all = all[:limit]
		rep.truncated()
	}
	rep.data = func(w io.Writer) error { return writeStrings(w, all) }
	return rep, nil
}

// findStrings asks the storage.
func (r *request) findStrings(list labelLister) (answer labelAnswer, err error) {
	q, err := r.querier()
	if err != nil {
		return answer, err
	}
	defer func() { _ = q.Close() }() // it only reads
	selectors, err := r.selectors()
	if err != nil {
		return answer, bad(err)
	}
	if len(selectors) == 0 {
		selectors = append(selectors, nil)
	}
	for _, matchers := range selectors {
		found, warnings, err := list(q, r.ctx, &storage.LabelHints{}, matchers...)
		if err != nil {
			return answer, err
		}
		answer.warnings.Merge(warnings)
		answer.all = append(answer.all, found...)
	}
	slices.Sort(answer.all)
	answer.all = slices.Compact(answer.all)
	return answer, nil
}

// querier returns a querier of the times of start and end.
func (r *request) querier() (storage.Querier, error) {
	start, end, err := r.window()
	if err != nil {
		return nil, err
	}
	return r.view.querier(start, end)
}

// oneMore returns the limit of a search that finds out whether there are more results
// than a limit; zero means no limit.
func oneMore(limit int) int {
	if limit > 0 {
		limit++
	}
	return max(limit, 0)
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
			Start: clamp(start), End: clamp(end), Func: "series", Limit: oneMore(limit),
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
		return writeList(w, len(all), func(s *jsoniter.Stream, i int) { jsonstream.Labels(s, all[i]) })
	}
	return rep, nil
}
