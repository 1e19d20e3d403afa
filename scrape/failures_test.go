package scrape_test

import (
	"net"
	"net/http"
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
	"github.com/pcparchive/pcparchive/scrape"
)

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

			// A machine that stands still may add a spell of failure of its own.
			spells := strings.Count(s.log.String(), "scrape fails")
			assert.Positive(t, spells, s.log.String())
			got := flattened(t, r, flatten.Options{})
			for _, key := range []string{"a", `b x="y"`} {
				stale := 0
				for _, sm := range got[key] {
					if prom.IsStale(sm.v) {
						stale++
					}
				}
				assert.Equal(t, spells, stale, "%s ends once in each spell and is not drawn across the gap", key)
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
			assert.Equal(t, spells, strings.Count(s.log.String(), "scrape works again"), s.log.String())
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
