package agentdir

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/record"
)

// start returns a Loader of a new folder with files, whose names end in .url or .sh, and its
// log.
func start(t *testing.T, o Options, files map[string]string) (l *Loader, dir string, log *bytes.Buffer) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		put(t, dir, name, text)
	}
	log = &bytes.Buffer{}
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	l = New(dir, o)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	return l, dir, log
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	mode := os.FileMode(0o644)
	if strings.HasSuffix(name, ".sh") {
		mode = 0o755
	}
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	write(t, path, mode, text)
}

func load(t *testing.T, l *Loader) *record.Config {
	t.Helper()
	c, err := l.Load(context.Background(), nil)
	require.NoError(t, err)
	return c
}

func jobNames(c *record.Config) (names []string) {
	for _, job := range c.Prometheus.ScrapeConfigs {
		names = append(names, job.JobName)
	}
	return names
}

func TestLoad(t *testing.T) {
	l, dir, log := start(t, Options{Interval: 3 * time.Second}, map[string]string{
		"b.url": "http://example.org/m\n", "a/x.url": "http://127.0.0.1:9/\n", "a.url": "https://example.org\n",
		"a.sh": "#!/bin/sh\n", "deep/er/s.x.sh": "#!/bin/sh\n", ".hidden.url": "http://h/\n", ".git/y.url": "http://h/\n",
		"notes.txt": "x", "1st.url": "http://h/\n", "control/x.url": "http://h/\n", "broken.url": "nothing\n",
	})
	require.NoError(t, os.Symlink(filepath.Join(dir, "no"), filepath.Join(dir, "dangling.url")))
	c := load(t, l)
	if runtime.GOOS == "windows" {
		t.Skip("no executables by mode")
	}
	assert.Equal(t, []string{"a", "a.x", "b", "deep.er.s.x"}, jobNames(c))
	assert.Equal(t, "3s", c.Prometheus.ScrapeConfigs[0].ScrapeInterval.String())
	assert.Equal(t, "example.org", c.Jobs["b"].Host)
	assert.Equal(t, "deep.er.s.x", c.Jobs["deep.er.s.x"].Name)
	assert.Contains(t, c.Files, dir)
	assert.Contains(t, c.Files, filepath.Join(dir, "deep", "er"))
	assert.Contains(t, c.Files, filepath.Join(dir, "b.url"))
	for _, want := range []string{"dangling.url", "1st.url: ignored", "control/x.url: ignored", "broken.url: line 1", "a.url: ignored"} {
		assert.Equal(t, 1, strings.Count(log.String(), want), want)
	}
	load(t, l)
	assert.Equal(t, 1, strings.Count(log.String(), "broken.url"), "the log says it once")
	_, err := New(filepath.Join(dir, "absent"), Options{}).Load(context.Background(), nil)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// A changed file makes a changed job; an unchanged one keeps its job.
func TestReload(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = io.WriteString(w, "a 1\nb 2\n")
	}))
	t.Cleanup(server.Close)
	l, dir, _ := start(t, Options{}, map[string]string{
		"x.url": server.URL + "\nHEADER: X-Token: 1\nFILTER: EXCLUDE METRIC a\n", "y.url": server.URL + "\n",
	})
	first := load(t, l)
	page, _, err := getPage(first, "x")
	require.NoError(t, err)
	assert.Equal(t, "b 2\n", string(page))
	assert.Equal(t, "1", got.Get("X-Token"))
	assert.Equal(t, "*/*", got.Get("Accept"))
	assert.Equal(t, 200, l.Sources()["x"].Outcome().Code)

	put(t, dir, "x.url", server.URL+"\nFILTER: EXCLUDE LABEL q\n")
	second := load(t, l)
	assert.NotEqual(t, first.Prometheus.ScrapeConfigs[0], second.Prometheus.ScrapeConfigs[0])
	assert.Equal(t, first.Prometheus.ScrapeConfigs[1], second.Prometheus.ScrapeConfigs[1])
	page, _, err = getPage(second, "x")
	require.NoError(t, err)
	assert.Equal(t, "a 1\nb 2\n", string(page))
	assert.Empty(t, got.Get("X-Token"), "a removed header has lost force")
	assert.True(t, first.Jobs["x"].Source.Drop("q"), "the job follows the newest file")

	require.NoError(t, os.Remove(filepath.Join(dir, "x.url")))
	third := load(t, l)
	assert.Equal(t, []string{"y"}, jobNames(third))
	_, _, err = getPage(third, "x")
	assert.ErrorContains(t, err, "no such source any more")
}

