package seriesapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pcparchive/pcparchive/internal/seriestest"
	"github.com/pcparchive/pcparchive/pmsearch"
	"github.com/pcparchive/pcparchive/pmseries"
	"github.com/pcparchive/pcparchive/serve/seriesapi"
	"github.com/pcparchive/pcparchive/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source is a state that does not change.
type source struct {
	view seriesapi.View
	held atomic.Int64 // states that requests hold
	seen atomic.Int64
}

func (s *source) PCPSeries() (*seriesapi.View, func()) {
	s.held.Add(1)
	s.seen.Add(1)
	return &s.view, func() { s.held.Add(-1) }
}

// sourceOf returns a source of archives.
func sourceOf(t testing.TB, paths ...string) *source {
	hosts, err := store.Open(paths, nil)
	require.NoError(t, err)
	series := pmseries.NewIndex(pmseries.IndexOptions{}).View(hosts.Sets())
	return &source{view: seriesapi.View{
		Series: series, Search: pmsearch.NewIndex(pmsearch.Options{}).View(series), Times: pmseries.Times{Present: seriestest.StampAt(9)},
	}}
}

// twoHosts returns an API over two hosts.
func twoHosts(t testing.TB) *seriesapi.API {
	dir := t.TempDir()
	seriestest.WriteHost(t, dir, "node88", 1)
	seriestest.WriteHost(t, dir, "node89", 3)
	return seriesapi.New(seriesapi.Options{Source: sourceOf(t, dir)})
}

// do sends a request and returns the reply.
func do(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// get returns the status and the decoded body of a reply to GET.
func get(t testing.TB, h http.Handler, target string) (int, any) {
	t.Helper()
	w := do(h, http.MethodGet, target, "")
	return w.Code, decoded(t, w.Body.String())
}

func decoded(t testing.TB, body string) (v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(body), &v), body)
	return v
}

// list returns a reply that is a list.
func list(t testing.TB, h http.Handler, target string) []any {
	t.Helper()
	status, body := get(t, h, target)
	require.Equal(t, http.StatusOK, status, "%s: %v", target, body)
	all, ok := body.([]any)
	require.True(t, ok, "%s: %v", target, body)
	return all
}
