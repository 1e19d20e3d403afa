package seriesapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/seriestest"
)

// grafana asks as the data sources of grafana-pcp do: with GET if the address is shorter than
// 8,192 bytes, otherwise with a form as the body of a POST that does not say what it is.
type grafana struct {
	t   *testing.T
	url string
}

// ask decodes a reply, whose status must be 200, into a value with the types that
// grafana-pcp has.
func (g grafana) ask(path string, into any, params ...string) {
	g.t.Helper()
	form := url.Values{}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	target := g.url + path
	method, body := http.MethodGet, ""
	if encoded := form.Encode(); len(target)+1+len(encoded) < 8192 {
		target += "?" + encoded
	} else {
		method, body = http.MethodPost, encoded
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	require.NoError(g.t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(g.t, err)
	defer resp.Body.Close()
	require.Equal(g.t, http.StatusOK, resp.StatusCode, "%s %v", path, params)
	require.NoError(g.t, json.NewDecoder(resp.Body).Decode(into), "%s %v", path, params)
}

// The replies as grafana-pcp decodes them.
type (
	success    struct{ Success bool }
	metricItem struct{ Series, Name string }
	descItem   struct{ Series, Source, PMID, InDom, Semantics, Type, Units string }
	instItem   struct {
		Series, Source, Instance, Name string
		ID                             int
	}
	labelItem struct {
		Series string
		Labels map[string]any
	}
	valueItem struct {
		Series, Instance, Value string
		Timestamp               float64
	}
	searchItem struct{ Name, Type, Indom, Oneline, Helptext string }
	searchPage struct {
		Total, Offset, Limit int
		Elapsed              float64
		Results              []searchItem
	}
)

// panel runs the requests of a panel of the Valkey data source and returns the number of
// points, each of which must have a name and labels.
func (g grafana) panel(expr string, start, finish, interval int64) (points int) {
	g.t.Helper()
	var ids []string
	g.ask("/series/query", &ids, "expr", expr)
	require.NotEmpty(g.t, ids, expr)
	series := strings.Join(ids, ",")
	var names []metricItem
	g.ask("/series/metrics", &names, "series", series)
	var descs []descItem
	g.ask("/series/descs", &descs, "series", series)
	require.Len(g.t, descs, len(ids))
	labels := map[string]map[string]any{}
	for _, d := range descs {
		require.NotEqual(g.t, "unknown", d.Type)
		if d.InDom == "none" {
			g.labels(labels, d.Series)
		}
	}
	var values []valueItem
	g.ask("/series/values", &values, "series", series, "start", strconv.FormatInt(start, 10), "finish", strconv.FormatInt(finish, 10), "interval", strconv.FormatInt(interval, 10))
	instances := map[string]string{}
	for _, d := range descs {
		if d.InDom != "none" {
			var found []instItem
			g.ask("/series/instances", &found, "series", d.Series)
			require.NotEmpty(g.t, found, expr)
			var all []string
			for _, i := range found {
				instances[i.Instance] = i.Name
				all = append(all, i.Instance)
			}
			g.labels(labels, all...)
		}
	}
	for _, v := range values {
		owner := v.Series
		if v.Instance != "" && instances[v.Instance] != "" {
			owner = v.Instance
		}
		_, err := strconv.ParseFloat(v.Value, 64)
		require.NoError(g.t, err, expr)
		require.NotEmpty(g.t, labels[owner], "%s: %+v", expr, v)
		require.Positive(g.t, v.Timestamp)
	}
	for _, id := range ids {
		require.True(g.t, contains(names, id), expr)
	}
	return len(values)
}

func contains(names []metricItem, id string) bool {
	for _, n := range names {
		if n.Series == id && n.Name != "" {
			return true
		}
	}
	return false
}

// labels asks for the labels of series.
func (g grafana) labels(into map[string]map[string]any, ids ...string) {
	var found []labelItem
	g.ask("/series/labels", &found, "series", strings.Join(ids, ","))
	for _, l := range found {
		into[l.Series] = l.Labels
	}
}

// TestGrafana replays the requests of grafana-pcp's Valkey data source, its completion of
// queries and its search page, and those of the Vector data source that fill in the past.
func TestGrafana(t *testing.T) {
	server := httptest.NewServer(twoHosts(t))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	g := grafana{t, server.URL}
	var ok success
	g.ask("/series/ping", &ok)
	assert.True(t, ok.Success)

	start, finish := seriestest.StampAt(0).Sec, seriestest.StampAt(9).Sec
	for expr, points := range map[string]int{ // as dashboards have them
		`kernel.all.load{hostname == "node88"}`:    30,
		`kernel.all.pswitch{hostname == "node88"}`: 10,
		`mem.freemem`: 20,
		`disk.dev.read_bytes{hostname =~ "node8[89]"}`:                         40,
		`disk.dev.*{hostname == "node89"}`:                                     20,
		`rate(kernel.all.pswitch{hostname == "node88"})`:                       9,
		`rescale(rate(disk.dev.read_bytes{hostname == "node88"}), "mbytes/s")`: 18,
		`mem.freemem{hostname == "node88"} / 1024`:                             10,
	} {
		assert.Equal(t, points, g.panel(expr, start-120, finish+60, 0), expr)
		assert.Positive(t, g.panel(expr, start, finish, 20), expr)
	}

	var names []string // completion and variables
	g.ask("/series/metrics", &names, "match", "kernel.*")
	assert.Equal(t, []string{"kernel.all.load", "kernel.all.pswitch", "kernel.uname.release"}, names)
	g.ask("/series/labels", &names, "match", "")
	assert.Contains(t, names, "hostname")
	var values map[string][]any
	g.ask("/series/labels", &values, "names", "hostname")
	assert.Equal(t, map[string][]any{"hostname": {"node88", "node89"}}, values)

	var suggestions []string // the search page
	g.ask("/search/suggest", &suggestions, "query", "kern", "limit", "10")
	assert.NotEmpty(t, suggestions)
	var page searchPage
	g.ask("/search/text", &page, "query", "disk", "limit", "4", "offset", "0", "highlight", "oneline,name", "field", "name,oneline,helptext", "return", "name,type,oneline,indom", "type", "metric,instance,indom")
	require.NotEmpty(t, page.Results)
	assert.Contains(t, page.Results[0].Oneline, "<b>")
	g.ask("/search/indom", &page, "query", page.Results[0].Indom, "limit", "25", "offset", "0")
	assert.Len(t, page.Results, 4)

	var desc []descItem // many series: the request becomes a POST
	many := strings.Repeat("0123456789012345678901234567890123456789,", 300)
	g.ask("/series/descs", &desc, "series", strings.TrimSuffix(many, ","))
	assert.Len(t, desc, 300)
}
