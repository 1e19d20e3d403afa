package scrape_test

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// tick is the interval of the tests: long enough for a scrape on a busy machine.
const tick = 500 * time.Millisecond

func TestRecordsOnePagePerRecord(t *testing.T) {
	t.Parallel()
	p := &page{body: "# HELP a first line\\nsecond\n# TYPE a counter\na{x=\"1\"} 5\na{x=\"2\"} 6\nb NaN\nc -0\n"}
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: serve(t, p), Name: "web"})
	s.waitMore(3)
	r := s.finish()

	steps := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		steps++
		if texts, _ := statusesOf(step); len(texts) == 1 && texts[0] == "success" { // else the machine was busy
			assert.Len(t, step.Metrics, 3+10, "the page's metrics and the health of the scrape")
		}
	}
	assert.EqualValues(t, s.rec.Stats().Scrapes, steps)
	assert.LessOrEqual(t, p.count(), steps+1, "the last scrape may have ended with the recording")

	got := flattened(t, r, flatten.Options{NoHealth: true})
	assert.Len(t, got, 4)
	assert.Equal(t, 5.0, got[`a x="1"`][0].v)
	assert.True(t, math.IsNaN(got["b"][0].v))
	assert.True(t, math.Signbit(got["c"][0].v))

	d, ok := r.Meta().Lookup("openmetrics.web.a")
	require.True(t, ok)
	assert.Equal(t, pcp.SemCounter, d.Sem)
	assert.Equal(t, "144.1.0", d.PMID.String())
	assert.Equal(t, "144.5120", d.InDom.String(), "as the reference numbers source 1, metric 0")
	assert.Equal(t, "first line", r.Meta().OneLine(d.PMID))
	assert.Equal(t, "first line\nsecond", r.Meta().Help(d.PMID))
}

// Series come and go: their instances enter and leave the domain.
func TestInstancesComeAndGo(t *testing.T) {
	t.Parallel()
	p := &page{body: "a{x=\"1\"} 1\na{x=\"2\"} 2\n"}
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: serve(t, p), Name: "web"})
	s.waitMore(2)
	for _, body := range []string{"a{x=\"2\"} 2\na{x=\"3\"} 3\n", "other 1\n", "a{x=\"1\"} 4\n"} {
		p.set(body)
		s.waitMore(3)
	}
	r := s.finish()
	d, ok := r.Meta().Lookup("openmetrics.web.a")
	require.True(t, ok)
	var versions []string
	for in := range r.Meta().InDomVersions(d.InDom) {
		var names []string
		for _, inst := range in.Instances {
			names = append(names, inst.Name)
		}
		versions = append(versions, strings.Join(names, ","))
	}
	assert.Equal(t, []string{"0 x:1,1 x:2", "1 x:2,2 x:3", "0 x:1"}, slices.Compact(versions), "numbers are kept and not reused")
	got := flattened(t, r, flatten.Options{NoHealth: true})
	last := func(key string) float64 { return got[key][len(got[key])-1].v }
	assert.Equal(t, 4.0, last(`a x="1"`))
	assert.True(t, prom.IsStale(last(`a x="2"`)))
	assert.True(t, prom.IsStale(last(`a x="3"`)))
	assert.True(t, prom.IsStale(last("other")))
}

// Samples with times of their own are recorded at those, once.
func TestOwnTimes(t *testing.T) {
	t.Parallel()
	old := time.Now().Add(-time.Hour).UnixMilli()
	p := &page{body: fmt.Sprintf("a{x=\"1\"} 1 %d\na{x=\"2\"} 2 %d\nb 3\n", old, old+500)}
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: serve(t, p), Name: "web"})
	s.waitMore(3)
	p.set(fmt.Sprintf("a{x=\"1\"} 9 %d\nb 3\n", old+1000))
	s.waitMore(3)
	got := flattened(t, s.finish(), flatten.Options{NoHealth: true})
	require.NotEmpty(t, got[`a x="1"`])
	assert.Equal(t, timedValue{old, 1}, got[`a x="1"`][0])
	assert.Equal(t, []timedValue{{old + 500, 2}}, got[`a x="2"`][:1])
	require.Len(t, got[`a x="1"`], 2, "the same time is not recorded again")
	assert.Equal(t, 9.0, got[`a x="1"`][1].v, "a later value keeps its value")
	assert.Greater(t, got[`a x="1"`][1].t, old+1000, "and gets the scrape's time: the archive has passed its own")
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossTooOld, Name: "a", Count: 1}}, s.report.Losses())
}

// A sample with a time between the beginning of its scrape and the reply is recorded at that
// time. One that is ahead of the clock gets the scrape's time.
func TestOwnTimesOfNow(t *testing.T) {
	t.Parallel()
	var sent sync.Map
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{Name: "web", URL: serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(3 * time.Millisecond)
		now := time.Now()
		sent.Store(now.UnixMilli(), true)
		time.Sleep(3 * time.Millisecond)
		_, _ = fmt.Fprintf(w, "a{x=\"1\"} 1 %d\nb 3\nc 4 %d\n", now.UnixMilli(), now.Add(time.Minute).UnixMilli())
	}))})
	s.waitMore(3)
	r := s.finish()
	got := flattened(t, r, flatten.Options{NoHealth: true})
	require.GreaterOrEqual(t, len(got[`a x="1"`]), 3)
	for _, v := range got[`a x="1"`] {
		if !prom.IsStale(v.v) {
			_, ok := sent.Load(v.t)
			assert.True(t, ok, "%d is a time of a page", v.t)
		}
	}
	assert.Len(t, got["c"], len(got["b"]))
	for i := range got["c"] {
		assert.Equal(t, got["b"][i].t, got["c"][i].t)
	}
	for _, l := range s.report.Losses() {
		assert.Equal(t, "c", l.Name)
	}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		assert.False(t, step.Mark)
	}
}

// Every scrape of many slow endpoints is recorded and none is missed.
func TestManyEndpoints(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes six seconds")
	}
	const n, rounds = 200, 3
	pages := make([]*page, n)
	endpoints := make([]scrape.Endpoint, n)
	for i := range pages {
		name := fmt.Sprintf("e%d", i)
		pages[i] = &page{body: fmt.Sprintf("a{x=\"1\"} %d\nb 2\n", i), delay: 50 * time.Millisecond, query: "of=" + name}
		endpoints[i] = scrape.Endpoint{URL: serve(t, pages[i]) + "?" + pages[i].query, Name: name}
	}
	s := start(t, scrape.Settings{Interval: 2 * time.Second}, endpoints...)
	s.wait(n * rounds)
	r := s.finish()
	recorded := map[string]int{}
	var prior pcp.Timestamp
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		require.False(t, step.Stamp.Before(prior))
		prior = step.Stamp
		for _, mv := range step.Metrics {
			if mv.Metric.Name != "openmetrics.control.up" {
				continue
			}
			require.Len(t, mv.Points, 1, "one scrape is one record")
			recorded[mv.Points[0].Series.Inst.Name]++
		}
	}
	total := 0
	for i, p := range pages {
		name := endpoints[i].Name
		total += recorded[name]
		// The last scrape may have ended with the recording. On a busy machine some
		// run out of time and are recorded as failed.
		assert.LessOrEqual(t, p.count(), recorded[name]+1, "scrapes of %s", name)
	}
	assert.EqualValues(t, s.rec.Stats().Scrapes, total)
	assert.GreaterOrEqual(t, total, n*rounds)
	requireNothingVanished(t, s, r)
}