func TestFetch(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(bytes.Repeat([]byte("a 1\n"), 1<<20))
			_ = z.Close()
		case "/om":
			w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
			_, _ = io.WriteString(w, "a 1\n# EOF\n")
		case "/html":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<p>not a page</p>\n")
		case "/hang":
			<-r.Context().Done()
		case "/500":
			http.Error(w, "broken", http.StatusInternalServerError)
		default:
			w.Header().Set("Content-Type", "text/html") // the agent does not ask
			_, _ = io.WriteString(w, "path{is=\""+r.URL.Path+"\"} 1\n")
		}
	})
	unix := &http.Server{Handler: handler}
	go func() { _ = unix.Serve(listener) }()
	t.Cleanup(func() { _ = unix.Close() })
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	write(t, filepath.Join(dir, "page"), 0o644, "x 1\nbroken\n")
	sources := map[string]struct{ url, page, err string }{
		"http":    {server.URL + "/x", "path{is=\"/x\"} 1\n", ""},
		"om":      {server.URL + "/om", "a 1\n# EOF\n", ""},
		"html":    {server.URL + "/html", "", "line 1 of the page: not the name of a metric"},
		"status":  {server.URL + "/500", "", "server returned HTTP status 500 Internal Server Error"},
		"hang":    {server.URL + "/hang", "", "no complete reply within the time limit"},
		"bomb":    {server.URL + "/gzip", "", "the page is longer than 123456 bytes"},
		"file":    {"file://" + filepath.Join(dir, "page"), "x 1\n", ""},
		"absent":  {"file://" + filepath.Join(dir, "none"), "", "no such file"},
		"folder":  {"file://" + dir, "", "not a regular file"},
		"unix":    {"unix://" + socket, "path{is=\"/metrics\"} 1\n", ""},
		"colon":   {"unix://" + socket + ":/m", "path{is=\"/m\"} 1\n", ""},
		"slash":   {"unix://" + socket + "/n", "path{is=\"/n\"} 1\n", ""},
		"escaped": {"http+unix://" + strings.ReplaceAll(socket, "/", "%2F") + "/o", "path{is=\"/o\"} 1\n", ""},
	}
	files := map[string]string{}
	for name, s := range sources {
		files[name+".url"] = s.url + "\n"
	}
	l, _, log := start(t, Options{Timeout: time.Second, BodyLimit: 123_456}, files)
	c := load(t, l)
	for name, s := range sources {
		page, _, err := getPage(c, name)
		outcome := l.Sources()[name].Outcome()
		if s.err == "" {
			require.NoError(t, err, name)
			assert.Equal(t, s.page, string(page), name)
			assert.NoError(t, outcome.Err, name)
			continue
		}
		assert.ErrorContains(t, err, s.err, name)
		assert.NotContains(t, err.Error(), "000", name)
		assert.Error(t, outcome.Err, name)
	}
	assert.Equal(t, 500, l.Sources()["status"].Outcome().Code)
	assert.Zero(t, l.Sources()["file"].Outcome().Code)
	assert.Equal(t, 1, l.Sources()["file"].Outcome().Bad)
	assert.Contains(t, log.String(), "line 2 of the page: not the name of a metric")
}

// An executable that exceeds its time limit is killed with its children.
func TestExecutables(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no executables by mode")
	}
	marks := t.TempDir()
	l, _, log := start(t, Options{Timeout: 2 * time.Second, BodyLimit: 1000}, map[string]string{
		"good.sh":   "#!/bin/sh\necho 'a 1'; echo oops >&2\n",
		"fails.sh":  "#!/bin/sh\necho 'a 1'; exit 3\n",
		"format.sh": "a 1\n",
		"child.sh":  "#!/bin/sh\n(sleep 600; touch " + marks + "/survived) &\necho $! > " + marks + "/child\necho 'a 1'\nwait\n",
		"loud.sh":   "#!/bin/sh\nwhile :; do echo 'a 1'; done\n",
		"leaves.sh": "#!/bin/sh\nsleep 600 &\necho $! > " + marks + "/left\necho 'a 1'\n",
		"setsid.sh": "#!/bin/sh\nsetsid sleep 8 &\nwait\n",
	})
	c := load(t, l)
	for name, want := range map[string]string{
		"fails": "the executable ended with exit status 3", "format": "exec format error",
		"child": "it ran longer than the time limit", "loud": "the page is longer than 1000 bytes",
		"setsid": "it ran longer than the time limit", // although its child has the pipes
	} {
		_, _, err := getPage(c, name)
		assert.ErrorContains(t, err, want, name)
	}
	for _, name := range []string{"good", "leaves"} {
		page, _, err := getPage(c, name)
		require.NoError(t, err, name)
		assert.Equal(t, "a 1\n", string(page))
	}
	assert.Equal(t, 1, strings.Count(log.String(), "oops"))
	_, _, err := getPage(c, "good")
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(log.String(), "oops"), "the log says it once")
	for _, name := range []string{"child", "left"} {
		pid, err := os.ReadFile(filepath.Join(marks, name))
		require.NoError(t, err)
		assert.Eventually(t, func() bool { return !running(strings.TrimSpace(string(pid))) }, 2*time.Minute, 20*time.Millisecond, name)
	}
	assert.NoFileExists(t, filepath.Join(marks, "survived"))
}

// running reports whether a process runs; a zombie does not.
func running(pid string) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
