package serve

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// series returns the reply to an expression as "milliseconds=value" in the order of the
// reply.
func (r *running) series(expr string) string {
	r.t.Helper()
	status, body, _ := r.get("/series/query?expr=" + url.QueryEscape(expr))
	require.Equal(r.t, http.StatusOK, status, body)
	var values []struct {
		Timestamp json.Number
		Value     string
	}
	require.NoError(r.t, json.Unmarshal([]byte(body), &values), body)
	all := make([]string, len(values))
	for i, x := range values {
		all[i] = x.Timestamp.String() + "=" + x.Value
	}
	return strings.Join(all, " ")
}

// millis returns a time as the series of replies have it.
func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) + ".000" }

// TestSeriesPaths wants /series and /search to know archives as they come, grow and go.
func TestSeriesPaths(t *testing.T) {
	dir := t.TempDir()
	s := run(t, Options{Paths: []string{dir}, Rescan: -1})
	names := func(path string) string { _, body, _ := s.get(path); return strings.TrimSpace(body) }
	assert.JSONEq(t, `[]`, names("/series/metrics"))
	assert.JSONEq(t, `[]`, names("/search/suggest?query=requ"))

	rec := record(t, filepath.Join(dir, "a"), "web1").put(0, 20)
	require.NoError(t, rec.a.Flush())
	assert.JSONEq(t, `[]`, names("/series/metrics"), "not before the server looks for archives")
	s.reload()
	assert.JSONEq(t, `["kernel.all.load","test.requests"]`, names("/series/metrics"))
	assert.JSONEq(t, `["test.requests"]`, names("/search/suggest?query=requ"))
	assert.Equal(t, millis(at(19))+"=190 "+millis(at(18))+"=180", s.series("test.requests[count:2]"))

	rec.put(20, 25)
	require.NoError(t, rec.a.Flush())
	s.reload()
	assert.Equal(t, millis(at(24))+"=240", s.series("test.requests[count:1]"))
	rec.close()

	record(t, filepath.Join(dir, "b"), "web2").put(100, 120).close()
	s.reload()
	assert.JSONEq(t, `{"hostname":["web1","web2"]}`, names("/series/labels?names=hostname"))
	assert.Equal(t, millis(at(119))+"=1190", s.series(`test.requests{hostname=="web2"}[count:1]`))
	assert.Equal(t, "1", s.value(`count(test_requests{hostname="web2"})`, at(110)), "as PromQL sees it")

	for path, want := range map[string]int{
		"/series/nothing": http.StatusNotFound, "/series": http.StatusNotFound, "/search/nothing": http.StatusNotFound, "/search": http.StatusNotFound,
		"/series/query": http.StatusBadRequest, "/series/query?expr=%7b": http.StatusBadRequest, "/series/ping": http.StatusOK, "/search/info": http.StatusOK,
	} {
		status, body, header := s.get(path)
		assert.Equal(t, want, status, path)
		assert.Contains(t, header.Get("Content-Type"), "application/json", path)
		assert.True(t, json.Valid([]byte(body)), "%s: %s", path, body)
	}
	_, metrics, _ := s.get("/-/metrics")
	assert.Contains(t, metrics, `pcparchive_http_requests_total{code="200",path="/series/query"}`)
}

// TestSeriesMoved wants /series at the moved times of the other paths.
func TestSeriesMoved(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 101).close()
	today := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := &setClock{}
	clock.set(today)
	s := run(t, Options{Paths: []string{base}, Rescan: -1, ShiftTo: Now, now: clock.now})
	assert.Equal(t, millis(today)+"=1000 "+millis(today.Add(-time.Second))+"=990", s.series("test.requests[count:2]"))

	replayed := run(t, Options{Paths: []string{base}, Rescan: -1, Replay: 10, now: clock.now})
	for _, passed := range []int{1, 5} {
		clock.set(today.Add(time.Duration(passed) * time.Second))
		first, _, _ := strings.Cut(replayed.series("test.requests[count:3]"), " ")
		assert.Equal(t, millis(clock.now())+"="+replayed.value("test_requests", clock.now()), first, "what has appeared, and nothing later")
	}
}
