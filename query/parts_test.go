package query

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// scrapes writes an archive of a target of host h: x, a counter, at some times in seconds. A
// negative time is a mark.
func scrapes(t *testing.T, base, instance string, times ...int64) {
	t.Helper()
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: instance, URL: "http://" + instance + "/"})
	require.NoError(t, err)
	out, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC"}, nil)
	require.NoError(t, err)
	sink := convert.NewToArchive(out)
	for _, sec := range times {
		if sec < 0 {
			require.NoError(t, sink.Put(&history.Step{Stamp: pcp.Timestamp{Sec: -sec}, Mark: true}))
			continue
		}
		src.Begin(pcp.Timestamp{Sec: sec})
		ser, err := src.Series("x", []prom.Label{{Name: "k", Value: instance}}, prom.Family{Name: "x", Type: prom.TypeCounter})
		require.NoError(t, err)
		src.Set(ser, float64(sec))
		src.SetHealth(mapper.Health{Up: 1})
		require.NoError(t, sink.Put(src.Step()))
	}
	require.NoError(t, sink.Close())
}

// TestTargetsOfOneHost reads the archives of two targets of a host, recorded in turn: the
// series of each go on while the other is scraped.
func TestTargetsOfOneHost(t *testing.T) {
	dir := t.TempDir()
	for n := range int64(2) {
		scrapes(t, filepath.Join(dir, fmt.Sprint("web-", n)), fmt.Sprint("h:", n), 1000+n, 1010+n, 1020+n, 1030+n, 1040+n)
	}
	e := newSetEngine(t, Options{}, dir)
	for _, expr := range []string{"count(up)", "count(x)"} {
		q, err := e.Range(t.Context(), expr, time.Unix(1001, 0), time.Unix(1041, 0), time.Second)
		require.NoError(t, err)
		matrix, err := q.Exec(t.Context()).Matrix()
		require.NoError(t, err)
		require.Len(t, matrix, 1)
		require.Len(t, matrix[0].Floats, 41)
		for _, p := range matrix[0].Floats {
			assert.InDelta(t, 2, p.F, 0, "%s at %d", expr, p.T)
		}
		q.Close()
	}
}

// TestMarksOfTargetsBesideColumns reads two targets that overlap from volumes, and what one of
// them recorded later from columns. A mark of one target says nothing about the other.
func TestMarksOfTargetsBesideColumns(t *testing.T) {
	dir, cacheDir := t.TempDir(), t.TempDir()
	scrapes(t, filepath.Join(dir, "a"), "h:1", 1000, 1010, 1020, 1030, 1040, 1050, 1060)
	scrapes(t, filepath.Join(dir, "b"), "h:2", 1001, 1011, 1021, -1026, 1031, 1041, 1051, -1055, -1057)
	scrapes(t, filepath.Join(dir, "c"), "h:1", 1100, 1110, -1115, 1120, 1130)
	scrapes(t, filepath.Join(dir, "d"), "h:2", 1201, 1211, 1221)
	settle(t, dir)
	ask := func(e *Engine, expr string) string {
		q, err := e.Range(t.Context(), expr, time.Unix(1000, 0), time.Unix(1230, 0), 5*time.Second)
		require.NoError(t, err)
		defer q.Close()
		res := q.Exec(t.Context())
		require.NoError(t, res.Err)
		return res.String()
	}
	volumes := newSetEngine(t, Options{}, dir)
	assert.Contains(t, ask(volumes, `increase(x{k="h:1"}[40s])`), "40 @[1040000]", "h:1 has no mark then")
	for sec := int64(1000); sec <= 1230; sec += 5 {
		q, err := volumes.Instant(t.Context(), "sum(increase(x[40s]))", time.Unix(sec, 0))
		require.NoError(t, err)
		for _, p := range q.Exec(t.Context()).Value.(promql.Vector) {
			assert.Contains(t, ask(volumes, "sum(increase(x[40s]))"), fmt.Sprintf("%v @[%d000]", p.F, sec), "at one time as over a range")
		}
		q.Close()
	}
	for range 2 {
		columns := newSetEngine(t, Options{Columns: newCache(cacheDir)}, dir)
		for _, expr := range []string{"increase(x[40s])", "rate(x[3m])", "irate(x[2m])", `increase(x{k="h:2"}[3m])`, "x"} {
			assert.Equal(t, ask(volumes, expr), ask(columns, expr), expr)
		}
	}
	kept, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
	require.NoError(t, err)
	assert.NotEmpty(t, kept, "some archives are read from columns")
}

// TestMarkInACopy: where an archive goes on while a mark stands in a copy of it, as in one that
// was merged from pieces, a rate is that of the archive alone.
func TestMarkInACopy(t *testing.T) {
	dir, alone := t.TempDir(), t.TempDir()
	put := func(base string, marks ...int) {
		w := newWriterAt(t, base)
		for sec := 0; sec <= 100; sec += 10 {
			w.record(float64(sec), one(counter, float64(sec)))
			for _, m := range marks {
				if m > sec && m < sec+10 {
					w.mark(float64(m))
				}
			}
		}
		w.open()
	}
	put(filepath.Join(alone, "rec"))
	put(filepath.Join(dir, "a"))
	put(filepath.Join(dir, "b"), 45, 72)
	marked := t.TempDir()
	put(filepath.Join(marked, "rec"), 45, 72)
	for _, expr := range []string{"rate(c_counter[50s])", "increase(c_counter[1m])", "irate(c_counter[30s])"} {
		want := over(t, newSetEngine(t, Options{}, alone), 50, 100, 10, expr)
		assert.Equal(t, want, over(t, newSetEngine(t, Options{}, dir), 50, 100, 10, expr), expr)
		assert.NotEqual(t, want, over(t, newSetEngine(t, Options{}, marked), 50, 100, 10, expr), expr)
	}
}
