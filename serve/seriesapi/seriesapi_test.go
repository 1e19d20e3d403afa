package seriesapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/seriestest"
)

func TestEndpoints(t *testing.T) {
	api := twoHosts(t)
	ids := list(t, api, "/series/query?expr="+url.QueryEscape(`disk.dev.read_bytes{hostname == "node88"}`))
	require.Len(t, ids, 1)
	id := ids[0].(string)
	desc := list(t, api, "/series/descs?series="+id)[0].(map[string]any)
	assert.Equal(t, map[string]any{
		"series": id, "source": desc["source"], "pmid": "245.0.2", "indom": "245.2", "semantics": "counter", "type": "u64", "units": "Kbyte",
	}, desc)
	instances := list(t, api, "/series/instances?series="+id)
	require.Len(t, instances, 2)
	sda := instances[0].(map[string]any)
	assert.Equal(t, map[string]any{"series": id, "source": desc["source"], "instance": sda["instance"], "id": 0., "name": "sda"}, sda)
	assert.Equal(t, []any{map[string]any{"series": sda["instance"], "labels": map[string]any{
		"agent": "linux", "bus": "sata", "device_type": "block", "hostname": "node88", "userid": 1000.,
	}}}, list(t, api, fmt.Sprint("/series/labels?series=", sda["instance"])))
	assert.Equal(t, []any{map[string]any{"series": id, "name": "disk.dev.read_bytes"}}, list(t, api, "/series/metrics?series="+id))
	values := list(t, api, "/series/values?series="+id)
	require.Len(t, values, 2, "without a window the last value of each instance")
	assert.Equal(t, map[string]any{
		"series": id, "instance": sda["instance"], "timestamp": float64(seriestest.StampAt(9).Milli()), "value": "9216",
	}, values[0])
	assert.Len(t, list(t, api, "/series/values?series="+id+"&samples=3"), 6)
	assert.Len(t, list(t, api, "/series/values?series="+id+"&start=1741089600&finish=1741089620&interval=0"), 6)
	assert.Len(t, list(t, api, "/series/values?series="+id+"&start=1741089600&finish=1741089690&interval=30"), 8)
	assert.Len(t, list(t, api, "/series/query?expr="+url.QueryEscape(`disk.dev.read_bytes[count:2]`)), 8)
	assert.Equal(t, []any{"hostname"}, list(t, api, "/series/labels?match=host*"))
	assert.Contains(t, list(t, api, "/series/labels"), "bus")
	_, names := get(t, api, "/series/labels?names=hostname,rank,bus,nosuch")
	assert.Equal(t, map[string]any{"hostname": []any{"node88", "node89"}, "rank": []any{7.}, "bus": []any{"nvme", "sata"}}, names)
	_, names = get(t, api, "/series/labels?name=nosuch")
	assert.Equal(t, map[string]any{}, names)
	assert.Equal(t, []any{"kernel.all.load", "kernel.all.pswitch"}, list(t, api, "/series/metrics?match=kernel.all.*"))
	assert.Len(t, list(t, api, "/series/metrics"), 6)
	assert.Equal(t, []any{"sda", "sdb"}, list(t, api, "/series/instances?match=s*"))
	assert.Contains(t, list(t, api, "/series/sources"), "node88")
	source := list(t, api, fmt.Sprint("/series/sources?source=", desc["source"]))
	require.Len(t, source, 2)
	assert.Equal(t, map[string]any{"source": desc["source"], "name": "node88"}, source[0])
	path := source[1].(map[string]any)["name"].(string)
	_, loaded := get(t, api, "/series/load?expr="+url.QueryEscape(`{source.path: "`+path+`"}`))
	assert.Equal(t, map[string]any{"success": true}, loaded)
}

