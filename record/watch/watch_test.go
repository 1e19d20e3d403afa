package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/watch"
)

const patience = time.Minute

// recording is a recording of two targets of which one is down, and its Server.
type recording struct {
	t      *testing.T
	rec    *record.Recorder
	server *watch.Server
	config string
	scrape atomic.Int64
	stop   func()
}

func begin(t *testing.T, o watch.Options) *recording {
	t.Helper()
	r := &recording{t: t}
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		r.scrape.Add(1)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, "a 1\nb{c=\"<d>\"} 2\n")
	}))
	t.Cleanup(up.Close)
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) }))
	t.Cleanup(down.Close)
	dir := t.TempDir()
	r.config = filepath.Join(dir, "prometheus.yml")
	address := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	require.NoError(t, os.WriteFile(r.config, fmt.Appendf(nil, `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: good
  params: {token: [hush]}
  basic_auth: {username: u, password: hush}
  static_configs: [{targets: [%q]}]
- job_name: bad
  static_configs: [{targets: [%q, dropped, dropped_too]}]
  relabel_configs: [{source_labels: [__address__], regex: dropped.*, action: drop}]
  keep_dropped_targets: 1
`, address(up), address(down)), 0o644))
	var err error
	r.rec, err = record.New(context.Background(), record.Options{Dir: filepath.Join(dir, "rec"), Loader: record.PrometheusFile{Name: r.config}})
	require.NoError(t, err)
	o.Recorder, o.Dir, o.Version = r.rec, filepath.Join(dir, "rec"), "1.2.3"
	if o.Listen == nil {
		o.Listen = []string{"127.0.0.1:0"}
	}
	r.server, err = watch.New(o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- r.rec.Run(ctx) }()
	go func() { done <- r.server.Run(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range 2 {
			assert.NoError(t, <-done)
		}
	}
	t.Cleanup(r.stop)
	require.Eventually(t, func() bool {
		for _, name := range []string{"good", "bad"} {
			targets := r.rec.Targets()[name]
			if len(targets) != 1 || targets[0].Health() == "unknown" {
				return false
			}
		}
		return r.rec.Stats().Samples > 0
	}, patience, 20*time.Millisecond)
	return r
}

// get returns status and body of an address.
func (r *recording) get(path string) (int, string) {
	r.t.Helper()
	resp, err := http.Get("http://" + r.server.Addresses()[0] + path)
	require.NoError(r.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp.StatusCode, string(body)
}

func TestTargets(t *testing.T) {
	r := begin(t, watch.Options{})
	_, text := r.get("/api/v1/targets")
	assert.NotContains(t, text, "hush")
	var reply struct {
		Status string
		Data   struct {
			ActiveTargets []struct {
				ScrapePool, ScrapeURL, GlobalURL, LastError, Health, ScrapeInterval, ScrapeTimeout string
				LastScrape                                                                         time.Time
				LastScrapeDuration                                                                 float64
				DiscoveredLabels, Labels                                                           map[string]string
			}
			DroppedTargets []struct {
				ScrapePool       string
				DiscoveredLabels map[string]string
			}
			DroppedTargetCounts map[string]int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &reply))
	assert.Equal(t, "success", reply.Status)
	require.Len(t, reply.Data.ActiveTargets, 2)
	bad, good := reply.Data.ActiveTargets[0], reply.Data.ActiveTargets[1]
	assert.Equal(t, "down", bad.Health)
	assert.Equal(t, "server returned HTTP status 418 I'm a teapot", bad.LastError)
	assert.Equal(t, "up", good.Health)
	assert.Empty(t, good.LastError)
	assert.Equal(t, "good", good.ScrapePool)
	assert.Equal(t, "1s", good.ScrapeInterval)
	assert.Equal(t, "good", good.Labels["job"])
	assert.Equal(t, "<hidden>", good.DiscoveredLabels["__param_token"])
	assert.WithinDuration(t, time.Now(), good.LastScrape, patience)
	assert.Positive(t, good.LastScrapeDuration)
	require.Len(t, reply.Data.DroppedTargets, 1)
	assert.Equal(t, map[string]int{"bad": 2, "good": 0}, reply.Data.DroppedTargetCounts)

	for query, want := range map[string][2]int{
		"?state=active": {2, 0}, "?state=dropped": {0, 1}, "?scrapePool=good": {1, 0}, "?state=ANY&scrapePool=bad": {1, 1}, "?scrapePool=none": {0, 0},
	} {
		_, text := r.get("/api/v1/targets" + query)
		require.NoError(t, json.Unmarshal([]byte(text), &reply))
		assert.Equal(t, want, [2]int{len(reply.Data.ActiveTargets), len(reply.Data.DroppedTargets)}, query)
	}
	_, same := r.get("/targets?format=json&state=dropped")
	assert.True(t, json.Valid([]byte(same)))

	status, page := r.get("/targets")
	assert.Equal(t, http.StatusOK, status)
	for _, want := range []string{"1 up, 1 down", "I&#39;m a teapot", "good <small>1 of 1 up", `<td class="down">`} {
		assert.Contains(t, page, want)
	}
	assert.NotContains(t, page, "hush")
	_, page = r.get("/targets?health=down")
	assert.NotContains(t, page, `<td class="up">`)
	status, page = r.get("/")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, "<title>Targets")
}

