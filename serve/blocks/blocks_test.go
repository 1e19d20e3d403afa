package blocks

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/query"
)

// sample is a number at a time.
type sample struct {
	t int64
	f float64
	chunks.Sample
}

func (s sample) T() int64                 { return s.t }
func (s sample) ST() int64                { return 0 }
func (s sample) F() float64               { return s.f }
func (s sample) Type() chunkenc.ValueType { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample      { return s }

// write makes a block below dir with series up{job="…"}, a sample each minute.
func write(t *testing.T, dir string, from, n int64, jobs ...string) string {
	t.Helper()
	var all []storage.Series
	for _, job := range jobs {
		var samples []chunks.Sample
		for i := range n {
			samples = append(samples, sample{t: (from + i) * 60_000, f: float64(from + i)})
		}
		all = append(all, storage.NewListSeries(labels.FromStrings("__name__", "up", "job", job), samples))
	}
	made, err := tsdb.CreateBlock(all, dir, 0, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return made
}

var nothing = storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil })

// ask evaluates an expression and returns its result and warnings.
func ask(t *testing.T, s *Set, expr string, at int64) (string, []string, error) {
	t.Helper()
	e := promqltest.NewTestEngine(t, false, 5*time.Minute, 1_000_000)
	q, err := e.NewInstantQuery(context.Background(), s.Beside(nothing, 1000), nil, expr, time.UnixMilli(at))
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(context.Background())
	warnings, _ := res.Warnings.AsStrings(expr, 0, 0)
	if res.Err != nil {
		return "", warnings, res.Err
	}
	return res.Value.(promql.Vector).String(), warnings, nil
}

func TestBlocks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 0, 60, "a", "b")
	write(t, filepath.Join(dir, "below"), 60, 60, "a", "c")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "01JD0C4RZ4GJYX2MCGNV9N7B2V.tmp-for-creation", "chunks"), 0o755))
	s := Open([]string{dir}, nil)
	defer func() { assert.NoError(t, s.Close()) }()
	require.Len(t, s.Blocks(), 2)
	assert.Empty(t, s.Failed())
	assert.Equal(t, uint64(120), s.Blocks()[0].Samples)

	got, warnings, err := ask(t, s, `count_over_time(up[1h])`, 90*60_000)
	require.NoError(t, err)
	assert.Empty(t, warnings)
	assert.Equal(t, "{job=\"a\"} => 60 @[5400000]\n{job=\"b\"} => 29 @[5400000]\n{job=\"c\"} => 31 @[5400000]", got, "both blocks, joined")

	q, err := s.Beside(nothing, 1000).Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	jobs, _, err := q.LabelValues(context.Background(), "job", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, jobs)
	names, _, err := q.LabelNames(context.Background(), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"__name__", "job"}, names)
	set := q.Select(context.Background(), true, &storage.SelectHints{Start: 0, End: math.MaxInt64, Func: "series"}, labels.MustNewMatcher(labels.MatchEqual, "job", "a"))
	require.True(t, set.Next())
	assert.Equal(t, `{__name__="up", job="a"}`, set.At().Labels().String())
	assert.False(t, set.Next(), "the same series of two blocks is one")
	require.NoError(t, q.Close())

	_, _, err = ask(t, s, `count_over_time({__name__=~".+"}[10h])`, 120*60_000)
	require.NoError(t, err)
	e := promqltest.NewTestEngine(t, false, 0, 1_000_000)
	full, err := e.NewInstantQuery(context.Background(), s.Beside(nothing, 100), nil, `sum_over_time(up[10h])`, time.UnixMilli(120*60_000))
	require.NoError(t, err)
	defer full.Close()
	var limit *query.LimitError
	require.ErrorAs(t, full.Exec(context.Background()).Err, &limit)
	assert.Equal(t, 100, limit.Samples)
}

// TestReopen wants blocks that did not change to stay open, and others to be taken in
// and given up.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	first := write(t, dir, 0, 60, "a")
	old := Open([]string{dir}, nil)
	write(t, dir, 60, 60, "a")
	s := Open([]string{dir}, old)
	assert.False(t, s.Same(old))
	assert.True(t, s.Same(Open([]string{dir}, s)))
	assert.Same(t, old.blocks[0], s.blocks[0])
	require.NoError(t, old.Close())
	got, _, err := ask(t, s, `count_over_time(up[1h])`, 60*60_000)
	require.NoError(t, err, "the block that both hold is still open")
	assert.Equal(t, `{job="a"} => 60 @[3600000]`, got)
	require.NoError(t, os.RemoveAll(first))
	fewer := Open([]string{dir}, s)
	require.Len(t, fewer.Blocks(), 1)
	_, warnings, err := ask(t, s, `count_over_time(up[2h])`, 120*60_000)
	require.NoError(t, err, "a removed block can be read until it is closed")
	assert.Empty(t, warnings)
}

