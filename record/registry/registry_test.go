package registry_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/registry"
)

// Whoever comes first after a restart, everything keeps its number.
func TestNumbersLast(t *testing.T) {
	for _, kill := range []bool{false, true} {
		b := newBench(t)
		before := b.numbers([]string{"a-b", "a.b", "control"}, []string{"m", "m_n", "up"}, []string{"1", "2"})
		assert.Len(t, before, 3+9+18)
		b.restart(kill)
		after := b.numbers([]string{"new", "control", "a.b", "a-b"}, []string{"zz", "up", "m_n", "m"}, []string{"0", "2", "1"})
		for what, number := range before {
			assert.Equal(t, number, after[what], what)
		}
	}
}

// Sources of the same job share metrics and instances, and what one of them has is there
// as long as one uses it.
func TestSharedByAllTargets(t *testing.T) {
	b := newBench(t)
	one, two := b.source("web"), b.source("web")
	m1, m2 := b.metric(one, "web", "m"), b.metric(two, "web", "m")
	in := b.instance(m1, "1")
	assert.Same(t, in, b.instance(m2, "1"))
	assert.Same(t, m1.Domain([]*mapper.Instance{in}), m2.Domain([]*mapper.Instance{in}))
	assert.Equal(t, registry.Stats{Sources: 1, Metrics: 1, Instances: 1}, b.reg.Stats())
	m1.Forget(in)
	m1.Release()
	one.Release()
	b.now = b.now.Add(365 * 24 * time.Hour)
	require.NoError(t, b.reg.Sweep())
	assert.Equal(t, registry.Stats{Sources: 1, Metrics: 1, Instances: 1}, b.reg.Stats())
	m2.Forget(in)
	assert.Equal(t, registry.Stats{Sources: 1, Metrics: 1, Gone: 1}, b.reg.Stats())
}

// What vanished for longer than the retention is forgotten, and only then its numbers
// go to others.
func TestForgetting(t *testing.T) {
	b := newBench(t)
	old := b.source("old")
	oldMetric := b.metric(old, "old", "m")
	number := oldMetric.Desc().PMID
	oldMetric.Forget(b.instance(oldMetric, "1"))
	oldMetric.Release()
	old.Release()

	b.now = b.now.Add(13 * 24 * time.Hour)
	b.restart(false)
	second := b.source("second")
	assert.NotEqual(t, number.Cluster(), b.metric(second, "second", "m").Desc().PMID.Cluster())

	b.now = b.now.Add(2 * 24 * time.Hour)
	require.NoError(t, b.reg.Sweep())
	assert.Equal(t, registry.Stats{Sources: 1, Metrics: 1}, b.reg.Stats())
	third := b.source("third")
	assert.Equal(t, number, b.metric(third, "third", "m").Desc().PMID)
}

// After a crash nobody knows when something vanished, so it counts as seen.
func TestCrashPostponesForgetting(t *testing.T) {
	b := newBench(t)
	src := b.source("web")
	m := b.metric(src, "web", "m")
	m.Release()
	src.Release()
	b.restart(false)
	src = b.source("web")
	m = b.metric(src, "web", "m")
	require.NoError(t, b.reg.Sync())
	b.now = b.now.Add(20 * 24 * time.Hour)
	b.open() // the first one was killed
	assert.Equal(t, 1, b.reg.Stats().Metrics)
	assert.Equal(t, m.Desc().PMID, b.metric(b.source("web"), "web", "m").Desc().PMID)
}

// A job with more metrics than a cluster has items goes on in further clusters.
func TestFurtherClusters(t *testing.T) {
	b := newBench(t)
	web, other := b.source("web"), b.source("other")
	seen := map[pcp.PMID]bool{}
	for i := range 2*mapper.ItemsPerCluster + 1 {
		seen[b.metric(web, "web", fmt.Sprint("m", i)).Desc().PMID] = true
	}
	assert.Len(t, seen, 2*mapper.ItemsPerCluster+1)
	assert.Equal(t, uint32(2), b.metric(other, "other", "m").Desc().PMID.Cluster())
	assert.Equal(t, uint32(4), b.metric(web, "web", fmt.Sprint("m", 2*mapper.ItemsPerCluster)).Desc().PMID.Cluster())
	b.restart(true)
	web = b.source("web")
	for i := range 2*mapper.ItemsPerCluster + 1 {
		assert.Contains(t, seen, b.metric(web, "web", fmt.Sprint("m", i)).Desc().PMID)
	}
	next := b.metric(web, "web", "one more").Desc()
	assert.NotContains(t, seen, next.PMID)
	assert.Equal(t, uint32(4), next.PMID.Cluster())
}

