package serve

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

func TestAnswers(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "web1", "rec"), "web1").put(0, 60).close()
	record(t, filepath.Join(dir, "deep", "er", "rec"), "web2").put(0, 30).close()
	cache := cachedir.Open(filepath.Join(t.TempDir(), "cache"), 0)
	s := run(t, Options{
		Paths: []string{dir}, Rescan: -1, Version: "v1", ExternalLabels: map[string]string{"site": "lab"},
		Cache: cache, Query: query.Options{Columns: columns.NewCache(cache)},
	})

	assert.Equal(t, "59", s.value(`kernel_all_load{hostname="web1",instname="1 minute"}`, at(59)))
	assert.Equal(t, "2", s.value(`count(sum by (hostname) (kernel_all_load))`, at(29)))
	for path, want := range map[string]string{
		"/-/healthy":                    "healthy",
		"/-/ready":                      "ready",
		"/-/metrics":                    "pcparchive_archives 2",
		"/api/v1/label/hostname/values": `["web1","web2"]`,
		"/":                             "page.js",
		"/page.css":                     "color-scheme:dark",
		"/api/archives":                 `"examples":["kernel_all_load"`,
		"/api/metrics":                  `"name":"kernel.all.load","promql":"kernel_all_load"`,
		"/api/v1/status/config":         "site: lab",
		"/api/v1/status/flags":          `"query.max-samples":"50000000"`,
		"/api/v1/query_exemplars?query=test&start=" + strconv.FormatInt(at(0).UnixMilli(), 10) + "&end=" + strconv.FormatInt(at(9).UnixMilli(), 10): `"data":[]`,
	} {
		status, body, header := s.get(path)
		assert.Equal(t, http.StatusOK, status, path)
		assert.Contains(t, body, want, path)
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'", path)
	}
	for path, want := range map[string]int{
		"/no/such": http.StatusNotFound, "/page/": http.StatusNotFound, "/page/status.html": http.StatusNotFound, "/-/reload": http.StatusMethodNotAllowed,
		"/%2e%2e/etc/passwd": http.StatusBadRequest, "/api/v1/../../x": http.StatusBadRequest, `/..%5c..%5cx`: http.StatusBadRequest, "/a%00b": http.StatusBadRequest,
		"/api/v1/nothing": http.StatusNotFound,
	} {
		status, _, _ := s.get(path)
		assert.Equal(t, want, status, path)
	}
	_, metrics, _ := s.get("/-/metrics")
	assert.Contains(t, metrics, `pcparchive_http_requests_total{code="400",path="other"}`)
	assert.Contains(t, metrics, `pcparchive_http_requests_total{code="200",path="/api/v1/query"} 2`)
	assert.Contains(t, metrics, `pcparchive_build_info{version="v1"} 1`)
	assert.Contains(t, metrics, "pcparchive_cache_entries ")
	_, archives, _ := s.get("/api/archives")
	assert.Contains(t, archives, cache.Path())
	_, last, _ := s.get("/api/v1/query?query=kernel_all_load{hostname=%22web1%22}")
	assert.Contains(t, last, `"59"`, "without a time: at the end of the data")
	assert.Contains(t, last, `"infos":["PromQL info: no time given, so evaluated at the end of the data, 2026-03-01T12:00:59Z"]`)
	_, timed, _ := s.get("/api/v1/query?query=kernel_all_load&time=" + seconds(at(59)))
	assert.NotContains(t, timed, "infos")
	assert.NotContains(t, metrics, "etc/passwd", "a client does not choose labels")
}

// TestReload wants the server to notice archives that come and go.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	s := run(t, Options{Paths: []string{dir}, Rescan: -1})
	assert.Equal(t, "", s.value("count(kernel_all_load)", at(10)))
	_, page, _ := s.get("/api/archives")
	assert.Contains(t, page, `"window":null`)
	assert.True(t, s.Summary().Window.IsZero())

	record(t, filepath.Join(dir, "a"), "web1").put(0, 20).close()
	assert.Equal(t, "", s.value("count(kernel_all_load)", at(10)))
	s.reload()
	assert.Equal(t, "2", s.value("count(kernel_all_load)", at(10)))
	assert.Equal(t, Window{at(0), at(19)}, s.Summary().Window)

	record(t, filepath.Join(dir, "sub", "b"), "web2").put(100, 120).close()
	require.NoError(t, s.Reload(context.Background()))
	assert.Equal(t, "2", s.value(`count(kernel_all_load{hostname="web2"})`, at(110)))
	assert.Equal(t, Window{at(0), at(119)}, s.Summary().Window)

	for _, file := range []string{"a.0", "a.meta", "a.index"} {
		require.NoError(t, os.Remove(filepath.Join(dir, file)))
	}
	s.reload()
	assert.Equal(t, "", s.value(`count(kernel_all_load{hostname="web1"})`, at(10)))
	assert.Equal(t, 1, s.Summary().Archives)
}

