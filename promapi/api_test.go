package promapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/query"
)

// do sends a request with headers straight to a handler.
func do(t testing.TB, a *API, method, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

func TestCompression(t *testing.T) {
	a := newAPI(t, Options{}, hostFolder(t))
	long := "/api/v1/query_range?query=kernel_all_load&step=10&" + window
	plain := do(t, a, http.MethodGet, long)
	assert.Empty(t, plain.Header().Get("Content-Encoding"))
	for accept, want := range map[string]string{
		"gzip": "gzip", "zstd": "zstd", "gzip, deflate, zstd": "zstd", "zstd;q=0.1, gzip;q=0.5": "gzip", "gzip;q=0": "", "br": "", "GZIP": "gzip", "zstd;q=x": "",
	} {
		w := do(t, a, http.MethodGet, long, "Accept-Encoding", accept)
		require.Equal(t, want, w.Header().Get("Content-Encoding"), accept)
		assert.Contains(t, w.Header().Values("Vary"), "Accept-Encoding")
		var body io.Reader = w.Body
		switch want {
		case "gzip":
			r, err := gzip.NewReader(body)
			require.NoError(t, err)
			body = r
		case "zstd":
			r, err := zstd.NewReader(body)
			require.NoError(t, err)
			defer r.Close()
			body = r
		}
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, plain.Body.String(), string(got), accept)
	}
	short := do(t, a, http.MethodGet, "/api/v1/query?query=1", "Accept-Encoding", "gzip")
	assert.Empty(t, short.Header().Get("Content-Encoding"), "compression would make it longer")
	assert.True(t, json.Valid(short.Body.Bytes()))
}

func TestLimit(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	size := func(a answer) int {
		if m, ok := a.Data.(map[string]any); ok {
			return len(m["result"].([]any))
		}
		return len(a.Data.([]any))
	}
	for _, line := range []string{
		"/api/v1/query?query=kernel_all_load&time=" + fmt.Sprint(finish), "/api/v1/query_range?query=kernel_all_load&step=60&" + window,
		"/api/v1/series?match[]=kernel_all_load", "/api/v1/labels?match[]=kernel_all_load", "/api/v1/label/instname/values?" + window, "/api/v1/label/__name__/values?match[]=kernel_all_load&match[]=hits_total&match[]=disk_all_read",
	} {
		whole := ask(t, srv, line)
		assert.Empty(t, whole.Warnings)
		for limit, want := range map[int]int{0: size(whole), 1: 1, 2: 2, size(whole): size(whole), size(whole) + 1: size(whole)} {
			got := ask(t, srv, fmt.Sprintf("%s&limit=%d", line, limit))
			assert.Equal(t, want, size(got), line)
			if want < size(whole) {
				assert.Equal(t, []string{"results truncated due to limit"}, got.Warnings, line)
			} else {
				assert.Empty(t, got.Warnings, line)
			}
		}
		for _, wrong := range []string{"x", "-1", "1.5", "99999999999999999999"} {
			got := ask(t, srv, line+"&limit="+wrong)
			assert.Equal(t, http.StatusBadRequest, got.Code, wrong)
			assert.Contains(t, got.Error, `invalid parameter "limit"`)
		}
	}
}

// TestDiscreteValuesHold asks for a metric that was recorded once.
func TestDiscreteValuesHold(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	for _, more := range []string{"", "&lookback_delta=20s", "&lookback_delta=1ms", "&lookback_delta=-1"} {
		got := ask(t, srv, fmt.Sprintf("/api/v1/query?query=hinv_ncpu&time=%d%s", finish, more))
		require.Len(t, got.Data.(map[string]any)["result"], 1, more)
	}
	ask5 := func(more string) int {
		return len(ask(t, srv, fmt.Sprintf("/api/v1/query?query=kernel_all_load&time=%d%s", finish+200, more)).Data.(map[string]any)["result"].([]any))
	}
	assert.Equal(t, []int{3, 0, 3}, []int{ask5(""), ask5("&lookback_delta=1m"), ask5("&lookback_delta=10m")})
	assert.Equal(t, http.StatusBadRequest, ask(t, srv, "/api/v1/query?query=1&lookback_delta=x").Code)
}