func TestNoClusterLeft(t *testing.T) {
	b := newBench(t)
	for i := range mapper.MaxCluster {
		b.source(fmt.Sprint("s", i))
	}
	_, err := b.reg.Source("one too many")
	require.ErrorIs(t, err, mapper.ErrNumbers)
	assert.Equal(t, mapper.MaxCluster, b.reg.Stats().Sources)
}

// Targets that come and go use up no numbers and no memory.
func TestComingAndGoing(t *testing.T) {
	b := newBench(t)
	type target struct {
		src mapper.SourceNumbers
		m   mapper.MetricNumbers
		in  []*mapper.Instance
	}
	var alive []target
	for range 20_000 {
		tg := target{src: b.source("web")}
		tg.m = b.metric(tg.src, "web", "m")
		for _, v := range []string{"1", "2", "3"} {
			tg.in = append(tg.in, b.instance(tg.m, v))
		}
		if alive = append(alive, tg); len(alive) > 50 {
			for _, in := range alive[0].in {
				alive[0].m.Forget(in)
			}
			alive[0].m.Release()
			alive[0].src.Release()
			alive = alive[1:]
		}
	}
	assert.Equal(t, registry.Stats{Sources: 1, Metrics: 1, Instances: 3}, b.reg.Stats())
	require.NoError(t, b.reg.Sync())
	info, err := os.Stat(b.file())
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(1000))
}

// Labels that never repeat fill neither memory nor disk, and no number serves twice.
func TestLabelsThatNeverRepeat(t *testing.T) {
	b := newBench(t)
	m := b.metric(b.source("web"), "web", "m")
	const many = 60_000
	used := make(map[pcp.InstID]bool, many)
	for i := range many {
		in := b.instance(m, fmt.Sprintf("a value that is somewhat longer than a number %d", i))
		used[in.ID] = true
		m.Forget(in)
		if i%1000 == 0 {
			require.NoError(t, b.reg.Sync())
		}
	}
	assert.Len(t, used, many)
	assert.Equal(t, 10_000, b.reg.Stats().Gone)
	info, err := os.Stat(b.file())
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(5<<20))
	for _, kill := range []bool{true, false} {
		b.restart(kill)
		m = b.metric(b.source("web"), "web", "m")
		assert.NotContains(t, used, b.instance(m, fmt.Sprint("new", kill)).ID)
	}
}

// A metric fits if the page declares the same unit or none; another unit, type or domain
// is another metric.
func TestShapes(t *testing.T) {
	b := newBench(t)
	src := b.source("web")
	id := mapper.MetricID{Sample: "m", Family: "m", Type: "gauge"}
	get := func(change func(id *mapper.MetricID, d *meta.Desc, unit *string)) *meta.Desc {
		id, d, unit := id, want("web", "m"), ""
		change(&id, d, &unit)
		m, err := src.Metric(id, d, unit)
		require.NoError(t, err)
		return m.Desc()
	}
	first := get(func(*mapper.MetricID, *meta.Desc, *string) {})
	assert.Same(t, first, get(func(*mapper.MetricID, *meta.Desc, *string) {}))
	assert.Same(t, first, get(func(_ *mapper.MetricID, _ *meta.Desc, unit *string) { *unit = "ratio" }))
	seconds := get(func(_ *mapper.MetricID, d *meta.Desc, unit *string) {
		*unit, d.Units = "seconds", pcp.Units{DimTime: 1, ScaleTime: pcp.TimeSec}
	})
	assert.Equal(t, "openmetrics.web.m_2", seconds.Name())
	single := get(func(id *mapper.MetricID, d *meta.Desc, _ *string) { id.Singular, d.InDom = true, pcp.InDomNull })
	assert.Equal(t, pcp.InDomNull, single.InDom)
	counter := get(func(id *mapper.MetricID, d *meta.Desc, _ *string) { id.Type, d.Sem = "counter", pcp.SemCounter })
	exemplars := get(func(id *mapper.MetricID, d *meta.Desc, _ *string) {
		id.Encoding, d.Type, d.InDom = "exemplar", pcp.TypeHighResEvent, counter.InDom
	})
	assert.Equal(t, counter.InDom, exemplars.InDom)
	assert.Len(t, map[string]bool{first.Name(): true, seconds.Name(): true, single.Name(): true, counter.Name(): true, exemplars.Name(): true}, 5)
}