// TestExpressionSeries follows the ID of an expression through all paths.
func TestExpressionSeries(t *testing.T) {
	api := twoHosts(t)
	id := list(t, api, "/series/query?expr="+url.QueryEscape(`rate(disk.dev.read_bytes)`))[0].(string)
	assert.Equal(t, []any{map[string]any{"series": id, "name": "rate(disk.dev.read_bytes)"}}, list(t, api, "/series/metrics?series="+id))
	assert.Equal(t, []any{map[string]any{
		"series": id, "source": strings.Repeat("0", 40), "pmid": "511.0.0", "indom": "245.2", "semantics": "instant", "type": "double", "units": "Kbyte / sec",
	}}, list(t, api, "/series/descs?series="+id))
	assert.Len(t, list(t, api, "/series/instances?series="+id), 4)
	values := list(t, api, "/series/values?series="+id+"&samples=2")
	require.Len(t, values, 4)
	assert.Equal(t, "102.4", values[0].(map[string]any)["value"])
	labels := list(t, api, "/series/labels?series="+id)
	require.Len(t, labels, 1)
	assert.Equal(t, map[string]any{"agent": "linux", "cluster": "zero", "device_type": "block", "userid": 1000.}, labels[0].(map[string]any)["labels"], "those that both hosts have")
}

func TestRefusals(t *testing.T) {
	api := twoHosts(t)
	for target, want := range map[string]string{
		"/series/query":                            "400 the parameter expr is missing",
		"/series/query?expr=":                      "400 the parameter expr is missing",
		"/series/query?expr=(disk.all.re":          "400 cannot parse given string",
		"/series/query?expr=rate(kernel.all.load)": "400 Can't rate convert 'kernel.all.load'",
		"/series/query?expr=%zz":                   "400 the parameters cannot be read",
		"/series/values":                           "400 the parameter series is missing",
		"/series/values?series=":                   "400 the parameter series is empty",
		"/series/values?series=a&samples=0":        "400 samples \"0\": want a positive number",
		"/series/values?series=a&start=never":      "400 start \"never\"",
		"/series/values?series=a&zone=Mars":        "400 zone \"Mars\": unknown time zone",
		"/series/descs":                            "400 the parameter series is missing",
		"/series/load":                             "400 the parameter expr is missing",
		"/series/load?expr=a":                      "400 the expression names no archive",
		"/series/load?expr=/etc/passwd":            "400 not among the archives that are served",
		"/series/nosuch":                           "404 no such path",
		"/series/queryx?expr=a":                    "404 no such path",
		"/series/":                                 "404 no such path",
		"/search/text":                             "400 the parameter query is missing",
		"/search/text?query=a&limit=-1":            "400 the parameter limit is not a number",
		"/search/text?query=a&type=planet":         "400 the parameter type has an unknown type",
		"/search/text?query=a&field=planet":        "400 the parameter field has an unknown field",
		"/search/text?query=a&return=planet":       "400 the parameter return has an unknown field",
		"/search/nosuch":                           "404 no such path",
	} {
		w := do(api, http.MethodGet, target, "")
		body := decoded(t, w.Body.String()).(map[string]any)
		assert.Equal(t, false, body["success"], target)
		assert.Contains(t, fmt.Sprint(w.Code, " ", body["message"]), want, target)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"), target)
		body = decoded(t, do(api, http.MethodGet, target+map[bool]string{true: "&", false: "?"}[strings.Contains(target, "?")]+"client=me", "").Body.String()).(map[string]any)
		if !strings.Contains(target, "%zz") {
			assert.Equal(t, "me", body["client"], target)
		}
	}
}

// TestClient echoes the name of the client around each kind of reply.
func TestClient(t *testing.T) {
	api := twoHosts(t)
	for target, want := range map[string]string{
		"/series/ping?client=a%22b":                     `{"client":"a\"b","success":true}`,
		"/series/ping":                                  `{"success":true}`,
		"/series/query?expr=nosuch&client=x":            `{"client":"x","result":[]}`,
		"/series/query?expr=nosuch":                     `[]`,
		"/series/labels?name=nosuch&client=":            `{"client":"","result":{}}`,
		"/search/suggest?query=nosuch&clientid=grafana": `{"client":"grafana","result":[]}`,
	} {
		assert.JSONEq(t, want, do(api, http.MethodGet, target, "").Body.String(), target)
	}
}