func TestStats(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	line := "/api/v1/query_range?query=kernel_all_load&step=60&" + window
	stats := func(more string) (map[string]any, []string) {
		a := ask(t, srv, line+more)
		s, _ := a.Data.(map[string]any)["stats"].(map[string]any)
		return s, a.Warnings
	}
	none, _ := stats("")
	assert.Nil(t, none)
	some, warnings := stats("&stats=true")
	assert.Positive(t, some["samples"].(map[string]any)["totalQueryableSamples"])
	assert.NotContains(t, some["samples"], "totalQueryableSamplesPerStep")
	assert.Empty(t, warnings)
	all, _ := stats("&stats=all")
	assert.Len(t, all["samples"].(map[string]any)["totalQueryableSamplesPerStep"], 30)
	_, warnings = stats("&stats=yes")
	assert.Len(t, warnings, 1, "deprecated")
}

// TestEscapedLabelNames asks for labels whose names are valid in UTF-8 alone.
func TestEscapedLabelNames(t *testing.T) {
	a := newAPI(t, Options{Source: viewOver(labelled{labels.FromStrings("__name__", "x", "service.name", "shop", "a/b", "c", "U__x", "y")})})
	srv := serving(t, a)
	for name, want := range map[string]string{"U__service_2e_name": "shop", "service.name": "shop", "a%2Fb": "c", "U__a_2f_b": "c", "U____x": ""} {
		got := ask(t, srv, "/api/v1/label/"+name+"/values")
		require.Equal(t, http.StatusOK, got.Code, name)
		if want != "" {
			assert.Equal(t, []any{want}, got.Data, name)
		} else {
			assert.Empty(t, got.Data, name)
		}
	}
	assert.Equal(t, http.StatusBadRequest, ask(t, srv, "/api/v1/label/%ff/values").Code)
}

// labelled is a storage with one series.
type labelled struct{ labels.Labels }

// Querier returns a querier of the series.
func (l labelled) Querier(int64, int64) (storage.Querier, error) {
	return &labelledQuerier{storage.NoopQuerier(), l.Labels}, nil
}

type labelledQuerier struct {
	storage.Querier
	labels labels.Labels
}

// LabelValues returns the value that the series has.
func (q *labelledQuerier) LabelValues(_ context.Context, name string, _ *storage.LabelHints, _ ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	if v := q.labels.Get(name); v != "" {
		return []string{v}, nil, nil
	}
	return nil, nil, nil
}

// TestQueue finds no place while another request has it.
func TestQueue(t *testing.T) {
	a := newAPI(t, Options{Concurrency: 1, QueueTimeout: 20 * time.Millisecond}, hostFolder(t))
	leave, err := a.gate.enter(t.Context())
	require.NoError(t, err)
	w := do(t, a, http.MethodGet, "/api/v1/query?query=1")
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.JSONEq(t, `{"status":"error","errorType":"timeout","error":"query timed out in query queue"}`, w.Body.String())
	leave()
	assert.Equal(t, http.StatusOK, do(t, a, http.MethodGet, "/api/v1/query?query=1").Code)
	leave, err = a.gate.enter(t.Context())
	require.NoError(t, err)
	defer leave()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = a.gate.enter(ctx)
	assert.Equal(t, canceled, kindOf(err))
}

// TestErrorKinds maps the errors of the engine and of storages to statuses.
func TestErrorKinds(t *testing.T) {
	for err, want := range map[error]errorKind{
		promql.ErrQueryTimeout("x"): timedOut, promql.ErrQueryCanceled("x"): canceled, promql.ErrTooManySamples("x"): execution,
		promql.ErrStorage{Err: io.EOF}: internal, promql.ErrStorage{Err: &query.LimitError{}}: internal, io.EOF: execution,
		&query.TimeoutError{}: timedOut, &query.LimitError{}: execution, &query.PanicError{}: internal, context.Canceled: canceled,
		fmt.Errorf("x: %w", &http.MaxBytesError{}): tooLarge, bad(io.EOF): badData,
	} {
		assert.Equal(t, want, kindOf(err), "%T", err)
	}
}

