package overview

import (
	"context"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func TestOf(t *testing.T) {
	r, err := New(Options{}).Of(t.Context(), stalled(t), Request{Steps: 60})
	require.NoError(t, err)
	require.Len(t, r.Hosts, 1)
	h := r.Hosts[0]
	assert.Equal(t, "web1", h.Name)
	require.NotEmpty(t, h.Worst)
	worst := h.Worst[0]
	assert.Equal(t, "14:05–14:20 disk sda saturated (98 % busy, await 210 ms), load 38", worst.Words)
	assert.Equal(t, "disk_busy", worst.Rule.Name)
	assert.Equal(t, "sda", worst.Instance)
	assert.Equal(t, `rate(disk_dev_avactive{hostname="web1",instname="sda"}[1m]) / 10`, worst.Query)
	assert.Len(t, h.Worst, 1, "the load and the waiting belong to it")
	assert.InDelta(t, 1, h.Level[10], 1e-9)
	assert.Equal(t, "disk_busy", r.Rules[h.Cause[10]].Name)
	assert.Less(t, h.Level[40], 0.5)
	assert.Equal(t, []Span{{begin.UnixMilli(), begin.Add(time.Hour - 10*time.Second).UnixMilli()}}, h.Covered)
	var missing []string
	for _, m := range h.Missing {
		missing = append(missing, m.Rule.Name)
		if m.Rule.Name == "cpu_busy" {
			assert.Equal(t, []string{"kernel_all_cpu_idle", "kernel_all_cpu_wait_total"}, m.Metrics)
		}
	}
	assert.Contains(t, missing, "cpu_busy")
	assert.NotContains(t, missing, "disk_busy")
}

// A track comes back from the folder as it was made.
func TestKeptTrack(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, filepath.Join(dir, "web1"), "web1")
	h.record(t, 60)
	require.NoError(t, h.b.Close())
	age(t, dir)
	sets := openSets(t, dir)
	folder := cachedir.Open(t.TempDir(), 0)
	first, second := New(Options{Dir: folder}), New(Options{Dir: folder})
	want, err := first.Of(t.Context(), sets, Request{})
	require.NoError(t, err)
	got, err := second.Of(t.Context(), sets, Request{})
	require.NoError(t, err)
	assert.Equal(t, []Counts{{Read: 1}, {Kept: 1}}, []Counts{first.Counts(), second.Counts()})
	assert.Equal(t, want.Hosts[0].Worst, got.Hosts[0].Worst)
	a := sets[0].Archives()[0]
	made, err := first.Track(t.Context(), sets[0], a, true)
	require.NoError(t, err)
	kept, err := second.Track(t.Context(), sets[0], a, true)
	require.NoError(t, err)
	assert.Equal(t, made, kept)
}

// TestGrowth wants the track of an archive that grows to be that of the whole archive,
// although only what was added is read.
func TestGrowth(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "web1")
	h := newHost(t, base, "web1")
	h.record(t, 8)
	require.NoError(t, h.b.Appender().Flush())
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	c := New(Options{})
	first, err := c.Of(t.Context(), hosts.Sets(), Request{})
	require.NoError(t, err)
	assert.Equal(t, "14:05:00–14:07:50 disk sda saturated (98 % busy, await 210 ms), load 38", first.Hosts[0].Worst[0].Words)

	h.record(t, 52)
	require.NoError(t, h.b.Close())
	hosts, changed, err := hosts.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	got, err := c.Of(t.Context(), hosts.Sets(), Request{})
	require.NoError(t, err)
	want, err := New(Options{}).Of(t.Context(), hosts.Sets(), Request{})
	require.NoError(t, err)
	require.NotEmpty(t, got.Hosts[0].Worst)
	assert.Equal(t, "14:05–14:20 disk sda saturated (98 % busy, await 210 ms), load 38", got.Hosts[0].Worst[0].Words)
	assert.Equal(t, want.Hosts[0].Covered, got.Hosts[0].Covered)
	assert.Equal(t, want.Hosts[0].Missing, got.Hosts[0].Missing)
	assert.EqualValues(t, 2, c.Counts().Read)
	again, err := c.Of(t.Context(), hosts.Sets(), Request{})
	require.NoError(t, err)
	assert.Equal(t, got.Hosts[0].Level, again.Hosts[0].Level)
	assert.EqualValues(t, 1, c.Counts().Kept, "nothing has grown")
}