// TestFaultsOfTheReference has the faults of pmproxy 6.0.3 that must not be copied.
func TestFaultsOfTheReference(t *testing.T) {
	api := twoHosts(t)
	w := do(api, http.MethodGet, "/series/nosuch", "")
	assert.Equal(t, http.StatusNotFound, w.Code, "an unknown path is not 400 with HTML")
	for _, target := range []string{"/series/query?expr=mem.freemem", "/search/text?query=load", "/series/labels"} {
		assert.Equal(t, http.StatusOK, do(api, http.MethodGet, target, "").Code, "answers without a key server")
	}
	values := list(t, api, "/series/query?expr="+url.QueryEscape(`kernel.all.load{hostname == "node88"}[count:10] / 3`))
	assert.Contains(t, values[3].(map[string]any)["value"], "0.6666666666666666", "numbers keep their digits")
	labels := list(t, api, "/series/labels?series="+list(t, api, "/series/query?expr=disk.dev.read_bytes")[0].(string))
	assert.Len(t, labels, 1, "a metric with instances has labels")
	assert.Equal(t, http.StatusMethodNotAllowed, do(api, http.MethodDelete, "/series/query", "").Code)
	assert.Equal(t, http.StatusMethodNotAllowed, do(api, http.MethodPost, "/series/ping", "").Code)
}

func TestSearch(t *testing.T) {
	api := twoHosts(t)
	_, body := get(t, api, "/search/text?query=disk&highlight=oneline&limit=1&offset=0")
	r := body.(map[string]any)
	assert.Equal(t, []any{2., 0., 1.}, []any{r["total"], r["offset"], r["limit"]})
	assert.IsType(t, 0., r["elapsed"])
	assert.Equal(t, []any{map[string]any{
		"name": "disk.dev.read_bytes", "type": "metric", "indom": "245.2", "oneline": "per-<b>disk</b> count of bytes read",
	}}, r["results"])
	_, body = get(t, api, "/search/text?query=disk&type=indom&return=name,helptext")
	assert.Equal(t, []any{map[string]any{"name": "245.2", "helptext": "Each disk that the kernel knows is an instance."}}, body.(map[string]any)["results"])
	_, body = get(t, api, "/search/text?query=nosuch")
	assert.Equal(t, []any{}, body.(map[string]any)["results"])
	_, body = get(t, api, "/search/indom?query=245.2&return=name")
	assert.Len(t, body.(map[string]any)["results"], 4)
	assert.Equal(t, []any{"kernel.all.load", "kernel.all.pswitch"}, list(t, api, "/search/suggest?query=kernel.all"))
	_, body = get(t, api, "/search/info")
	assert.Equal(t, 13., body.(map[string]any)["docs"])
}

// FuzzRequests sends any parameters to any path.
func FuzzRequests(f *testing.F) {
	api := twoHosts(f)
	paths := []string{
		"/series/query", "/series/values", "/series/descs", "/series/labels", "/series/metrics", "/series/sources", "/series/instances", "/series/load",
		"/search/text", "/search/suggest", "/search/indom",
	}
	id := list(f, api, "/series/query?expr=mem.freemem")[0].(string)
	for _, s := range []string{
		"expr=rate(kernel.all.pswitch[count:3])", "expr={hostname=~\"n.*\"}[5min]", "series=" + id + "&start=-1hour&finish=now&interval=10&align=1min&offset=3",
		"series=" + id + "&samples=3&zone=UTC", "match=*", "names=hostname,bus&client=x", "source=" + id, "query=disk&highlight=name&field=oneline&return=name&type=metric&limit=3&offset=1",
	} {
		for i := range paths {
			f.Add(uint8(i), s, false)
		}
		f.Add(uint8(1), s, true)
	}
	f.Fuzz(func(t *testing.T, path uint8, params string, post bool) {
		target := paths[int(path)%len(paths)]
		r := httptest.NewRequest(http.MethodGet, target, nil)
		if post {
			r = httptest.NewRequest(http.MethodPost, target, strings.NewReader(params))
		} else {
			r.URL.RawQuery = params
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, w.Code, "%s", w.Body)
		require.True(t, json.Valid(w.Body.Bytes()), "%s", w.Body)
	})
}
