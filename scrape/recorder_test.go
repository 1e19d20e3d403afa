package scrape_test

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
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

// A failed scrape leaves up at 0 and ends the series; the reason is said once.
func TestFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		settings scrape.Settings
		fail     func(*page)
		status   string
		code     uint64
	}{
		"http status": {fail: func(p *page) { p.status = 503 }, status: "server returned HTTP status 503 Service Unavailable", code: 503},
		"timeout": {settings: scrape.Settings{Timeout: tick}, fail: func(p *page) { p.delay = 3 * tick },
			status: "context deadline exceeded", code: 0},
		"not a page": {fail: func(p *page) { p.body = "<html>\n" }, status: "expected", code: 0},
		"too long": {settings: scrape.Settings{BodyLimit: 4096}, fail: func(p *page) { p.body = strings.Repeat("# long\n", 1000) },
			status: "body size limit exceeded", code: 0},
		"too many samples": {settings: scrape.Settings{Extra: []byte("sample_limit: 3")},
			fail: func(p *page) { p.body = "a 1\nb 2\nc 3\nd 4\n" }, status: "sample limit exceeded", code: 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &page{body: "a 1\nb{x=\"y\"} 2\n"}
			test.settings.Interval = tick
			s := start(t, test.settings, scrape.Endpoint{URL: serve(t, p), Name: "web"})
			s.waitMore(2)
			p.mu.Lock()
			test.fail(p)
			p.mu.Unlock()
			failed := func(n int64) func() bool { return func() bool { return s.rec.Stats().Failed >= n } }
			require.Eventually(t, failed(3), patience, time.Millisecond)
			p.mu.Lock()
			p.body, p.status, p.delay = "a 7\nb{x=\"y\"} 8\n", 0, 0
			p.mu.Unlock()
			s.waitMore(4)
			r := s.finish()

			got := flattened(t, r, flatten.Options{})
			for _, key := range []string{"a", `b x="y"`} {
				stale := 0
				for _, sm := range got[key] {
					if prom.IsStale(sm.v) {
						stale++
					}
				}
				assert.Equal(t, 1, stale, "%s ends once and is not drawn across the gap", key)
				assert.GreaterOrEqual(t, got[key][len(got[key])-1].v, 7.0, "%s comes back", key)
			}
			var up []float64
			for key, list := range got {
				if strings.HasPrefix(key, "up ") {
					for _, sm := range list {
						up = append(up, sm.v)
					}
				}
			}
			assert.Contains(t, up, 0.0)
			assert.Equal(t, 1.0, up[0])
			assert.Equal(t, 1.0, up[len(up)-1])
			texts, codes := statuses(t, r)
			assert.Equal(t, "success", texts[0])
			found := -1
			for i, text := range texts {
				if strings.Contains(text, test.status) {
					found = i
				}
			}
			require.GreaterOrEqual(t, found, 0, "%q in %q", test.status, texts)
			assert.Equal(t, test.code, codes[found])
			assert.Equal(t, 1, strings.Count(s.log.String(), "scrape fails"), s.log.String())
			assert.Equal(t, 1, strings.Count(s.log.String(), "scrape works again"), s.log.String())
		})
	}
}

// statuses returns the text and code of every scrape.
func statuses(t *testing.T, r *archive.Reader) (texts []string, codes []uint64) {
	t.Helper()
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		text, code := statusesOf(step)
		texts, codes = append(texts, text...), append(codes, code...)
	}
	return texts, codes
}

func statusesOf(step *history.Step) (texts []string, codes []uint64) {
	for _, mv := range step.Metrics {
		for _, p := range mv.Points {
			switch mv.Metric.Name {
			case "openmetrics.control.status":
				texts = append(texts, p.Value.Text())
			case "openmetrics.control.status_code":
				codes = append(codes, p.Value.Bits)
			}
		}
	}
	return texts, codes
}

// An endpoint that is not there yet is tried until it is. Its port is the test's
// from the beginning, so that nobody else can take it.
func TestKeepsTrying(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	late := &lateListener{Listener: l}
	server := &http.Server{Handler: &page{body: "a 1\n"}, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(late) }()
	defer server.Close()
	s := start(t, scrape.Settings{Interval: tick},
		scrape.Endpoint{URL: "http://" + l.Addr().String() + "/metrics", Name: "late"},
		scrape.Endpoint{URL: "http://no.such.host.invalid/metrics", Name: "never"})
	require.Eventually(t, func() bool {
		log := s.log.String()
		return s.rec.Stats().Failed >= 4 && strings.Contains(log, "source=late") && strings.Contains(log, "source=never")
	}, patience, time.Millisecond)
	assert.Zero(t, s.rec.Stats().Series)
	late.ready.Store(true)
	require.Eventually(t, func() bool { return s.rec.Stats().Series > 0 }, patience, time.Millisecond)
	got := flattened(t, s.finish(), flatten.Options{NoHealth: true})
	assert.NotEmpty(t, got["a"])
}

