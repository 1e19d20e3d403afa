package promapi

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/query"
)

func TestMetadata(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	entry := func(typ, help, unit string) []any {
		return []any{map[string]any{"type": typ, "help": help, "unit": unit}}
	}
	all := ask(t, srv, "/api/v1/metadata?limit=40000").Data.(map[string]any)
	for name, want := range map[string][]any{
		"kernel_all_load": entry("gauge", "load averages", ""), "disk_all_read": entry("counter", "", ""), "hinv_ncpu": entry("gauge", "", ""),
		"hits_total": entry("counter", "Requests.", ""), "lat_seconds": entry("histogram", "Latency.", "seconds"),
	} {
		assert.Equal(t, want, all[name], name)
		assert.Equal(t, map[string]any{name: want}, ask(t, srv, "/api/v1/metadata?metric="+name).Data)
	}
	assert.NotContains(t, all, "lat_seconds_bucket")
	for limit, want := range map[string]int{"0": 0, "1": 1, "2": 2, "": len(all), "-1": len(all)} {
		assert.Len(t, ask(t, srv, "/api/v1/metadata?limit="+limit).Data, want, limit)
	}
	assert.Equal(t, http.StatusBadRequest, ask(t, srv, "/api/v1/metadata?limit_per_metric=x").Code)
	targets := ask(t, srv, "/api/v1/targets/metadata?metric=hits_total").Data
	assert.Equal(t, []any{map[string]any{"target": map[string]any{}, "metric": "hits_total", "type": "counter", "help": "Requests.", "unit": ""}}, targets)
}

// TestKnownCounters gives no note that a metric may be no counter if PCP knows that it
// is one.
func TestKnownCounters(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	notes := func(expr string) []string {
		return ask(t, srv, "/api/v1/query?"+form("query", expr, "time", fmt.Sprint(start+600))).Infos
	}
	assert.Empty(t, notes("rate(disk_all_read[5m])"))
	require.Len(t, notes("rate(kernel_all_load[5m])"), 1)
	assert.Contains(t, notes("rate(kernel_all_load[5m])")[0], "metric might not be a counter")
}

func TestExemplars(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	found := ask(t, srv, "/api/v1/query_exemplars?"+form("query", `sum(rate(hits_total{code="404"}[5m])) + lat_seconds_sum`)+"&"+window)
	require.Equal(t, http.StatusOK, found.Code, found.Error)
	example := func(i int, at float64) any {
		return map[string]any{"labels": map[string]any{"trace_id": fmt.Sprint("t", i)}, "value": "0.5", "timestamp": at}
	}
	assert.Equal(t, []any{map[string]any{
		"seriesLabels": map[string]any{"__name__": "hits_total", "code": "404", "instance": "web:1", "job": "web"},
		"exemplars":    []any{example(0, start+1), example(60, start+600.5), example(120, start+1200.5)},
	}}, found.Data)
	some := ask(t, srv, "POST /api/v1/query_exemplars?"+form("query", "hits_total", "start", fmt.Sprint(start+600), "end", fmt.Sprint(start+601))).Data
	assert.Len(t, some, 3, "three series")
	for _, line := range []string{"query=test", "query=1", "query=kernel_all_load", "query=hits_total&start=1772366400000&end=1772368190000"} {
		none := ask(t, srv, "/api/v1/query_exemplars?"+line)
		assert.Equal(t, http.StatusOK, none.Code)
		assert.Equal(t, []any{}, none.Data, line)
	}
}

func TestStatus(t *testing.T) {
	a := newAPI(t, Options{ExternalLabels: map[string]string{"site": "lab", "replica": "1"}, Version: "v1", Flags: map[string]string{"rescan": "10s"}}, hostFolder(t))
	srv := serving(t, a)
	build := ask(t, srv, "/api/v1/status/buildinfo").Data.(map[string]any)
	assert.Equal(t, PrometheusVersion, build["version"])
	assert.NotContains(t, build, "features")
	assert.Equal(t, "v1", build["revision"])
	assert.Equal(t, "global:\n  external_labels:\n    replica: \"1\"\n    site: lab\n", ask(t, srv, "/api/v1/status/config").Data.(map[string]any)["yaml"])
	flags := ask(t, srv, "/api/v1/status/flags").Data.(map[string]any)
	assert.Equal(t, "10s", flags["rescan"])
	assert.Equal(t, "false", flags["web.enable-admin-api"])
	runtime := ask(t, srv, "/api/v1/status/runtimeinfo").Data.(map[string]any)
	assert.Equal(t, time.Unix(finish+2, 0).UTC().Format(time.RFC3339), runtime["serverTime"])
	assert.Positive(t, runtime["goroutineCount"])
	for path, want := range map[string]any{
		"targets": map[string]any{"activeTargets": []any{}, "droppedTargets": []any{}, "droppedTargetCounts": map[string]any{}}, "scrape_pools": map[string]any{"scrapePools": []any{}},
	} {
		assert.Equal(t, want, ask(t, srv, "/api/v1/"+path).Data)
	}
}

