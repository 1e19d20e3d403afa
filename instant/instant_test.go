package instant_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestValuesAtInstants goes through the rules.
func TestValuesAtInstants(t *testing.T) {
	dir := t.TempDir()
	r := record(t, dir, "a", 10)
	r.instances(10, 1, 2, 3)
	r.put(10, "once 4", "release v1", "disk 1=10 2=20 3=30")
	r.put(11, "load 1=1 2=2 3=3", "bytes 100")
	r.put(20, "load 1=4 2=5", "bytes 200") // 3 has ended: its group has 1 and 2
	r.put(30, "disk 3=33")
	r.instances(40, 1, 3)
	r.put(40, "load 1=6", "bytes error")
	r.mark(50)
	r.put(60, "bytes 7")
	require.NoError(t, r.Close())
	s := instant.Host(host(t, dir).Sets()[0])
	for sec, want := range map[int64]string{
		9:  "",
		10: "disk.size i1=10@10 i2=20@10 i3=30@10\nhinv.ncpu 4@10\nuname.release v1@10",
		11: "disk.bytes 100@11\ndisk.size i1=10@10 i2=20@10 i3=30@10\nhinv.ncpu 4@10\nkernel.load i1=1@11 i2=2@11 i3=3@11\nuname.release v1@10",
		25: "disk.bytes 200@20\ndisk.size i1=10@10 i2=20@10 i3=30@10\nhinv.ncpu 4@10\nkernel.load i1=4@20 i2=5@20\nuname.release v1@10",
		30: "disk.bytes 200@20\ndisk.size i3=33@30\nhinv.ncpu 4@10\nkernel.load i1=4@20 i2=5@20\nuname.release v1@10",
		45: "disk.size i3=33@30\nhinv.ncpu 4@10\nkernel.load i1=6@40\nuname.release v1@10",
		50: "",
		60: "disk.bytes 7@60",
		99: "disk.bytes 7@60",
	} {
		assert.Equal(t, want, values(t, instant.NewCache(instant.Options{}), s, sec), "at %d", sec)
	}
	// One cache gives the same in any order.
	c := instant.NewCache(instant.Options{})
	for _, sec := range []int64{60, 25, 45, 10, 30, 11, 9, 50, 25, 60} {
		assert.Equal(t, values(t, instant.NewCache(instant.Options{}), s, sec), values(t, c, s, sec), "at %d", sec)
	}
	assert.Equal(t, "hinv.ncpu 4@10", values(t, c, s, 45, once, pcp.NewPMID(1, 1, 1)))
	assert.Empty(t, values(t, c, instant.Subject{}, 45))
}

// TestOneReadingForABatch counts the readings.
func TestOneReadingForABatch(t *testing.T) {
	dir := t.TempDir()
	r := record(t, dir, "a", 10)
	r.instances(10, 1)
	r.put(10, "once 4", "release v1", "disk 1=10")
	for sec := range int64(100) {
		r.put(11+sec, "load 1=1", "bytes 100")
	}
	require.NoError(t, r.Close())
	s := instant.Host(host(t, dir).Sets()[0])
	c := instant.NewCache(instant.Options{})
	count := func(readings, hits int64) {
		t.Helper()
		assert.Equal(t, instant.Counts{Readings: readings, Hits: hits}, c.Counts())
	}
	assert.Equal(t, "disk.bytes 100@50\nhinv.ncpu 4@10\nkernel.load i1=1@50", values(t, c, s, 50, once, bytes, load))
	count(1, 0)
	values(t, c, s, 50, once, bytes, load)
	values(t, c, s, 50, bytes)
	count(1, 2)
	assert.Equal(t, "hinv.ncpu 4@10\nuname.release v1@10", values(t, c, s, 50, once, release))
	count(2, 2) // for the release alone
	values(t, c, s, 50)
	count(3, 2)
	values(t, c, s, 50, disks)
	values(t, c, s, 50)
	count(3, 4)
	values(t, c, s, 51)
	count(4, 4)
}