// lateListener hangs up on everybody until it is ready.
type lateListener struct {
	net.Listener
	ready atomic.Bool
}

func (l *lateListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.ready.Load() {
			return c, err
		}
		_ = c.Close()
	}
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
		pages[i] = &page{body: fmt.Sprintf("a{x=\"1\"} %d\nb 2\n", i), delay: 50 * time.Millisecond}
		endpoints[i] = scrape.Endpoint{URL: serve(t, pages[i]), Name: fmt.Sprintf("e%d", i)}
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

func TestConfigRefuses(t *testing.T) {
	for _, test := range []struct{ name, url, extra, want string }{
		{"web", "ftp://x/metrics", "", "not an http or https URL"},
		{"9web", "http://x/metrics", "", "want a letter"},
		{"control", "http://x/metrics", "", "not control"},
		{"web", "http://x/metrics", "no_such_setting: 1", "no_such_setting"},
		{"web", "http://x/metrics", "- [", "scrape settings"},
		{"web", "http://x/metrics", "static_configs: [{targets: [y]}]", "static_configs: the targets are the URLs"},
		{"web", "http://x/metrics", "job_name: y", "job_name: give the name with the URL"},
		{"web", "http://x/metrics", "metrics_path: /y", "metrics_path: the URL http://x/metrics sets it"},
		{"web", "http://x/metrics", "scheme: https", "scheme: the URL"},
		{"web", "http://x/?a=b", "params: {c: [d]}", "params: the URL http://x/?… sets it"},
		{"web", "http://u:p@x/", "basic_auth: {username: c}", "basic_auth: the URL http://…@x/ sets it"},
		{"web", "http://x/metrics", "scrape_interval: 5s", "--interval sets it"},
		{"web", "http://x/metrics", "nosuch_sd_configs: []", "nosuch_sd_configs: this program does not know that discovery; it has dns_sd_configs"},
	} {
		_, err := scrape.Config([]scrape.Endpoint{{URL: test.url, Name: test.name}},
			scrape.Settings{Interval: time.Second, Extra: []byte(test.extra)}, nil)
		assert.ErrorContains(t, err, test.want)
	}
	cfg, err := scrape.Config([]scrape.Endpoint{{URL: "http://a/"}}, scrape.Settings{Interval: 1500 * time.Millisecond}, nil)
	require.NoError(t, err, "an interval of fractions of a second")
	assert.Equal(t, 1500*time.Millisecond, time.Duration(cfg.ScrapeConfigs[0].ScrapeInterval))
	_, err = scrape.Config([]scrape.Endpoint{{URL: "http://a/", Name: "x"}, {URL: "http://b/", Name: "x"}},
		scrape.Settings{Interval: time.Second}, nil)
	assert.ErrorContains(t, err, "used twice")
	cfg, err = scrape.Config([]scrape.Endpoint{{URL: "http://a"}}, scrape.Settings{Interval: time.Second, Extra: []byte("metrics_path: /m\nparams: {c: [d]}")}, nil)
	require.NoError(t, err, "what the URL leaves open")
	assert.Equal(t, "/m", cfg.ScrapeConfigs[0].MetricsPath)
	_, err = scrape.Config([]scrape.Endpoint{{URL: "http://a/"}, {URL: "http://b/"}},
		scrape.Settings{Interval: time.Second, Extra: []byte("file_sd_configs: [{files: [x.json]}]")}, nil)
	assert.ErrorContains(t, err, "file_sd_configs: targets that are found would belong to each of the 2 URLs")
}

// Secrets in a URL are used and not recorded.
func TestSecretsStayOut(t *testing.T) {
	var user, pass, query string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ = r.BasicAuth()
		query = r.URL.RawQuery
		fmt.Fprintln(w, "a 1")
	})
	url := strings.Replace(serve(t, h), "http://", "http://me:secret@", 1) + "?token=hush"
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url, Name: "web"})
	s.waitMore(1)
	r := s.finish()
	assert.Equal(t, []string{"me", "secret", "token=hush"}, []string{user, pass, query})
	for l := range r.Meta().AllLabels() {
		for _, set := range l.Sets {
			assert.NotContains(t, set.Set.JSON(), "secret")
			assert.NotContains(t, set.Set.JSON(), "hush")
		}
	}
}

// Two recordings of one process say each who they are.
func TestUserAgents(t *testing.T) {
	t.Parallel()
	for _, agent := range []string{"one/1", "two/2", ""} {
		t.Run(agent, func(t *testing.T) {
			t.Parallel()
			agents := make(chan string, 100)
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				agents <- r.UserAgent()
				fmt.Fprintln(w, "a 1")
			}))
			s := startWith(t, scrape.RunOptions{UserAgent: agent, StartNow: true}, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url, Name: "web"})
			s.waitMore(1)
			s.finish()
			if agent == "" {
				assert.Contains(t, <-agents, "Prometheus")
				return
			}
			assert.Equal(t, agent, <-agents)
		})
	}
}
