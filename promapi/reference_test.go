package promapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// window is the time of the records as parameters.
var window = fmt.Sprintf("start=%d&end=%d", start, finish+1)

// sameReplies are requests that Debian's Prometheus, over exported blocks, and an API,
// over the archives, answer alike. No selector may select the discrete metric, which a
// block holds once.
func sameReplies() []string {
	at := func(expr string, more ...string) string {
		return "/api/v1/query?" + form(append([]string{"query", expr, "time", fmt.Sprint(start + 600)}, more...)...)
	}
	over := func(expr string, more ...string) string {
		return "/api/v1/query_range?" + form(append([]string{"query", expr, "start", fmt.Sprint(start), "end", fmt.Sprint(finish), "step", "30"}, more...)...)
	}
	all := []string{
		at("1+1"), at("vector(1)"), at(`"text"`), at("time()"), at("kernel_all_load"), at("rate(hits_total[5m])"), at("lat_seconds_bucket[1m]"),
		at("histogram_quantile(0.9, rate(lat_seconds_bucket[5m]))"), at("absent(nothing)"), at("nothing"), at("sort_desc(kernel_all_load)"),
		at("1/0"), at("-1/0"), at("0/0"), at("1e20"), at("-0"), at("vector(1e100)"),
		at("kernel_all_load", "timeout", "10s"), at("kernel_all_load", "timeout", "1h5m"), at("kernel_all_load", "timeout", "5"),
		at("kernel_all_load offset 1h"), at("kernel_all_load offset -5m"), at("kernel_all_load @ start()"), at(fmt.Sprintf("kernel_all_load @ %d", start)),
		at("sum by (hostname) (kernel_all_load)"), at("topk(1, kernel_all_load)"), at("hits_total[2m:31s]"), at(`{__name__=~"hits.+",}`),
		over("kernel_all_load"), over("rate(hits_total[1m])"), over("1"), over("vector(time())"), over("nothing"), over("kernel_all_load > 1"),
		"/api/v1/query_range?" + form("query", "hits_total", "start", "2026-03-01T12:00:00Z", "end", "2026-03-01T12:05:00.5+00:00", "step", "1m"),
		"/api/v1/query_range?" + form("query", "hits_total", "start", fmt.Sprint(start, ".5"), "end", fmt.Sprint(start, ".9"), "step", "0.1"),
		"/api/v1/query?" + form("query", "hits_total", "time", "2026-03-01T12:05:00.123456789+02:00"),
		"/api/v1/query?" + form("query", "hits_total", "time", fmt.Sprint(start, ".1235")),
		"/api/v1/query?query=1%2B1&time=4", "/api/v1/query?query=1&time=-1.5", "/api/v1/query?query=1&time=0",
		// What is wrong.
		"/api/v1/query", "/api/v1/query?query=", at("("), at("rate(x)"), at("a b"), at("sum("), at("{}"), at(`{a=~"("}`), at("x[5m] + 1"), at("x{a="),
		at("hits_total", "timeout", "x"), at("hits_total", "timeout", ""), "/api/v1/query?query=1&time=x", "/api/v1/query?query=1&time=1s",
		"/api/v1/query_range", "/api/v1/query_range?query=1", over("x["), over(`"text"`), over("hits_total[5m]"),
		"/api/v1/query_range?query=1&start=1&end=2", "/api/v1/query_range?query=1&start=1&end=2&step=0", "/api/v1/query_range?query=1&start=1&end=2&step=-1",
		"/api/v1/query_range?query=1&start=2&end=1&step=1", "/api/v1/query_range?query=1&start=1&end=2&step=x", "/api/v1/query_range?query=1&start=0&end=11001&step=1",
		"/api/v1/query_range?query=1&start=0&end=11000&step=1", "/api/v1/query_range?query=1&start=0&end=1&step=1e30", "/api/v1/query_range?query=1&start=x&end=1&step=1",
		"/api/v1/query_range?query=1&start=1&step=1", "/api/v1/query_range?query=1&start=0&end=1e11&step=1e9",
		at("hits_total + on(code) group_left lat_seconds_bucket"), at("hits_total * on() kernel_all_load"), at("label_replace(hits_total, \"a\", \"b\", \"c\", \"(\")"),
		at("label_join(hits_total, \"code\", \"\", \"x\")"),
	}
	selectors := []string{"hits_total", `{__name__=~"lat.+"}`, `{instname!=""}`, "nothing", `kernel_all_load{instname="1 minute"}`}
	for _, path := range []string{"/api/v1/series", "/api/v1/labels", "/api/v1/label/__name__/values", "/api/v1/label/instname/values", "/api/v1/label/none/values"} {
		for _, s := range selectors {
			all = append(all, path+"?"+window+"&"+form("match[]", s))
		}
		all = append(all, path+"?"+window+"&"+form("match[]", "hits_total", "match[]", `kernel_all_load`), path+"?"+form("match[]", "hits_total"),
			path+"?"+form("match[]", "hits_total", "start", fmt.Sprint(start-900), "end", fmt.Sprint(start-1)),
			path+"?match[]={}", path+"?match[]=(", path+`?match[]={a=""}`, path+"?match[]=hits_total&start=x", path+"?match[]=hits_total&end=x", path+"?match[]=hits_total[5m]",
			path+"?match[]=hits_total&start=-292273086-05-16T16:47:06Z", path+"?match[]=hits_total&end=292277025-08-18T07:12:54.999999999Z",
			path+"?match[]=hits_total&start=2&end=1")
	}
	for _, expr := range []string{"1+1", "sum by (a,b) (rate(hits_total[5m]))", "(", "", `{__name__=~".+",}`, "a + on(x) group_left(y) b", "x offset 5m", `"text"`, strings.Repeat("hits_total + ", 30) + "1"} {
		all = append(all, "/api/v1/format_query?"+form("query", expr))
	}
	return append(all, "/api/v1/series", "/api/v1/rules", "/api/v1/rules?type=alert", "/api/v1/rules?type=record", "/api/v1/rules?type=x", "/api/v1/alerts",
		"/api/v1/alertmanagers", "/api/v1/metadata?limit=x", "/api/v1/metadata?metric=nothing", "/api/v1/query_exemplars?query=test", "/api/v1/query_exemplars?query=(",
		"/api/v1/query_exemplars?query=test&start=2&end=1", "/api/v1/query_exemplars?query=test&start=x", "/api/v1/query_exemplars?query=test&end=1772366400000&start=1772366400000",
		"/api/v1/targets/metadata?metric=nothing", "/api/v1/targets/metadata?limit=x", "/api/v1/targets/metadata?match_target=(", "/api/v1/targets/metadata?match_target=x")
}

