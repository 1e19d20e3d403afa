package record

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/layout"
)

func TestPeriods(t *testing.T) {
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 30, 1, time.Local)
	}
	for _, tc := range []struct {
		at, want time.Time
		every    time.Duration
	}{
		{at(29, 16, 5), time.Date(2026, 11, 29, 0, 0, 0, 0, time.Local), day},
		{at(29, 16, 5), time.Date(2026, 11, 29, 12, 0, 0, 0, time.Local), 6 * time.Hour},
		{at(29, 16, 5), time.Date(2026, 11, 29, 16, 0, 0, 0, time.Local), 15 * time.Minute},
		{at(29, 0, 0), time.Date(2026, 11, 29, 0, 0, 0, 0, time.Local), time.Hour},
	} {
		assert.True(t, tc.want.Equal(period(tc.at, tc.every)), "%v every %v: %v", tc.at, tc.every, period(tc.at, tc.every))
	}
	week := period(at(29, 16, 5), 7*day)
	assert.Equal(t, 0, week.Hour())
	for d := range 7 {
		assert.True(t, week.Equal(period(week.AddDate(0, 0, d).Add(23*time.Hour), 7*day)))
	}
	assert.False(t, week.Equal(period(week.AddDate(0, 0, 7), 7*day)))
}

// newChain returns a chain in a folder with the parts of a Recorder that it needs.
func newChain(t *testing.T, dir string) *chain {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &Recorder{
		o: Options{Dir: dir, Rotate: day, Compress: archive.CompressGzip}, log: log, files: archive.NewFilePool(64),
		space: newSpace(dir, log), lines: map[string]*line{}, stems: map[stem]*line{},
	}
	r.claims.held, r.found.base = map[string]chan struct{}{}, map[stem]string{}
	return &chain{rec: r, name: layout.Name{Host: "h", Stem: "job"}, host: "h", slow: time.Second}
}

var stepMetric = &history.Metric{Name: "a.b", Desc: &meta.Desc{
	PMID: pcp.NewPMID(144, 1, 0), Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a.b"},
}}

func stepAt(at time.Time) *history.Step {
	ser := &history.Series{Metric: stepMetric, Inst: meta.Instance{ID: pcp.InstNull}}
	return &history.Step{Stamp: pcp.TimestampOf(at), Metrics: []history.MetricValues{{
		Metric: stepMetric, Points: []history.Point{{Series: ser, Value: history.DoubleValue(pcp.InstNull, float64(at.Unix()))}},
	}}}
}

// times returns the times of the steps of an archive, and where its marks are.
func times(t *testing.T, base string) (all, marks []time.Time) {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		if step.Mark {
			marks = append(marks, step.Stamp.Time())
		} else {
			all = append(all, step.Stamp.Time())
		}
	}
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base), base)
	return all, marks
}

// bases returns the archives below a folder.
func bases(t *testing.T, dir string) (all []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "h", "*.meta"))
	require.NoError(t, err)
	for _, name := range found {
		all = append(all, name[:len(name)-len(".meta")])
	}
	return all
}

func put(t *testing.T, c *chain, at ...time.Time) {
	t.Helper()
	for _, one := range at {
		require.NoError(t, c.Put(stepAt(one)))
		require.NoError(t, c.Flush())
	}
}

// A new archive begins with the first record of a day, with full metadata, and the old one
// is compressed. No record is lost between.
func TestRotation(t *testing.T) {
	c := newChain(t, t.TempDir())
	midnight := time.Date(2026, 3, 8, 0, 0, 0, 0, time.Local)
	put(t, c, midnight.Add(-2*time.Second), midnight.Add(-time.Second), midnight, midnight.Add(time.Second))
	c.rec.closing.wait()
	require.NoError(t, c.Close())
	all := bases(t, c.rec.o.Dir)
	require.Equal(t, []string{"job.20260307.23.59", "job.20260308.00.00"}, []string{filepath.Base(all[0]), filepath.Base(all[1])})
	first, _ := times(t, all[0])
	second, _ := times(t, all[1])
	assert.Len(t, first, 2)
	assert.Len(t, second, 2)
	assert.FileExists(t, all[0]+".0.gz")
	assert.FileExists(t, all[1]+".0", "this one may be continued")
	assert.Empty(t, c.rec.claims.held)
}

// A clock that is set back begins a new archive; one that is set forward does not.
func TestClock(t *testing.T) {
	c := newChain(t, t.TempDir())
	noon := time.Date(2026, 3, 8, 12, 0, 0, 0, time.Local)
	put(t, c, noon, noon.Add(time.Hour))
	assert.False(t, c.Earlier(pcp.TimestampOf(noon.Add(time.Hour-time.Millisecond))), "a scrape that ended late")
	back := noon.Add(time.Minute)
	assert.True(t, c.Earlier(pcp.TimestampOf(back)))
	put(t, c, back, back.Add(time.Second))
	c.rec.closing.wait()
	require.NoError(t, c.Close())
	all := bases(t, c.rec.o.Dir)
	require.Len(t, all, 2)
	for _, base := range all {
		steps, _ := times(t, base)
		assert.Len(t, steps, 2)
	}
}

