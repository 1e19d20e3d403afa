package record_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/layout"
	"github.com/pcparchive/pcparchive/record/registry"
)

// patience is the longest time that a test waits on a loaded machine.
const patience = 2 * time.Minute

// endpoint is a server whose page can change.
type endpoint struct {
	*httptest.Server
	body    atomic.Pointer[string]
	scrapes atomic.Int64
}

func serve(t *testing.T, body string) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.body.Store(&body)
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = fmt.Fprint(w, *e.body.Load()) // a client that left
		e.scrapes.Add(1)
	}))
	t.Cleanup(e.Close)
	return e
}

// address is the host and port of the server.
func (e *endpoint) address() string { return e.Listener.Addr().String() }

// session is a recording.
type session struct {
	t       *testing.T
	dir     string
	config  string
	rec     *record.Recorder
	numbers *registry.Registry
	log     *safeLog
	cancel  context.CancelFunc
	done    chan error
}

// safeLog is a log for several goroutines.
type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// configure returns a new session with a prometheus.yml.
func configure(t *testing.T, yml string) *session {
	t.Helper()
	s := &session{t: t, dir: filepath.Join(t.TempDir(), "rec"), config: filepath.Join(t.TempDir(), "prometheus.yml"), log: &safeLog{}}
	s.write(yml)
	return s
}

func (s *session) write(yml string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.config, []byte(yml), 0o644))
}

// start begins a recording in the background.
func (s *session) start(change func(*record.Options)) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(s.dir, 0o755))
	var err error
	s.numbers, err = registry.Open(registry.Options{Dir: s.dir, NoSync: true})
	require.NoError(s.t, err)
	o := record.Options{Dir: s.dir, Loader: record.PrometheusFile{Name: s.config}, Numbers: s.numbers, Log: textLog(s.log)}
	if change != nil {
		change(&o)
	}
	s.rec, err = record.New(context.Background(), o)
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.done = cancel, make(chan error, 1)
	go func() { s.done <- s.rec.Run(ctx) }()
	s.t.Cleanup(s.stop)
}

// stop ends the recording.
func (s *session) stop() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	s.cancel = nil
	assert.NoError(s.t, <-s.done)
	assert.NoError(s.t, s.numbers.Close())
}

// wait waits for scrapes that are recorded.
func (s *session) wait(n int64) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.rec.Stats().Scrapes >= n }, patience, 5*time.Millisecond, "%s", s.log)
}

// archives returns the base paths of all archives, which must pass pmlogcheck.
func (s *session) archives() (all []string) {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "*", "*.meta"))
	require.NoError(s.t, err)
	for _, name := range found {
		base := strings.TrimSuffix(name, ".meta")
		_, ok := layout.Parse(base)
		assert.True(s.t, ok, base)
		all = append(all, base)
	}
	return all
}

// checked returns all archives, which pmlogcheck must accept.
func (s *session) checked() []string {
	s.t.Helper()
	all := s.archives()
	for _, base := range all {
		assert.Equal(s.t, oracle.Result{}, oracle.Exec(s.t, "pmlogcheck", base), base)
	}
	return all
}

// read returns the values of a metric in an archive by instance name, the number of marks,
// and the metric's number.
func read(t *testing.T, base, metric string) (values map[string][]float64, marks int, pmid string) {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	values = map[string][]float64{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		if step.Mark {
			marks++
		}
		for _, mv := range step.Metrics {
			if mv.Metric.Name != metric {
				continue
			}
			pmid = mv.Metric.Desc.PMID.String()
			for _, p := range mv.Points {
				v, ok := p.Value.Number(mv.Metric.Desc.Type)
				require.True(t, ok)
				values[p.Series.Inst.Name] = append(values[p.Series.Inst.Name], v)
			}
		}
	}
	require.Empty(t, r.Warnings())
	return values, marks, pmid
}

const global = `global: {scrape_interval: 100ms, scrape_timeout: 90ms, external_labels: {dc: east}}
`

func job(name string, targets ...string) string {
	return fmt.Sprintf("- {job_name: %s, scrape_timeout: 100ms, static_configs: [{targets: ['%s']}]}\n", name, strings.Join(targets, "','"))
}

// Each target has its own archive, with the same numbers for the same metrics, and a later
// run of the day continues it with a mark.
func TestArchivePerTarget(t *testing.T) {
	a, b := serve(t, "x{k=\"1\"} 1\ny 2\n"), serve(t, "y 5\nx{k=\"0\"} 3\nx{k=\"1\"} 4\n")
	s := configure(t, global+"rule_files: [none.yml]\nscrape_configs:\n"+job("node", a.address(), b.address()))
	s.start(nil)
	s.wait(6)
	s.stop()
	all := s.checked()
	require.Len(t, all, 2, "%s", s.log)
	assert.Equal(t, mapper.LocalHost(), filepath.Base(filepath.Dir(all[0])))
	assert.Contains(t, s.log.String(), "sections=rule_files")
	numbers := map[string]string{}
	before := 0
	for _, base := range all {
		values, marks, pmid := read(t, base, "openmetrics.node.x")
		assert.Zero(t, marks)
		for inst, list := range values {
			id, labels, _ := strings.Cut(inst, " ")
			if was, ok := numbers[labels]; ok {
				assert.Equal(t, was, id)
			}
			numbers[labels] = id
			before += len(list)
		}
		numbers["pmid"] += pmid + " "
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		assert.Equal(t, mapper.LocalHost(), r.Header().Host)
	}
	first, second, _ := strings.Cut(strings.TrimSpace(numbers["pmid"]), " ")
	assert.Equal(t, first, second, "both archives number the metric alike")

	s.start(nil)
	s.wait(6)
	s.stop()
	assert.Equal(t, all, s.checked(), "continued")
	after := 0
	for _, base := range all {
		values, marks, _ := read(t, base, "openmetrics.node.x")
		assert.Equal(t, 1, marks)
		for _, list := range values {
			after += len(list)
		}
	}
	assert.Greater(t, after, before)
}

// What a restart will continue is not removed before its first scrape, however little space
// there is.
func TestCullLeavesWhatIsContinued(t *testing.T) {
	e := serve(t, "x 1\n")
	s := configure(t, global+"scrape_configs:\n"+job("node", e.address()))
	s.start(nil)
	s.wait(2)
	s.stop()
	base := s.archives()[0]

	asked := make(chan bool, 1)
	s.start(func(o *record.Options) {
		o.Cull = func(_ context.Context, writing func(string) bool) error {
			select {
			case asked <- writing(base):
			default:
			}
			assert.False(t, writing(base+"-01"))
			return nil
		}
	})
	assert.True(t, <-asked, "%s", base)
}

// Today's archive is continued before its target is asked: an answer does not wait for that.
func TestContinuesBeforeAsking(t *testing.T) {
	var stopped atomic.Bool
	second := make(chan *record.Recorder, 1)
	open := make(chan []string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if stopped.CompareAndSwap(true, false) {
			open <- (<-second).Archives()
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = fmt.Fprint(w, "x 1\n") // a client that left
	}))
	t.Cleanup(server.Close)
	s := configure(t, global+"scrape_configs:\n"+job("node", server.Listener.Addr().String()))
	s.start(nil)
	s.wait(2)
	s.stop()
	stopped.Store(true)
	s.start(nil)
	second <- s.rec
	assert.Equal(t, s.archives(), <-open)
}
