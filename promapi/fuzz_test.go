package promapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/query"
)

// FuzzParams parses times and durations: what is accepted is within bounds.
func FuzzParams(f *testing.F) {
	for _, text := range []string{"1", "-1.5", "1e300", "NaN", "+Inf", "2026-03-01T12:00:00Z", minTimeText, maxTimeText, "5m", "1h30m", "0x1p3", "", "1_0", "1y2w", "999999999y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at, err := ParseTime(text); err == nil {
			assert.False(t, at.Unix() < minTime.Unix() || at.Unix() > maxTime.Unix(), text)
			assert.True(t, clamp(at) >= earliest && clamp(at) <= latest, text)
		}
		if d, err := parseDuration(text); err == nil && !strings.ContainsAny(text, "-") {
			assert.GreaterOrEqual(t, d, time.Duration(0), text)
		}
	})
}

// FuzzRequest sends a path and a form: every reply is JSON, and none is a defect.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][2]string{
		{"query", "query=1%2B1&time=4"}, {"query", "query=kernel_all_load&stats=all&limit=1&lookback_delta=1m&timeout=1s"}, {"query_range", "query=hits_total&start=1772366400&end=1772368190&step=15"},
		{"series", "match[]=%7B__name__%3D~%22.%2B%22%7D"}, {"labels", "start=-1&end=1e12&limit=2"}, {"label/U__a_2e_b/values", "match[]=x"}, {"label/%ff/values", ""}, {"..", "%zz"}, {"query", "query=" + strings.Repeat("(", 50)},
		{"metadata", "limit=1&limit_per_metric=1&metric=hits_total"}, {"query_exemplars", "query=hits_total&start=1772366400"}, {"parse_query", "query=sum(rate(a%5B5m%5D))by(b)"},
		{"format_query", "query=a%2Bb"}, {"rules", "type=alert&exclude_alerts=true&match[]=x"}, {"status/tsdb", "limit=3"}, {"targets/metadata", "match_target=x"},
	} {
		f.Add(seed[0], seed[1])
	}
	dir := f.TempDir()
	recordHost(f, filepath.Join(dir, "db1"), "db1")
	view := viewOf(openSets(f, dir), query.Options{Timeout: 20 * time.Millisecond, MaxSamples: 10_000})
	a := newAPI(f, Options{Source: view})
	f.Fuzz(func(t *testing.T, path, form string) {
		if len(path)+len(form) > 500 || a.routes[path].raw != nil {
			return // long expressions take long; raw replies are no JSON
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.URL = &url.URL{Path: prefix + path}
		if get := a.routes[path].get || strings.HasPrefix(path, "label/"); get {
			r.Method, r.URL.RawQuery = http.MethodGet, form
		}
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body)
		require.True(t, json.Valid(w.Body.Bytes()), w.Body)
	})
}
