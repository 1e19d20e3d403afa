package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/seriestest"
)

// vector asks as the Vector data source of grafana-pcp does: it polls values in a context and
// fills in the past from the series of the metrics.
type vector struct {
	*running
	context int64
}

// The replies as grafana-pcp decodes them.
type (
	vectorMetric struct {
		Name, Series, PMID, InDom, Type, Sem, Units string
		Labels                                      map[string]any
	}
	vectorInstance struct {
		Instance int
		Name     string
		Labels   map[string]any
	}
	vectorValues struct {
		Name      string
		Instances []struct {
			Instance *int
			Value    any
		}
	}
	vectorFetch struct {
		Context   int64
		Timestamp float64
		Values    []vectorValues
	}
	vectorPoint struct {
		Series, Instance, Value string
		Timestamp               float64
	}
)

// ask decodes a reply into a value, or returns the message of an error.
func (v *vector) ask(into any, path string, params ...string) (message string) {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	if v.context > 0 && strings.HasPrefix(path, "/pmapi/") {
		form.Set("context", strconv.FormatInt(v.context, 10))
	}
	status, body, _ := v.get(path + "?" + form.Encode())
	var failed struct{ Message string }
	if status != http.StatusOK {
		require.NoError(v.t, json.Unmarshal([]byte(body), &failed), body)
		require.Equal(v.t, http.StatusBadRequest, status, body)
		require.NotEmpty(v.t, failed.Message, body)
		return failed.Message
	}
	require.NoError(v.t, json.Unmarshal([]byte(body), into), body)
	return ""
}

// poll makes a context and fetches metrics, with the names of their instances.
func (v *vector) poll(host string, names ...string) (metrics []vectorMetric, values map[string]string, at float64) {
	v.t.Helper()
	var made struct{ Context int64 }
	v.context = 0
	require.Empty(v.t, v.ask(&made, "/pmapi/context", "hostspec", host, "polltimeout", "61"))
	v.context = made.Context
	require.Positive(v.t, v.context)
	var found struct{ Metrics []vectorMetric }
	require.Empty(v.t, v.ask(&found, "/pmapi/metric", "names", strings.Join(names, ",")))
	instances := map[string]map[int]string{}
	found.Metrics = slices.DeleteFunc(found.Metrics, func(m vectorMetric) bool { return m.PMID == "" }) // the reply names those that are missing
	for _, m := range found.Metrics {
		if m.InDom == "" {
			continue
		}
		var in struct {
			Instances []vectorInstance
			Labels    map[string]any
		}
		require.Empty(v.t, v.ask(&in, "/pmapi/indom", "name", m.Name))
		instances[m.Name] = map[int]string{}
		for _, i := range in.Instances {
			instances[m.Name][i.Instance] = i.Name
		}
	}
	var fetched vectorFetch
	require.Empty(v.t, v.ask(&fetched, "/pmapi/fetch", "names", strings.Join(names, ",")))
	values = map[string]string{}
	for _, m := range fetched.Values {
		for _, x := range m.Instances {
			name := ""
			if x.Instance != nil {
				name = instances[m.Name][*x.Instance]
				assert.NotEmpty(v.t, name)
			}
			values[m.Name+"/"+name] = fmt.Sprint(x.Value)
		}
	}
	return found.Metrics, values, fetched.Timestamp
}

// fill fills in the past of metrics: the values by "name/instance milliseconds".
func (v *vector) fill(metrics []vectorMetric, interval string) map[string]string {
	v.t.Helper()
	var ids, withInstances []string
	names := map[string]string{}
	for _, m := range metrics {
		ids, names[m.Series] = append(ids, m.Series), m.Name
		if m.InDom != "" {
			withInstances = append(withInstances, m.Series)
		}
	}
	var points []vectorPoint
	require.Empty(v.t, v.ask(&points, "/series/values", "series", strings.Join(ids, ","), "interval", interval, "start", "-1800second", "finish", "now"))
	var instances []struct {
		Series, Instance, Name string
		ID                     int
	}
	require.Empty(v.t, v.ask(&instances, "/series/instances", "series", strings.Join(withInstances, ",")))
	var all []string
	instanceNames := map[string]string{}
	for _, i := range instances {
		all, instanceNames[i.Instance] = append(all, i.Instance), i.Name
	}
	var labels []struct {
		Series string
		Labels map[string]any
	}
	require.Empty(v.t, v.ask(&labels, "/series/labels", "series", strings.Join(all, ",")))
	assert.Len(v.t, labels, len(all))
	values := map[string]string{}
	for _, p := range points {
		name := ""
		if p.Instance != "" && p.Instance != p.Series {
			name = instanceNames[p.Instance]
			assert.NotEmpty(v.t, name)
		}
		values[fmt.Sprintf("%s/%s %.0f", names[p.Series], name, p.Timestamp)] = p.Value
	}
	return values
}