func TestCardinality(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	status := ask(t, srv, "/api/v1/status/tsdb?limit=2").Data.(map[string]any)
	series := ask(t, srv, `/api/v1/series?match[]={__name__!=""}`).Data.([]any)
	assert.InDelta(t, len(series), status["headStats"].(map[string]any)["numSeries"], 0)
	assert.Equal(t, []any{map[string]any{"name": "lat_seconds_bucket", "value": 4.0}, map[string]any{"name": "hits_total", "value": 3.0}}, status["seriesCountByMetricName"])
	for _, wrong := range []string{"0", "x", "10001"} {
		assert.Equal(t, http.StatusBadRequest, ask(t, srv, "/api/v1/status/tsdb?limit="+wrong).Code)
	}
}

// TestParseQuery has a node of each kind.
func TestParseQuery(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	kinds := map[string]bool{}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if k, ok := v["type"].(string); ok {
				kinds[k] = true
			}
			for _, child := range v {
				visit(child)
			}
		case []any:
			for _, child := range v {
				visit(child)
			}
		}
	}
	visit(ask(t, srv, "POST /api/v1/parse_query?"+form("query", `topk(2, a{b="c"} offset 5m) by (x) + on(y) group_left(z) -(max_over_time(rate(d[1m] @ end())[1h:1m] @ 5)) + label_replace(e, "a", "b", "c", "d")`)).Data)
	for _, kind := range []string{"aggregation", "binaryExpr", "call", "matrixSelector", "subquery", "numberLiteral", "parenExpr", "stringLiteral", "unaryExpr", "vectorSelector"} {
		assert.True(t, kinds[kind], kind)
	}
	selector := ask(t, srv, "/api/v1/parse_query?"+form("query", `a{b=~"c"} @ start() offset 1s`)).Data.(map[string]any)
	assert.Equal(t, []any{map[string]any{"name": "b", "value": "c", "type": "=~"}, map[string]any{"name": "__name__", "value": "a", "type": "="}}, selector["matchers"])
	assert.Equal(t, []any{"start", 1000.0}, []any{selector["startOrEnd"], selector["offset"]})
	assert.Equal(t, http.StatusBadRequest, ask(t, srv, "/api/v1/parse_query?query=(").Code)
}

// TestEmptyView answers before there is any archive.
func TestEmptyView(t *testing.T) {
	a := newAPI(t, Options{Source: viewOf(nil, query.Options{})})
	srv := serving(t, a)
	for _, line := range []string{
		"/api/v1/query?query=1", "/api/v1/query?query=x", "/api/v1/query_range?query=x&start=1&end=2&step=1", "/api/v1/series?match[]=x", "/api/v1/labels", "/api/v1/label/x/values",
		"/api/v1/metadata", "/api/v1/query_exemplars?query=x", "/api/v1/status/tsdb", "/api/v1/targets/metadata", "/federate?match[]=x",
	} {
		assert.Equal(t, http.StatusOK, ask(t, srv, line).Code, line)
	}
}