// TestRescan wants the server to notice archives by itself.
func TestRescan(t *testing.T) {
	dir := t.TempDir()
	s := run(t, Options{Paths: []string{dir}, Rescan: 10 * time.Millisecond})
	record(t, filepath.Join(dir, "a"), "web1").put(0, 20).close()
	require.Eventually(t, func() bool { return s.value("count(kernel_all_load)", at(10)) == "2" }, time.Minute, 10*time.Millisecond)
}

// TestGrowing wants new records of an archive that is being written.
func TestGrowing(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	rec := record(t, base, "web1").put(0, 10)
	require.NoError(t, rec.a.Flush())
	s := run(t, Options{Paths: []string{base}, Rescan: -1})
	assert.Equal(t, "9", s.value(`kernel_all_load{instname="1 minute"}`, at(20)))
	rec.put(10, 15)
	require.NoError(t, rec.a.Flush())
	s.reload()
	assert.Equal(t, "14", s.value(`kernel_all_load{instname="1 minute"}`, at(20)))
	assert.Empty(t, s.Summary().Damage, "an archive that is being written is not damaged")
	rec.close()
}

// TestDamaged wants a damaged archive to cost itself alone, and to be named everywhere.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "good"), "web1").put(0, 20).close()
	bad := filepath.Join(dir, "bad")
	record(t, bad, "web1").put(100, 200).close()
	volume, err := os.ReadFile(bad + ".0")
	require.NoError(t, err)
	copy(volume[len(volume)/2:], strings.Repeat("x", 64))
	require.NoError(t, os.WriteFile(bad+".0", volume, 0o644))
	record(t, filepath.Join(dir, "worse"), "web2").put(0, 20).close()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "worse.meta"), []byte("no metadata"), 0o644))

	s := run(t, Options{Paths: []string{dir}, Rescan: -1})
	good := s.query("count(kernel_all_load)", at(10))
	assert.Equal(t, "2", good.Data.Result[0].Value[1])
	a := s.query("count_over_time(test_requests[5m])", at(200))
	require.Len(t, a.Data.Result, 1)
	require.NotEmpty(t, a.Warnings)
	assert.Contains(t, strings.Join(a.Warnings, "\n"), "bad.0")

	_, page, _ := s.get("/api/archives")
	assert.Contains(t, page, "bad.0")
	assert.Contains(t, page, "worse")
	_, metrics, _ := s.get("/-/metrics")
	assert.Contains(t, metrics, "pcparchive_archives_damaged 2")
}

// TestHostileNames wants names of hosts and folders in replies for the page only, as JSON.
func TestHostileNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `<b onclick="x">`)
	const host = `"><script>alert(1)</script>`
	record(t, filepath.Join(dir, "rec"), host).put(0, 5).close()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rec.meta"), []byte("x"), 0o644))
	record(t, filepath.Join(dir, "two"), host).put(10, 15).close()
	s := run(t, Options{Paths: []string{dir}, Rescan: -1})
	_, page, _ := s.get("/")
	assert.NotContains(t, page, "alert")
	_, body, header := s.get("/api/archives")
	assert.Equal(t, "application/json", header.Get("Content-Type"))
	var reply struct {
		Hosts  []struct{ Host string }
		Damage []struct{ Path string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &reply))
	require.Len(t, reply.Hosts, 1)
	assert.Equal(t, host, reply.Hosts[0].Host)
	require.NotEmpty(t, reply.Damage)
	assert.Contains(t, reply.Damage[0].Path, `<b onclick="x">`)
}

