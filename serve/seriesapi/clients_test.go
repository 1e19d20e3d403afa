package seriesapi_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/seriestest"
	"github.com/pcparchive/pcparchive/serve/seriesapi"
)

// TestBodies sends parameters in bodies: as a form, with or without saying so, and bare.
func TestBodies(t *testing.T) {
	api := twoHosts(t)
	id := list(t, api, "/series/query?expr=mem.freemem")[0].(string)
	for _, c := range [][3]string{
		{"/series/query", "expr=mem.freemem", ""}, {"/series/query", "expr=mem.freemem", "application/x-www-form-urlencoded"},
		{"/series/query", "mem.freemem", ""}, {"/series/query", "{metric.name==\"mem.freemem\"}", ""}, {"/series/descs", id + "\n", ""},
		{"/series/metrics", "series=" + id, ""}, {"/series/values", "series=" + id + "&samples=1", ""}, {"/series/labels", id + "\n" + id, ""},
		{"/series/instances", "series=" + strings.Repeat("0", 9000), ""},
	} {
		w := do(api, http.MethodPost, c[0], c[1], "Content-Type", c[2])
		assert.Equal(t, http.StatusOK, w.Code, "%v: %s", c, w.Body)
		if c[0] != "/series/instances" {
			assert.Contains(t, w.Body.String(), id, "%v", c)
		}
	}
	small := seriesapi.New(seriesapi.Options{Source: &source{}, MaxBody: 10})
	assert.Equal(t, http.StatusRequestEntityTooLarge, do(small, http.MethodPost, "/series/query", "expr=mem.freemem.nosuch").Code)
	assert.Equal(t, http.StatusBadRequest, do(api, http.MethodPost, "/series/query", "expr=%zz").Code)
}

func TestCompressed(t *testing.T) {
	api := twoHosts(t)
	w := do(api, http.MethodGet, "/series/metrics", "", "Accept-Encoding", "deflate, gzip")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	z, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	var names []string
	require.NoError(t, json.NewDecoder(z).Decode(&names))
	assert.Len(t, names, 6)
	assert.Empty(t, do(api, http.MethodGet, "/series/metrics", "", "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding"))
}

// slowWriter takes a reply byte by byte, after a wait.
type slowWriter struct {
	http.ResponseWriter
	started chan struct{}
	resume  chan struct{}
	once    sync.Once
}

func (w *slowWriter) Write(b []byte) (int, error) {
	w.once.Do(func() { close(w.started) })
	<-w.resume
	return w.ResponseWriter.Write(b)
}

// TestSlowReaders hold neither a place nor a state.
func TestSlowReaders(t *testing.T) {
	dir := t.TempDir()
	seriestest.WriteHost(t, dir, "node88", 1)
	src := sourceOf(t, dir)
	api := seriesapi.New(seriesapi.Options{Source: src, Concurrency: 1})
	slow := &slowWriter{ResponseWriter: httptest.NewRecorder(), started: make(chan struct{}), resume: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		api.ServeHTTP(slow, httptest.NewRequest(http.MethodGet, "/series/metrics", nil))
	}()
	<-slow.started
	assert.Zero(t, src.held.Load())
	assert.Equal(t, http.StatusOK, do(api, http.MethodGet, "/series/metrics", "").Code)
	close(slow.resume)
	<-done
}

// TestHeldReplies waits while clients do not take the replies they asked for.
func TestHeldReplies(t *testing.T) {
	dir := t.TempDir()
	seriestest.WriteHost(t, dir, "node88", 1)
	api := seriesapi.New(seriesapi.Options{Source: sourceOf(t, dir), MaxHeld: 15, Timeout: 300 * time.Millisecond})
	target := "/series/query?expr=" + url.QueryEscape("mem.freemem[count:10]")
	slow := &slowWriter{ResponseWriter: httptest.NewRecorder(), started: make(chan struct{}), resume: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		api.ServeHTTP(slow, httptest.NewRequest(http.MethodGet, target, nil))
	}()
	<-slow.started
	assert.Equal(t, http.StatusServiceUnavailable, do(api, http.MethodGet, target, "").Code)
	assert.Equal(t, http.StatusOK, do(api, http.MethodGet, "/series/query?expr="+url.QueryEscape("mem.freemem[count:5]"), "").Code)
	close(slow.resume)
	<-done
	assert.Equal(t, http.StatusOK, do(api, http.MethodGet, target, "").Code)
	assert.Equal(t, http.StatusOK, do(api, http.MethodGet, "/series/query?expr="+url.QueryEscape("disk.dev.read_bytes[count:10]"), "").Code, "larger than all that may be held")
}

// TestManyClients asks from many goroutines, some of which leave.
func TestManyClients(t *testing.T) {
	dir := t.TempDir()
	seriestest.WriteHost(t, dir, "node88", 1)
	seriestest.WriteHost(t, dir, "node89", 3)
	src := sourceOf(t, dir)
	api := seriesapi.New(seriesapi.Options{Source: src, Concurrency: 3})
	targets := []string{
		"/series/query?expr=rate(kernel.all.pswitch)", "/series/query?expr=" + url.QueryEscape("kernel.all.load[count:3]"), "/series/labels", "/series/instances",
		"/series/metrics?match=k*", "/search/text?query=disk", "/search/suggest?query=ker", "/series/sources", "/series/labels?names=bus", "/search/info",
		"/series/values?series=" + strings.Repeat("ab", 20), "/series/labels?series=" + strings.Repeat("cd", 20),
	}
	var group sync.WaitGroup
	for i := range 60 {
		group.Go(func() {
			for j := range 6 {
				r := httptest.NewRequest(http.MethodGet, targets[(i+j)%len(targets)], nil)
				ctx, cancel := context.WithCancel(r.Context())
				if i%7 == 0 {
					cancel()
				}
				w := httptest.NewRecorder()
				api.ServeHTTP(w, r.WithContext(ctx))
				cancel()
				body, err := io.ReadAll(w.Body)
				assert.NoError(t, err)
				assert.True(t, json.Valid(body), "%s: %s", r.URL, body)
				if i%7 != 0 {
					assert.Equal(t, http.StatusOK, w.Code, r.URL)
				}
			}
		})
	}
	group.Wait()
	assert.Zero(t, src.held.Load())
	late := seriesapi.New(seriesapi.Options{Source: src, Timeout: time.Nanosecond})
	assert.Equal(t, http.StatusServiceUnavailable, do(late, http.MethodGet, "/series/labels", "").Code)
}