// TestGrafana replays what Grafana's Prometheus data source asks, by POST and by GET.
func TestGrafana(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	health := ask(t, srv, "POST /api/v1/query?query=1%2B1&time=4")
	assert.Equal(t, map[string]any{"resultType": "scalar", "result": []any{4.0, "2"}}, health.Data)
	times := fmt.Sprintf("start=%d.123&end=%d.456", start, finish)
	limited := "limit=40000&" + times
	for line, least := range map[string]int{
		"/api/v1/label/__name__/values?" + limited: 6, "/api/v1/labels?" + limited: 5, "POST /api/v1/labels?" + limited: 5, "/api/v1/metadata?" + limited: 5,
		"/api/v1/rules": 1, "/api/v1/alerts": 1, "/api/v1/query_exemplars?query=test&start=1772366400000&end=1772368190000": 0,
		"/api/v1/label/instname/values?" + times + "&" + form("match[]", "kernel_all_load"):                              3,
		"/api/v1/label/U__instname/values?" + times:                                                                      3,
		"/api/v1/label/hostname/values?" + times + "&" + form("match[]", `{__name__=~"kernel.*"}`):                       1,
		"/api/v1/series?" + times + "&" + form("match[]", `{__name__!=""}`):                                              10,
		"POST /api/v1/series?" + times + "&" + form("match[]", `{__name__=~".+",}`):                                      10,
		"/api/v1/query?" + form("query", `count({__name__=~".+",}) by (__name__)`, "time", fmt.Sprint(finish)):           2,
		"POST /api/v1/query_range?" + times + "&" + form("query", `sum by (instname) (kernel_all_load)`, "step", "15.5"): 2,
		"/api/v1/query_range?" + times + "&" + form("query", `rate(disk_all_read[1m0s])`, "step", "15"):                  2,
	} {
		got := ask(t, srv, line)
		assert.Equal(t, "success", got.Status, "%s: %s", line, got.Error)
		assert.Equal(t, http.StatusOK, got.Code, line)
		switch data := got.Data.(type) {
		case []any:
			assert.GreaterOrEqual(t, len(data), least, line)
		case map[string]any:
			assert.GreaterOrEqual(t, len(data), least, line)
		}
	}
}

// TestThanosSidecar replays the requests with which the Thanos sidecar asks for more
// than data.
func TestThanosSidecar(t *testing.T) {
	srv := serving(t, newAPI(t, Options{ExternalLabels: map[string]string{"site": "lab"}}, hostFolder(t)))
	for _, line := range []string{
		"/api/v1/status/config", "/api/v1/status/flags", "/api/v1/status/buildinfo", "/api/v1/rules?type=alert", "/api/v1/metadata?limit=10", "/api/v1/targets?state=any",
		"/api/v1/labels?" + window, "/api/v1/label/job/values?" + window + "&match[]=hits_total", "/api/v1/series?" + window + "&match[]=hits_total", "/api/v1/query_exemplars?query=hits_total&" + window,
	} {
		got := ask(t, srv, line)
		assert.Equal(t, []any{http.StatusOK, "success"}, []any{got.Code, got.Status}, line)
	}
}

// TestFederate compares what Prometheus federates with what archives federate, of the
// present.
func TestFederate(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().Unix()
	recordHostFrom(t, filepath.Join(dir, "db1"), "db1", now-10*(recordings-1)-5)
	theirs := debian(t, dir, "global: {external_labels: {site: lab, code: none}}")
	ours := serving(t, New(Options{Source: viewOf(openSets(t, dir), query.Options{}), ExternalLabels: map[string]string{"site": "lab", "code": "none"}}))
	for _, match := range []string{"hits_total", `{__name__=~"lat.+"}`, "kernel_all_load", "nothing", `{job="web"}`} {
		line := "/federate?" + form("match[]", match, "match[]", "disk_all_read")
		want, got := page(t, theirs+line), page(t, ours+line)
		assert.Equal(t, want, got, match)
		assert.Contains(t, got, "disk_all_read")
	}
	resp, err := http.Get(ours + "/federate?match[]=(")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
}

// page returns a page of text.
func page(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.True(t, strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain"))
	return readAll(t, resp.Body)
}

// TestExtremeTimes sends the smallest and the largest times that clients send.
func TestExtremeTimes(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	for _, times := range []string{
		"start=-9223372036854775.808&end=9223372036854775.807", "start=-1e300&end=1e300", "start=-Inf&end=%2BInf", "start=" + minTimeText + "&end=" + maxTimeText,
		"start=0000-01-01T00:00:00Z&end=9223372036854775.807",
	} {
		for _, line := range []string{"/api/v1/labels?", "/api/v1/label/code/values?", "/api/v1/series?match[]=hits_total&", "/api/v1/query_exemplars?query=hits_total&"} {
			got := ask(t, srv, line+times)
			assert.Equal(t, http.StatusOK, got.Code, "%s%s: %s", line, times, got.Error)
			assert.NotEmpty(t, got.Data, line+times)
		}
		for _, step := range []string{"1", "1e6", "9e9"} {
			assert.Equal(t, http.StatusBadRequest, ask(t, srv, "/api/v1/query_range?query=1&step="+step+"&"+times).Code, times)
		}
		at := strings.ReplaceAll(strings.Split(times, "&")[1], "end=", "time=")
		for _, expr := range []string{"1", "hits_total", "rate(hits_total[5m])", "hits_total[1h:1m]"} {
			assert.Equal(t, http.StatusOK, ask(t, srv, "/api/v1/query?"+at+"&"+form("query", expr)).Code, at)
		}
	}
}
