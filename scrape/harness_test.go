package scrape_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// page is an endpoint whose content a test sets.
type page struct {
	mu     sync.Mutex
	body   string
	kind   string
	status int
	delay  time.Duration
	query  string // of the requests for it; others are those of a recorder whose target had the port before
	hits   int
	sent   []string
}

func (p *page) set(body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.body = body
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.query != "" && r.URL.RawQuery != p.query {
		http.NotFound(w, r)
		return
	}
	p.mu.Lock()
	p.hits++
	body, kind, status, delay := p.body, p.kind, p.status, p.delay
	p.sent = append(p.sent, body)
	p.mu.Unlock()
	time.Sleep(delay)
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	if status != 0 {
		w.WriteHeader(status)
	}
	fmt.Fprint(w, body)
}

func (p *page) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits
}

// session is a recording under way.
type session struct {
	t      *testing.T
	base   string
	rec    *scrape.Recorder
	report *prom.Report
	log    *lockedBuffer
	cancel context.CancelFunc
	done   chan error
}

// start records endpoints into a new archive.
func start(t *testing.T, s scrape.Settings, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	return startVersion(t, pcp.V3, s, endpoints...)
}

// startVersion records endpoints into a new archive of a version.
func startVersion(t *testing.T, v pcp.Version, s scrape.Settings, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "tester", Zone: "UTC", PID: 1}, &archive.WriteOptions{Version: v})
	require.NoError(t, err)
	return recordTo(t, a, base, "tester", s, endpoints...)
}

// goOn continues an archive, as a recorder does that is started again.
func goOn(t *testing.T, base, host string, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	a, err := archive.Continue(base, nil)
	require.NoError(t, err)
	return recordTo(t, a, base, host, scrape.Settings{Interval: tick}, endpoints...)
}

// startWith records endpoints with other options.
func startWith(t *testing.T, o scrape.RunOptions, s scrape.Settings, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "tester", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	return record(t, a, base, "tester", nil, o, s, endpoints...)
}

func recordTo(t *testing.T, a *archive.Appender, base, host string, s scrape.Settings, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	return recordNatives(t, a, base, host, nil, s, endpoints...)
}

// recordNatives records to an archive, with PCP's own metrics where natives, if
// there is any, knows series.
func recordNatives(t *testing.T, a *archive.Appender, base, host string, natives native.Resolver, s scrape.Settings, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	return record(t, a, base, host, natives, scrape.RunOptions{UserAgent: "test", StartNow: true}, s, endpoints...)
}

func record(t *testing.T, a *archive.Appender, base, host string, natives native.Resolver, o scrape.RunOptions, s scrape.Settings, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	ses := &session{t: t, base: base, report: &prom.Report{}, log: &lockedBuffer{}, done: make(chan error, 1)}
	log := slog.New(slog.NewTextHandler(ses.log, nil))
	cfg, err := scrape.Config(endpoints, s, log)
	require.NoError(t, err)
	mapper, err := mapper.New(mapper.Options{Host: host, Report: ses.report})
	require.NoError(t, err)
	if known := a.Meta(); known != nil {
		require.NoError(t, mapper.Adopt(known))
	}
	ses.rec = scrape.NewRecorder(mapper, convert.NewToArchive(a), ses.report, log)
	if natives != nil {
		ses.rec.UseNatives(natives)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ses.cancel = cancel
	t.Cleanup(cancel)
	go func() {
		ses.done <- scrape.Run(ctx, cfg, ses.rec, o)
	}()
	return ses
}

// wait waits until n scrapes are recorded.
func (s *session) wait(n int64) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.rec.Stats().Scrapes >= n }, patience, 2*time.Millisecond)
}

// waitMore waits until n more scrapes succeeded: on a busy machine some run out
// of time.
func (s *session) waitMore(n int64) {
	s.t.Helper()
	good := func() int64 {
		stats := s.rec.Stats()
		return stats.Scrapes - stats.Failed
	}
	n += good()
	require.Eventually(s.t, func() bool { return good() >= n }, patience, 2*time.Millisecond)
}

// finish ends the recording and opens it.
func (s *session) finish() *archive.Reader {
	s.t.Helper()
	s.cancel()
	require.NoError(s.t, <-s.done)
	require.NoError(s.t, s.rec.Close())
	r, err := archive.Open(s.base, nil)
	require.NoError(s.t, err)
	return r
}

// recordedSamples are the samples that Prometheus would get from a recording, by the name
// and labels of their series.
type recordedSamples map[string][]timedValue

type timedValue struct {
	t int64
	v float64
}

// Sample adds a sample.
func (s recordedSamples) Sample(p *prom.Series, t int64, v float64) error {
	key := p.Name
	for _, l := range p.Labels {
		key += fmt.Sprintf(" %s=%q", l.Name, l.Value)
	}
	s[key] = append(s[key], timedValue{t, v})
	return nil
}

// flattened reads a whole recording.
func flattened(t *testing.T, r *archive.Reader, o flatten.Options) recordedSamples {
	t.Helper()
	out := recordedSamples{}
	require.NoError(t, convert.Copy(context.Background(), flatten.New(sinktest.Sink(out), o), convert.FromArchive(r, history.Query{})))
	return out
}

// serve starts an endpoint.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL + "/metrics"
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// writeFile writes a file that the test removes.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	t.Cleanup(func() { _ = os.Remove(path) })
}

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// startSpan starts a span as the scraper does.
func startSpan(t *testing.T) trace.Span {
	t.Helper()
	_, span := otel.Tracer("").Start(promscrape.ContextWithTarget(t.Context(), &promscrape.Target{}), "scrape")
	return span
}