// TestMistakes wants errors at the start, which name the mistake.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(other, []byte("x"), 0o644))
	for name, o := range map[string]Options{
		"Paths":          {},
		"Replay":         {Paths: []string{dir}, Replay: -1},
		"ExternalLabels": {Paths: []string{dir}, ExternalLabels: map[string]string{"__name__": "x"}},
		"WebConfig":      {Paths: []string{dir}, WebConfig: other},
		"MaxConnections": {Paths: []string{dir}, MaxConnections: -1},
		"DrainTimeout":   {Paths: []string{dir}, DrainTimeout: -1},
	} {
		o.Listen = []string{"127.0.0.1:0"}
		_, err := New(context.Background(), o)
		var wrong *OptionError
		if assert.ErrorAs(t, err, &wrong, name) {
			assert.Equal(t, name, wrong.Option)
		}
	}
	_, err := New(context.Background(), Options{Paths: []string{dir}, Replay: 1, ShiftTo: Now})
	assert.ErrorContains(t, err, "leave out ShiftTo")
	for _, path := range []string{filepath.Join(dir, "missing"), other} {
		_, err := New(context.Background(), Options{Paths: []string{path}, Listen: []string{"127.0.0.1:0"}})
		var none *store.NotArchiveError
		assert.ErrorAs(t, err, &none, path)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = New(context.Background(), Options{Paths: []string{dir}, Listen: []string{l.Addr().String()}})
	assert.ErrorContains(t, err, "address already in use")
}

// slowRequest begins a POST of a query and returns a function that sends its last byte and
// returns the reply. The server waits for it.
func slowRequest(t *testing.T, s *running) (finish func() (string, error)) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	body := url.Values{"query": {"count(kernel_all_load)"}, "time": {seconds(at(5))}}.Encode()
	_, err = io.WriteString(conn, "POST /api/v1/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+
		strconv.Itoa(len(body))+"\r\n\r\n"+body[:len(body)-1])
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, metrics, _ := s.get("/-/metrics")
		return strings.Contains(metrics, "pcparchive_http_requests_in_flight 2")
	}, time.Minute, 5*time.Millisecond)
	return func() (string, error) {
		defer conn.Close()
		if _, err := io.WriteString(conn, body[len(body)-1:]); err != nil {
			return "", err
		}
		reply, err := io.ReadAll(conn)
		return string(reply), err
	}
}

// TestDrain wants a running request to finish although the server ends.
func TestDrain(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 20).close()
	s := run(t, Options{Paths: []string{base}, Rescan: -1, DrainTimeout: time.Minute})
	finish := slowRequest(t, s)
	s.stop()
	<-s.draining
	reply, err := finish()
	require.NoError(t, err)
	assert.Contains(t, reply, "HTTP/1.1 200 OK")
	assert.Contains(t, reply, `"2"`)
	s.end()
	assert.ErrorIs(t, s.Reload(context.Background()), http.ErrServerClosed)
}

// TestDrainLimit wants the server to end although a client does not.
func TestDrainLimit(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 20).close()
	s := run(t, Options{Paths: []string{base}, Rescan: -1, DrainTimeout: 10 * time.Millisecond})
	finish := slowRequest(t, s)
	s.end()
	reply, _ := finish()
	assert.NotContains(t, reply, "200 OK")
}

// TestDrainQuery wants a query that takes long to end with the server.
func TestDrainQuery(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 3000).close()
	s := run(t, Options{Paths: []string{base}, Rescan: -1, DrainTimeout: 10 * time.Millisecond})
	slow := url.Values{"query": {"max_over_time(sum_over_time(sum_over_time(kernel_all_load[1h])[10m:1s])[10m:1s])"}, "start": {seconds(at(0))}, "end": {seconds(at(3000))}, "step": {"1"}}
	replied := make(chan string, 1)
	go func() {
		resp, err := s.client.PostForm(s.url+"/api/v1/query_range", slow)
		if err != nil {
			replied <- err.Error()
			return
		}
		defer resp.Body.Close()
		replied <- resp.Status
	}()
	require.Eventually(t, func() bool {
		_, metrics, _ := s.get("/-/metrics")
		return strings.Contains(metrics, "pcparchive_http_requests_in_flight 2")
	}, time.Minute, 5*time.Millisecond)
	s.end()
	assert.NotContains(t, <-replied, "200")
}