// TestGrowingArchive reads only what is new, and keeps metrics and series.
func TestGrowingArchive(t *testing.T) {
	dir := t.TempDir()
	r := record(t, dir, "a", 10)
	r.instances(10, 1, 2)
	r.put(10, "once 4", "load 1=1 2=2")
	require.NoError(t, r.Flush())
	h := host(t, dir)
	c := instant.NewCache(instant.Options{})
	latest := func() *instant.Values {
		t.Helper()
		next, _, err := h.Refresh(context.Background())
		require.NoError(t, err)
		h = next
		v, err := c.At(context.Background(), instant.Host(h.Sets()[0]), instant.Latest, nil)
		require.NoError(t, err)
		return v
	}
	before := latest()
	assert.Equal(t, "hinv.ncpu 4@10\nkernel.load i1=1@10 i2=2@10", show(before))
	assert.Same(t, before, latest())
	r.put(20, "load 1=3 2=4")
	require.NoError(t, r.Flush())
	now := latest()
	assert.Equal(t, "hinv.ncpu 4@10\nkernel.load i1=3@20 i2=4@20", show(now))
	for _, id := range []pcp.PMID{load, once} {
		assert.Same(t, before.Metric(id).Metric, now.Metric(id).Metric)
		assert.Same(t, before.Metric(id).Points[0].Series, now.Metric(id).Points[0].Series)
	}
	r.instances(30, 2, 3)
	r.put(30, "load 2=5 3=6")
	require.NoError(t, r.Flush())
	assert.Equal(t, "hinv.ncpu 4@10\nkernel.load i2=5@30 i3=6@30", show(latest()))
	require.NoError(t, r.Close())

	next := record(t, dir, "b", 40)
	next.instances(40, 2, 3)
	next.put(40, "load 2=7 3=8")
	require.NoError(t, next.Close())
	assert.Equal(t, "kernel.load i2=7@40 i3=8@40", show(latest()), "a mark ends the values of the former archive")

	other := record(t, dir, "c", 35) // began before the last record and appears late
	other.put(35, "once 9", "release v2")
	other.put(45, "bytes 1")
	require.NoError(t, other.Close())
	now = latest()
	assert.Equal(t, values(t, instant.NewCache(instant.Options{}), instant.Host(h.Sets()[0]), 1000), show(now))
	assert.Contains(t, show(latest()), "hinv.ncpu 9@35")

	require.NoError(t, os.Remove(filepath.Join(dir, "c.0")))
	now = latest()
	assert.Equal(t, values(t, instant.NewCache(instant.Options{}), instant.Host(h.Sets()[0]), 1000), show(now))
	assert.NotContains(t, show(latest()), "hinv.ncpu 9@35")
}

// TestMetadataAtInstant takes the metadata of the instant, which PCP writes later than the
// first values.
func TestMetadataAtInstant(t *testing.T) {
	dir := t.TempDir()
	r := record(t, dir, "a", 10)
	r.instances(10, 1)
	r.put(10, "once 4", "load 1=1")
	for level, ident := range map[labelset.Level]uint32{
		labelset.Domain: 60, labelset.Cluster: uint32(once.ClusterID()), labelset.Item: uint32(once), labelset.InDom: uint32(domain),
	} {
		set, err := labelset.Parse(fmt.Sprintf(`{"l%d":%d}`, level, level), level)
		require.NoError(t, err)
		require.NoError(t, r.SetLabels(&meta.Labels{Stamp: at(11), Level: level, Ident: ident, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}))
	}
	set, err := labelset.Parse(`{"own":true}`, labelset.Instances)
	require.NoError(t, err)
	require.NoError(t, r.SetLabels(&meta.Labels{Stamp: at(11), Level: labelset.Instances, Ident: uint32(domain), Sets: []labelset.Instance{{Inst: 1, Set: set}}}))
	r.put(12, "bytes 1")
	require.NoError(t, r.Close())
	c := instant.NewCache(instant.Options{})
	v, err := c.At(context.Background(), instant.Host(host(t, dir).Sets()[0]), instant.Latest, nil)
	require.NoError(t, err)
	labels := func(id pcp.PMID) string {
		merged, err := v.Metric(id).Points[0].Series.Merged()
		require.NoError(t, err)
		return merged.JSON()
	}
	assert.Equal(t, `{"hostname":"web1","l16":16,"l2":2,"l8":8}`, labels(once))
	assert.Equal(t, `{"hostname":"web1","l2":2,"l4":4,"own":true}`, labels(load))
}

// TestBounded forgets what was not used, and refuses too many values.
func TestBounded(t *testing.T) {
	dir := t.TempDir()
	r := record(t, dir, "a", 10)
	r.instances(10, 1, 2, 3)
	r.put(10, "load 1=1 2=2 3=3", "release "+strings.Repeat("x", 1000))
	require.NoError(t, r.Close())
	set := host(t, dir).Sets()[0]
	c := instant.NewCache(instant.Options{MaxBytes: 1000})
	whole, one := instant.Host(set), instant.Archive(set, set.Archives()[0].Base)
	values(t, c, whole, 10)
	values(t, c, one, 10)
	values(t, c, whole, 10)
	assert.Equal(t, instant.Counts{Readings: 3}, c.Counts())
	assert.Less(t, c.Bytes(), int64(5000))

	few := instant.NewCache(instant.Options{MaxValues: 2})
	_, err := few.At(context.Background(), whole, at(10), nil)
	var many *instant.TooManyError
	require.ErrorAs(t, err, &many)
	assert.ErrorContains(t, err, "web1")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = c.At(ctx, whole, at(9), nil)
	require.ErrorIs(t, err, context.Canceled)
}

// TestSample reads one archive with every kind of value.
func TestSample(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := archtest.Sample(t, v)
		h, err := store.Open([]string{base}, nil)
		require.NoError(t, err)
		s := instant.Archive(h.Sets()[0], base)
		assert.Equal(t, "sample.example", s.Host())
		c := instant.NewCache(instant.Options{})
		vals, err := c.At(context.Background(), s, archtest.Start.Add(2_500_000_000), nil)
		require.NoError(t, err)
		assert.Equal(t, archtest.Start.Add(2_000_000_000), vals.Stamp)
		assert.Equal(t, 5, vals.Len())
		assert.Len(t, vals.Steps()[0].Metrics, 4)
		vals, err = c.At(context.Background(), s, instant.Latest, nil)
		require.NoError(t, err)
		assert.Equal(t, pcp.ErrnoAgain, vals.Metric(archtest.Count.PMID).Err)
		assert.Zero(t, vals.Len())
	})
}