// TestDamage wants a damaged block to cost itself alone, whether it is damaged before it
// is opened or after.
func TestDamage(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"index cut":   func(t *testing.T, dir string) { require.NoError(t, os.Truncate(filepath.Join(dir, "index"), 100)) },
		"index empty": func(t *testing.T, dir string) { require.NoError(t, os.Truncate(filepath.Join(dir, "index"), 0)) },
		"no segments": func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "chunks", "000001")))
		},
		"segment cut": func(t *testing.T, dir string) {
			require.NoError(t, os.Truncate(filepath.Join(dir, "chunks", "000001"), 20))
		},
		"meta is no JSON": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "meta.json"), []byte("{"), 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := write(t, dir, 0, 60, "a")
			write(t, dir, 60, 60, "a")
			spoil(t, bad)
			s := Open([]string{dir}, nil)
			defer func() { assert.NoError(t, s.Close()) }()
			got, warnings, err := ask(t, s, `count_over_time(up[2h])`, 119*60_000)
			require.NoError(t, err)
			assert.Equal(t, `{job="a"} => 60 @[7140000]`, got)
			require.Len(t, warnings, 1)
			assert.Contains(t, warnings[0], bad)
		})
	}
	for _, file := range []string{"index", "chunks/000001"} {
		t.Run(file+" cut while open", func(t *testing.T) {
			dir := t.TempDir()
			bad := write(t, dir, 0, 60, "a")
			write(t, dir, 60, 60, "a")
			s := Open([]string{dir}, nil)
			defer func() { assert.NoError(t, s.Close()) }()
			require.NoError(t, os.Truncate(filepath.Join(bad, file), 0))
			got, warnings, err := ask(t, s, `count_over_time(up[2h])`, 119*60_000)
			require.NoError(t, err)
			assert.Equal(t, `{job="a"} => 60 @[7140000]`, got)
			require.Len(t, warnings, 1)
			assert.Contains(t, warnings[0], bad)
		})
	}
}

// external writes external labels into the meta.json of a block.
func external(t *testing.T, dir string, pairs map[string]string) {
	t.Helper()
	path := filepath.Join(dir, "meta.json")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var meta map[string]any
	require.NoError(t, json.Unmarshal(text, &meta))
	meta["thanos"] = map[string]any{"version": 1, "labels": pairs}
	text, err = json.Marshal(meta)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o666))
}

// TestExternalLabels wants series to have the external labels of their block.
func TestExternalLabels(t *testing.T) {
	dir := t.TempDir()
	external(t, filepath.Join(dir, filepath.Base(write(t, dir, 0, 60, "a", "b"))), map[string]string{"cluster": "x", "a": "1"})
	external(t, filepath.Join(dir, filepath.Base(write(t, dir, 0, 60, "a", "b"))), map[string]string{"cluster": "y", "__org_id__": "7"})
	external(t, filepath.Join(dir, filepath.Base(write(t, dir, 0, 60, "a", "b"))), map[string]string{"cluster": "z", "job": "all"})
	s := Open([]string{dir}, nil)
	defer func() { assert.NoError(t, s.Close()) }()
	require.Len(t, s.Blocks(), 3)
	for expr, want := range map[string]string{
		`sum by (cluster) (up)`:                  "{cluster=\"x\"} => 60 @[1800000]\n{cluster=\"y\"} => 60 @[1800000]\n{cluster=\"z\"} => 30 @[1800000]",
		`up{cluster="x",job="a"}`:                `{__name__="up", a="1", cluster="x", job="a"} => 30 @[1800000]`,
		`up{cluster="z"}`:                        `{__name__="up", cluster="z", job="all"} => 30 @[1800000]`,
		`count({cluster=~"y|z"})`:                "{} => 3 @[1800000]",
		`count({cluster="y"})`:                   "{} => 2 @[1800000]",
		`count(up{cluster="none"})`:              "",
		`count(up{cluster=""})`:                  "",
		`count(up{a=""})`:                        "{} => 3 @[1800000]",
		`count_over_time(up{cluster="z"}[500s])`: `{cluster="z", job="all"} => 9 @[1800000]`,
	} {
		got, warnings, err := ask(t, s, expr, 30*60_000)
		require.NoError(t, err)
		assert.Empty(t, warnings)
		assert.Equal(t, want, got, expr)
	}
	q, err := s.Beside(nothing, 1000).Querier(0, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	match := func(name, value string) *labels.Matcher {
		return labels.MustNewMatcher(labels.MatchEqual, name, value)
	}
	for _, c := range []struct {
		name     string
		matchers []*labels.Matcher
		want     []string
	}{
		{"cluster", nil, []string{"x", "y", "z"}},
		{"cluster", []*labels.Matcher{match("job", "a")}, []string{"x", "y"}},
		{"job", []*labels.Matcher{match("cluster", "z")}, []string{"all"}},
		{"job", []*labels.Matcher{match("cluster", "x")}, []string{"a", "b"}},
		{"job", []*labels.Matcher{match("cluster", "none")}, nil},
		{"", nil, []string{"__name__", "a", "cluster", "job"}},
		{"", []*labels.Matcher{match("cluster", "y")}, []string{"__name__", "cluster", "job"}},
		{"", []*labels.Matcher{match("job", "none")}, nil},
	} {
		list := q.LabelNames
		if c.name != "" {
			list = func(ctx context.Context, h *storage.LabelHints, m ...*labels.Matcher) ([]string, annotations.Annotations, error) {
				return q.LabelValues(ctx, c.name, h, m...)
			}
		}
		got, _, err := list(t.Context(), nil, c.matchers...)
		require.NoError(t, err)
		assert.ElementsMatch(t, c.want, got, "%s %s", c.name, c.matchers)
	}
}