// A cancelled reading goes on where it was.
func TestCancelled(t *testing.T) {
	sets := stalled(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := New(Options{})
	_, err := c.Of(ctx, sets, Request{})
	require.ErrorIs(t, err, context.Canceled)
	got, err := c.Of(t.Context(), sets, Request{})
	require.NoError(t, err)
	want, err := New(Options{}).Of(t.Context(), sets, Request{})
	require.NoError(t, err)
	assert.Equal(t, want.Hosts[0].Worst, got.Hosts[0].Worst)
}

// A mark and a pause leave their time without a level, and no rate reaches across a mark.
func TestGaps(t *testing.T) {
	dir := t.TempDir()
	b, err := archive.NewBuilder(filepath.Join(dir, "db1"), "db1", &archive.WriteOptions{AsIs: true})
	require.NoError(t, err)
	busy := b.Metric("disk.dev.avactive", pcp.TypeU32, pcp.SemCounter, pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}, "sda")
	ms := 0
	record := func(minute, minutes int) {
		for i := 6 * minute; i < 6*(minute+minutes); i++ {
			busy.Set(ms)
			ms += 100
			require.NoError(t, b.Record(begin.Add(time.Duration(i)*10*time.Second)))
		}
	}
	record(0, 10)
	require.NoError(t, b.Appender().Mark(pcp.TimestampOf(begin.Add(9*time.Minute+51*time.Second))))
	ms += 10_000_000
	record(20, 10)
	ms += 40 * 60 * 100 // the counter goes on while nothing is recorded
	record(70, 10)
	require.NoError(t, b.Close())
	r, err := New(Options{}).Of(t.Context(), openSets(t, dir), Request{Start: begin, End: begin.Add(80 * time.Minute), Steps: 80})
	require.NoError(t, err)
	h := r.Hosts[0]
	at := func(minute int) int64 { return begin.Add(time.Duration(minute) * time.Minute).UnixMilli() }
	assert.Equal(t, []Span{{at(0), at(10) - 10_000}, {at(20), at(30) - 10_000}, {at(70), at(80) - 10_000}}, h.Covered)
	assert.Equal(t, []int64{at(10) - 9000}, h.Marks)
	assert.Empty(t, h.Worst)
	for minute, level := range h.Level {
		covered := minute < 10 || minute >= 20 && minute < 30 || minute >= 70
		assert.Equal(t, !covered, math.IsNaN(level), "minute %d", minute)
		if covered {
			assert.Less(t, level, 0.5)
		}
	}
}

// The window decides what is seen, and each host is seen apart.
func TestWindow(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"web1", "web2"} {
		h := newHost(t, filepath.Join(dir, name), name)
		if name == "web2" {
			h.records = 6 * 30 // begins after the stall
		}
		h.record(t, 30)
		require.NoError(t, h.b.Close())
	}
	sets, c := openSets(t, dir), New(Options{})
	whole, err := c.Of(t.Context(), sets, Request{Steps: 60})
	require.NoError(t, err)
	require.Len(t, whole.Hosts, 2)
	assert.Equal(t, begin.UnixMilli(), whole.Start)
	assert.InDelta(t, 60_000, whole.Step, 200)
	assert.Len(t, whole.Hosts[0].Worst, 1)
	assert.Empty(t, whole.Hosts[1].Worst)
	assert.True(t, math.IsNaN(whole.Hosts[1].Level[10]))

	part, err := c.Of(t.Context(), sets[:1], Request{Start: begin.Add(10 * time.Minute), End: begin.Add(12 * time.Minute), Steps: 4})
	require.NoError(t, err)
	assert.Equal(t, "14:10–14:12 disk sda saturated (98 % busy, await 210 ms), load 38", part.Hosts[0].Worst[0].Words)
	later, err := c.Of(t.Context(), sets[:1], Request{Start: begin.Add(25 * time.Minute), End: begin.Add(27 * time.Minute)})
	require.NoError(t, err)
	assert.Empty(t, later.Hosts[0].Worst)
	none, err := c.Of(t.Context(), sets, Request{Start: begin.Add(99 * time.Hour), End: begin.Add(100 * time.Hour)})
	require.NoError(t, err)
	assert.Empty(t, none.Hosts[0].Covered)
	assert.Empty(t, none.Hosts[0].Missing, "nothing is known of that time")
	empty, err := c.Of(t.Context(), nil, Request{})
	require.NoError(t, err)
	assert.Empty(t, empty.Hosts)
}

// Memory is bounded: tracks that were not used for the longest time are forgotten.
func TestEviction(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		h := newHost(t, filepath.Join(dir, name), name)
		h.record(t, 2)
		require.NoError(t, h.b.Close())
	}
	age(t, dir)
	c := New(Options{MaxBytes: 4000})
	want, err := New(Options{}).Of(t.Context(), openSets(t, dir), Request{})
	require.NoError(t, err)
	for range 3 {
		got, err := c.Of(t.Context(), openSets(t, dir), Request{})
		require.NoError(t, err)
		assert.Equal(t, want.Hosts[2].Cause, got.Hosts[2].Cause)
		assert.LessOrEqual(t, c.Bytes(), int64(8000))
	}
}

// A metric with instances where a rule expects none costs that rule alone.
func TestMisfit(t *testing.T) {
	dir := t.TempDir()
	b, err := archive.NewBuilder(filepath.Join(dir, "old"), "old", &archive.WriteOptions{AsIs: true})
	require.NoError(t, err)
	physmem := b.Metric("mem.physmem", pcp.TypeU64, pcp.SemInstant, pcp.Units{}, "node0", "node1")
	available := b.Metric("mem.util.available", pcp.TypeU64, pcp.SemInstant, pcp.Units{})
	full := b.Metric("filesys.full", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}, "/dev/sda1", "/dev/loop0")
	for i := range 30 {
		physmem.Set(1000, 1000)
		available.Set(10)
		full.Set(99, 100)
		require.NoError(t, b.Record(begin.Add(time.Duration(i)*time.Minute)))
	}
	require.NoError(t, b.Close())
	age(t, dir)
	sets, folder := openSets(t, dir), cachedir.Open(t.TempDir(), 0)
	for range 2 { // made, and kept
		r, err := New(Options{Dir: folder}).Of(t.Context(), sets, Request{})
		require.NoError(t, err)
		h := r.Hosts[0]
		missing := map[string][]string{}
		for _, m := range h.Missing {
			missing[m.Rule.Name] = m.Metrics
		}
		assert.Equal(t, []string{"mem_physmem", "mem_util_available"}, missing["memory_used"])
		assert.NotContains(t, missing, "filesystem_full")
		require.Len(t, h.Worst, 1)
		assert.Equal(t, "14:00–14:29 file system /dev/sda1 full (99 % full)", h.Worst[0].Words)
	}
}