// TestTimeoutParameter ends a query that takes long.
func TestTimeoutParameter(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	slow := strings.Repeat("sum_over_time(", 1) + "kernel_all_load[30m:1ms]" + ")"
	got := ask(t, srv, "/api/v1/query_range?"+form("query", slow, "start", fmt.Sprint(start), "end", fmt.Sprint(finish), "step", "1", "timeout", "50ms"))
	assert.Equal(t, http.StatusServiceUnavailable, got.Code, got.Error)
	assert.Equal(t, "timeout", got.ErrorType)
}

// TestClientLeaves cancels the query of a client that is gone, and frees its place.
func TestClientLeaves(t *testing.T) {
	a := newAPI(t, Options{Concurrency: 1, QueueTimeout: time.Minute}, hostFolder(t))
	srv := serving(t, a)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	slow := form("query", "sum_over_time(kernel_all_load[30m:1ms])", "start", fmt.Sprint(start), "end", fmt.Sprint(finish), "step", "1")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv+"/api/v1/query_range?"+slow, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	require.Error(t, err)
	assert.Equal(t, http.StatusOK, ask(t, srv, "/api/v1/query?query=1").Code, "the place is free")
}

// panicking is a storage with a defect.
type panicking struct{}

func (panicking) Querier(int64, int64) (storage.Querier, error) { panic("defect") }

func TestPanics(t *testing.T) {
	var log bytes.Buffer
	a := newAPI(t, Options{Source: viewOver(panicking{}), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	w := do(t, a, http.MethodGet, "/api/v1/series?match[]=x&query=which")
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.Contains(t, w.Body.String(), `"errorType":"internal"`)
	assert.Contains(t, log.String(), "query=which")
	assert.Contains(t, log.String(), "defect")
}

// TestGiantRequests sends what is too large to answer.
func TestGiantRequests(t *testing.T) {
	a := newAPI(t, Options{MaxBody: 4 << 20}, hostFolder(t))
	srv := serving(t, a)
	post := func(expr string) answer { return ask(t, srv, "POST /api/v1/query?"+form("query", expr)) }
	mega := 1 << 20
	for name, expr := range map[string]string{
		"parentheses": strings.Repeat("(", mega), "nested": strings.Repeat("(", mega/2) + "1" + strings.Repeat(")", mega/2), "signs": strings.Repeat("-", mega) + "1",
		"sum": "1" + strings.Repeat("+1", mega/2), "calls": strings.Repeat("abs(", mega/4) + "x" + strings.Repeat(")", mega/4), "braces": strings.Repeat("{", mega),
		"deep": strings.Repeat("(", 9_000) + "1" + strings.Repeat(")", 9_000), "deep signs": strings.Repeat("-", 9_000) + "kernel_all_load",
		"deep calls": strings.Repeat("abs(", 4_000) + "kernel_all_load" + strings.Repeat(")", 4_000), "deep sums": strings.Repeat("sum(", 4_000) + "kernel_all_load" + strings.Repeat(")", 4_000),
		"deep binary": strings.Repeat("(kernel_all_load+", 1_000) + "1" + strings.Repeat(")", 1_000),
		"number":      strings.Repeat("1", mega), "name": strings.Repeat("x", mega), "text": `"` + strings.Repeat("x", mega), "powers": "1" + strings.Repeat("^1", mega/2),
	} {
		got := post(expr)
		assert.NotEqual(t, "internal", got.ErrorType, name)
		assert.NotZero(t, got.Code, name)
	}
	assert.Equal(t, http.StatusOK, post("kernel_all_load"+strings.Repeat(" + kernel_all_load", 3000)).Code, "3,000 terms")
	assert.Equal(t, http.StatusOK, post(`{instname=~"`+strings.Repeat("1 minute|", mega/9)+`x"}`).Code, "a long list of instances")
	large := post(strings.Repeat("1", 5<<20))
	assert.Equal(t, http.StatusRequestEntityTooLarge, large.Code)
	assert.Equal(t, "bad_data", large.ErrorType)
	got := ask(t, srv, "/api/v1/query?"+form("query", "sum_over_time(kernel_all_load[100y:1s])"))
	assert.Equal(t, http.StatusUnprocessableEntity, got.Code)
	assert.Contains(t, got.Error, "3153600001 steps")
}