func TestMetrics(t *testing.T) {
	r := begin(t, watch.Options{})
	status, page := r.get("/metrics")
	assert.Equal(t, http.StatusOK, status)
	for _, want := range []string{
		"pcparchive_record_targets{health=\"up\"} 1\n", "pcparchive_record_targets{health=\"down\"} 1\n", "pcparchive_record_series 2\n",
		"pcparchive_record_disk_full 0\n", "pcparchive_record_ready 1\n", "pcparchive_record_config_last_reload_successful 1\n",
		"pcparchive_build_info{version=\"1.2.3\"} 1\n", "go_goroutines ", "pcparchive_record_unsynced_seconds ",
		"pcparchive_record_samples_lost_total 0\n", "pcparchive_record_archives_open ", "prometheus_target_",
	} {
		assert.Contains(t, page, want)
	}
	for _, positive := range []string{"scrapes_total", "samples_total", "scrape_failures_total", "archive_bytes_total", "disk_free_bytes", "disk_size_bytes"} {
		assert.Regexp(t, `(?m)^pcparchive_record_`+positive+` [1-9]`, page)
	}
}

func TestReload(t *testing.T) {
	r := begin(t, watch.Options{})
	post := func() (int, string) {
		resp, err := http.Post("http://"+r.server.Addresses()[0]+"/-/reload", "", nil)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	status, _ := r.get("/-/reload")
	assert.Equal(t, http.StatusMethodNotAllowed, status)
	status, text := post()
	assert.Equal(t, http.StatusOK, status, text)
	require.NoError(t, os.WriteFile(r.config, []byte("scrape_configs: 1\n"), 0o644))
	status, text = post()
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.Contains(t, text, "the old configuration stays in force: ")
	_, page := r.get("/metrics")
	assert.Contains(t, page, "pcparchive_record_config_last_reload_successful 0\n")
	assert.Contains(t, page, "pcparchive_record_config_reloads_total{result=\"failure\"} ")
	_, page = r.get("/targets")
	assert.Contains(t, page, "The configuration could not be loaded again.")
	status, _ = r.get("/-/ready")
	assert.Equal(t, http.StatusOK, status)
}

func TestHealth(t *testing.T) {
	r := begin(t, watch.Options{API: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "from the API") })})
	for path, want := range map[string]string{"/healthz": "healthy\n", "/-/healthy": "healthy\n", "/-/ready": "ready\n", "/api/v1/query": "from the API", "/": "from the API"} {
		status, text := r.get(path)
		assert.Equal(t, http.StatusOK, status, path)
		assert.Equal(t, want, text, path)
	}
	r.stop()
	w := httptest.NewRecorder()
	r.server.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/-/ready", nil))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	w = httptest.NewRecorder()
	r.server.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/a/%2e%2e/b", nil))
	assert.Equal(t, http.StatusBadRequest, w.Code)
}

// A file of exporter-toolkit demands a password.
func TestWebConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	// The hash of "secret" with cost 4, to be fast.
	require.NoError(t, os.WriteFile(file, []byte("basic_auth_users:\n  u: $2y$04$XMV9vY2mMYFO.eMLjBzRCOVKlHGhHbJMB2tNQZ0DC1B2nC6aQMBBu\n"), 0o600))
	r := begin(t, watch.Options{WebConfig: file})
	status, _ := r.get("/metrics")
	assert.Equal(t, http.StatusUnauthorized, status)
	_, err := watch.New(watch.Options{Recorder: r.rec, WebConfig: filepath.Join(t.TempDir(), "absent.yml")})
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// systemd hears that the recording is ready and alive, and that it ends.
func TestNotify(t *testing.T) {
	socket := filepath.Join(shortDir(t), "n")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Skip("no unix sockets: ", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "300000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	r := begin(t, watch.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		watch.Notify(ctx, r.rec, nil)
	}()
	var heard strings.Builder
	wait := func(word string) {
		buf := make([]byte, 4096)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
		for !strings.Contains(heard.String(), word) {
			n, err := conn.Read(buf)
			require.NoError(t, err, heard.String())
			heard.Write(buf[:n])
			heard.WriteByte('\n')
		}
	}
	wait("READY=1\n")
	wait("STATUS=2 targets, ")
	wait("WATCHDOG=1")
	cancel()
	wait("STOPPING=1\n")
	<-done
}

// shortDir returns a folder whose name fits a socket's.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "w")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, errors.Join(os.RemoveAll(dir))) })
	return dir
}