// The clock goes forth and back an hour, twice and over midnight. Each time that it goes back
// a new archive begins. A restart with the right time leaves what ends in the future alone.
func TestClockBackAndForth(t *testing.T) {
	c := newChain(t, t.TempDir())
	late := time.Date(2026, 3, 7, 23, 30, 0, 0, time.Local)
	now, want := late, 0
	for range 2 {
		for _, jump := range []time.Duration{time.Second, time.Hour, time.Second, -time.Hour, time.Second} {
			if now = now.Add(jump); jump < 0 {
				require.True(t, c.Earlier(pcp.TimestampOf(now)))
			}
			put(t, c, now)
			want++
		}
	}
	require.NoError(t, c.Close())
	c.rec.closing.wait()
	steps := map[int64]int{}
	for _, base := range bases(t, c.rec.o.Dir) {
		found, marks := times(t, base)
		assert.Empty(t, marks)
		for i, at := range found {
			steps[at.Unix()]++
			assert.True(t, i == 0 || at.After(found[i-1]))
		}
	}
	have := 0
	for _, n := range steps {
		have += n
	}
	assert.Equal(t, want, have, "every record is there")
	assert.Zero(t, c.rec.space.Lost())

	again := newChain(t, c.rec.o.Dir)
	again.rec.o.Numbers = noNumbers{}
	_, err := again.rec.found.scan(again.rec.o.Dir, true)
	require.NoError(t, err)
	before := len(bases(t, c.rec.o.Dir))
	put(t, again, now.Add(time.Second))
	require.NoError(t, again.Close())
	assert.Len(t, bases(t, c.rec.o.Dir), before+1, "the archive that is the newest by its name ends in the future")
}

// noNumbers are Numbers of archives without metrics from Prometheus.
type noNumbers struct{ Numbers }

func (noNumbers) Learn(*meta.Store) error { return nil }
func (noNumbers) Sync() error             { return nil }

// While the disk is full nothing is written and samples are counted. Then the archive goes
// on with a mark.
func TestFullDisk(t *testing.T) {
	c := newChain(t, t.TempDir())
	noon := time.Date(2026, 3, 8, 12, 0, 0, 0, time.Local)
	put(t, c, noon)
	c.rec.space.fill(syscall.ENOSPC)
	c.rec.space.fill(syscall.ENOSPC)
	put(t, c, noon.Add(time.Second), noon.Add(2*time.Second))
	ctx := t.Context()
	culled := make(chan struct{}, 100)
	go c.rec.space.watch(ctx, func() { culled <- struct{}{} })
	<-culled
	require.Eventually(t, func() bool { return !c.rec.space.full.Load() }, time.Minute, time.Millisecond)
	put(t, c, noon.Add(3*time.Second))
	require.NoError(t, c.Close())
	all := bases(t, c.rec.o.Dir)
	require.Len(t, all, 1)
	steps, marks := times(t, all[0])
	assert.Len(t, steps, 2)
	assert.Len(t, marks, 1)
	assert.Equal(t, int64(2), c.rec.space.Lost())
}

// An archive that cannot hold a record gives way to a new one, and a fault is not final.
func TestFaults(t *testing.T) {
	c := newChain(t, t.TempDir())
	noon := time.Date(2026, 3, 8, 12, 0, 0, 0, time.Local)
	put(t, c, noon)
	other := stepAt(noon.Add(time.Second))
	desc := *stepMetric.Desc
	desc.Type, desc.Sem = pcp.TypeDouble, pcp.SemCounter // the same number for another metric
	metric := *stepMetric
	metric.Desc = &desc
	other.Metrics[0].Metric = &metric
	require.NoError(t, c.Put(other))
	require.NoError(t, c.Flush())
	c.rec.closing.wait()
	require.Len(t, bases(t, c.rec.o.Dir), 2)
	assert.Zero(t, c.rec.space.Lost())

	require.NoError(t, os.RemoveAll(filepath.Join(c.rec.o.Dir, "h")))
	c.check()
	assert.Nil(t, c.app, "somebody removed the archive")
	require.NoError(t, os.WriteFile(filepath.Join(c.rec.o.Dir, "h"), nil, 0o644))
	put(t, c, noon.Add(2*time.Second), noon.Add(3*time.Second))
	assert.Equal(t, int64(2), c.rec.space.Lost())
	require.NoError(t, os.Remove(filepath.Join(c.rec.o.Dir, "h")))
	c.retry = time.Time{}
	put(t, c, noon.Add(4*time.Second))
	require.NoError(t, c.Close())
	assert.Len(t, bases(t, c.rec.o.Dir), 1)
}