// TestVector replays the requests of grafana-pcp's Vector data source.
func TestVector(t *testing.T) {
	dir := t.TempDir()
	seriestest.WriteHost(t, dir, "node88", 1)
	seriestest.WriteHost(t, dir, "node89", 3)
	today := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := &setClock{}
	clock.set(today)
	v := &vector{running: run(t, Options{Paths: []string{dir}, Rescan: -1, ShiftTo: Now, now: clock.now})}
	var ping struct{ Success bool }
	require.Empty(t, v.ask(&ping, "/series/ping"))
	assert.True(t, ping.Success)

	for host, factor := range map[string]int{"node88": 1, "pcp://node89": 3, "pcp://node88:44321": 1} {
		metrics, values, at := v.poll(host, "kernel.all.pswitch", "disk.dev.read_bytes", "kernel.all.load", "no.such.metric")
		require.Len(t, metrics, 3, "a metric that is missing leaves the others")
		assert.InDelta(t, float64(today.Unix()), at, 0.001)
		assert.Equal(t, strconv.Itoa(1000+81*factor), values["kernel.all.pswitch/"])
		assert.Equal(t, strconv.Itoa(9*1024*factor), values["disk.dev.read_bytes/sda"])
		assert.Len(t, values, 6)
		past := v.fill(metrics, "10s")
		assert.Len(t, past, 6*10)
		for name, x := range values {
			assert.Equal(t, x, past[fmt.Sprintf("%s %d", name, today.UnixMilli())], name)
		}
		assert.Equal(t, strconv.Itoa(1000+16*factor), past[fmt.Sprintf("kernel.all.pswitch/ %d", today.Add(-50*time.Second).UnixMilli())])
	}

	alone := t.TempDir() // of the data source as it is before anyone configures it
	seriestest.WriteHost(t, alone, "node88", 1)
	fresh := &vector{running: run(t, Options{Paths: []string{alone}, Rescan: -1})}
	_, values, _ := fresh.poll("pcp://127.0.0.1", "mem.freemem")
	assert.Equal(t, map[string]string{"mem.freemem/": "4910"}, values)

	var children struct{ Leaf, Nonleaf []string } // completion
	require.Empty(t, v.ask(&children, "/pmapi/children", "prefix", "kernel"))
	assert.Equal(t, []string{"all", "uname"}, children.Nonleaf)
	var done struct{ Success bool } // an expression is a metric of the context
	require.Empty(t, v.ask(&done, "/pmapi/derive", "name", "derived_1", "expr", "kernel.all.load * 100"))
	assert.True(t, done.Success)
	var fetched vectorFetch
	require.Empty(t, v.ask(&fetched, "/pmapi/fetch", "names", "derived_1"))
	require.Len(t, fetched.Values, 1)
	assert.Len(t, fetched.Values[0].Instances, 3)
	v.askWrongly()
}

// askWrongly wants the errors that grafana-pcp looks for.
func (v *vector) askWrongly() {
	var none any
	for message, request := range map[string][]string{
		"Unknown metric name":                          {"/pmapi/metric", "names", "no.such.metric"},
		"metric has null indom":                        {"/pmapi/indom", "name", "mem.freemem"},
		"Duplicate per-context derived metric name":    {"/pmapi/derive", "name", "derived_1", "expr", "kernel.all.load * 100"},
		"Semantic Error":                               {"/pmapi/derive", "name", "derived_2", "expr", "kernel.uname.release * 2"},
		"Syntax Error":                                 {"/pmapi/derive", "name", "derived_3", "expr", "kernel.all.load *"},
		"No permission to perform requested operation": {"/pmapi/store", "name", "mem.freemem", "value", "1"},
	} {
		assert.Contains(v.t, v.ask(&none, request[0], request[1:]...), message)
	}
	v.context = 12345
	assert.Contains(v.t, v.ask(&none, "/pmapi/fetch", "names", "mem.freemem"), "unknown context identifier")
}