// TestAnswersAsPrometheus sends the same requests, by GET and by POST, to both servers.
func TestAnswersAsPrometheus(t *testing.T) {
	dir := hostFolder(t)
	theirs, ours := debian(t, dir, ""), serving(t, newAPI(t, Options{}, dir))
	for _, line := range sameReplies() {
		want := ask(t, theirs, line)
		compare(t, line, want, ask(t, ours, line))
		if strings.Contains(line, "quer") || strings.Contains(line, "/labels?") || strings.Contains(line, "/series") {
			compare(t, "POST "+line, want, ask(t, ours, "POST "+line))
		}
	}
}

// differing are requests that Debian's version 2.42 answers otherwise than Prometheus 3,
// with the reason.
var differing = map[string]string{
	"/api/v1/label/a-b/values?match[]=nothing":                               "every text in UTF-8 is a label name",
	"/api/v1/query?time=1772367000&query=count_values(%22a-b%22,hits_total)": "every text in UTF-8 is a label name",
	"/api/v1/query?query=1e-7":                                               "scalars follow the number rules of vectors",
	"/api/v1/query?query=1e21":                                               "scalars follow the number rules of vectors",
	"/api/v1/query?query=hits_total[2m:30s]&time=1772367000":                 "a range does not include its beginning",
	"/api/v1/query?query=vector(1)&limit=x":                                  "limit exists",
	"/api/v1/labels?limit=-1":                                                "limit exists",
	"/api/v1/query_range?query=1&start=1&end=2&step=0.0001":                  "a step below 1ms ends in a division by zero",
	"/api/v1/query?query=1&time=NaN":                                         "NaN is no time",
}

// TestDiffersFromOldPrometheus holds differing.
func TestDiffersFromOldPrometheus(t *testing.T) {
	dir := hostFolder(t)
	theirs, ours := debian(t, dir, ""), serving(t, newAPI(t, Options{}, dir))
	for line, why := range differing {
		want, got := ask(t, theirs, line), ask(t, ours, line)
		want.Error, got.Error = "", ""
		assert.NotEqual(t, want, got, "%s: %s", line, why)
	}
}

func compare(t *testing.T, line string, want, got answer) {
	t.Helper()
	assert.Equal(t, want.Code, got.Code, "%s: %s %s", line, want.Error, got.Error)
	assert.Equal(t, want.Status, got.Status, line)
	assert.Equal(t, want.ErrorType, got.ErrorType, line)
	assert.Equal(t, want.Error == "", got.Error == "", line)
	assert.Equal(t, sorted(want.Data), sorted(got.Data), line)
}

// sorted brings the series of a reply into one order: that of vectors is free.
func sorted(data any) any {
	if m, ok := data.(map[string]any); ok {
		if list, ok := m["result"].([]any); ok && m["resultType"] == "vector" {
			slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	return data
}

// TestPathsAndMethods checks what no endpoint answers.
func TestPathsAndMethods(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	for _, line := range []string{"/api/v1/nothing", "/api/v1/", "/api/v1/query/..", "/api/v1/..%2fquery", "/", "/api/v1/label/a/b/values", "/api/v1/label//x", "POST /api/v1/nothing"} {
		got := ask(t, srv, line)
		assert.Equal(t, http.StatusNotFound, got.Code, line)
		assert.Equal(t, "not_found", got.ErrorType, line)
	}
	for _, m := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
		req, err := http.NewRequestWithContext(t.Context(), m, srv+"/api/v1/query", nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
		assert.Equal(t, "GET, POST, OPTIONS", resp.Header.Get("Allow"))
	}
	assert.Equal(t, http.StatusMethodNotAllowed, ask(t, srv, "POST /api/v1/metadata").Code)
}
