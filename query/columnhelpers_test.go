package query

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/store"
)

// newCache returns a cache of a process in a folder.
func newCache(dir string) *columns.Cache { return columns.NewCache(cachedir.Open(dir, 0)) }

// storageOf opens archives, with columns if there is a cache.
func storageOf(t testing.TB, cache *columns.Cache, dir string) *Storage {
	t.Helper()
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	return NewStorage(hosts.Sets(), Options{Lookback: 5 * time.Minute, Columns: cache})
}

// selected is what a selection returns, as text.
type selected struct {
	Series   []string
	Warnings []string
}

// ask is a selection.
type ask struct {
	from, to int64
	hints    *storage.SelectHints
	matchers []*labels.Matcher
	bridge   bool
}

func (a ask) String() string {
	return fmt.Sprint(a.from, " ", a.to, " ", a.hints, " ", a.matchers, " ", a.bridge)
}

func (a ask) of(t testing.TB, s *Storage) (got selected) {
	t.Helper()
	if a.bridge {
		s = s.bridged()
	}
	q, err := s.Querier(a.from, a.to)
	require.NoError(t, err)
	set := q.Select(context.Background(), true, a.hints, a.matchers...)
	for set.Next() {
		got.Series = append(got.Series, samplesText(t, set.At()))
	}
	require.NoError(t, set.Err())
	for _, w := range set.Warnings() {
		got.Warnings = append(got.Warnings, w.Error())
	}
	slices.Sort(got.Warnings)
	return got
}

// samplesText returns the labels of a series and every bit of its samples.
func samplesText(t testing.TB, s storage.Series) string {
	out := s.Labels().String()
	it := s.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if kind == chunkenc.ValFloat {
			at, v := it.At()
			out += fmt.Sprintf(" %d=%v/%x", at, v, math.Float64bits(v))
			continue
		}
		at, h := it.AtFloatHistogram(nil)
		out += fmt.Sprint(" ", at, "=", valueText(0, h))
	}
	require.NoError(t, it.Err())
	return out
}

// rates evaluates rates over a range of times, which looks at marks twice.
func (a ask) rates(t testing.TB, cache *columns.Cache, dir string) string {
	t.Helper()
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	e := NewEngine(hosts.Sets(), Options{Lookback: 5 * time.Minute, Columns: cache})
	expr := `rate({` + a.matchers[0].String() + `}[30m])`
	step := max(time.Duration(a.to-a.from)*time.Millisecond/30, time.Millisecond).Round(time.Millisecond)
	q, err := e.Range(context.Background(), expr, time.UnixMilli(a.from), time.UnixMilli(a.to), step)
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(context.Background())
	return fmt.Sprint(res.String(), res.Err, len(res.Warnings))
}

// labels returns the names that the matching series have for labels, and the instances.
func (a ask) labels(t testing.TB, s *Storage) [2][]string {
	t.Helper()
	q, err := s.Querier(a.from, a.to)
	require.NoError(t, err)
	names, _, err := q.LabelNames(context.Background(), nil, a.matchers...)
	require.NoError(t, err)
	values, _, err := q.LabelValues(context.Background(), "instname", nil, a.matchers...)
	require.NoError(t, err)
	return [2][]string{names, values}
}

// namesIn returns the names of all metrics.
func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	q, err := storageOf(t, nil, dir).Querier(0, math.MaxInt64/2)
	require.NoError(t, err)
	names, _, err := q.LabelValues(context.Background(), "__name__", nil)
	require.NoError(t, err)
	return append(names, "none")
}
