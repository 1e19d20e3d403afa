package nativemap

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// What a map makes of samples as they come is what Prometheus makes of the
// source.
func TestSourcesArePromQL(t *testing.T) {
	at := time.Unix(1700000000, 0)
	store := teststorage.New(t)
	app := store.Appender(t.Context())
	for e, err := range expo.Page([]byte(page), "", nil) {
		require.NoError(t, err)
		if strings.Contains(e.Name, "unknown") || valueOf(e.Labels, "mountpoint") == "/bind" {
			continue
		}
		b := labels.NewBuilder(labels.EmptyLabels()).Set("__name__", e.Name)
		for _, l := range e.Labels {
			b.Set(l.Name, l.Value)
		}
		_, err := app.Append(0, b.Labels(), at.UnixMilli(), e.Value)
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})

	base, _ := record(t, snapshot{at, []byte(page)})
	got := archived(t, base)
	m, err := New("node_exporter")
	require.NoError(t, err)
	seen := 0
	for _, r := range m.table.rows {
		if len(r.terms) == 0 || len(r.text) > 0 {
			continue
		}
		q, err := engine.NewInstantQuery(context.Background(), store, nil, r.source, at)
		require.NoError(t, err)
		res := q.Exec(t.Context())
		require.NoError(t, res.Err, r.source)
		vector, err := res.Vector()
		require.NoError(t, err)
		for _, s := range vector {
			if math.IsNaN(s.F) {
				continue
			}
			var own []prom.Label
			s.Metric.Range(func(l labels.Label) { own = append(own, prom.Label{Name: l.Name, Value: l.Value}) })
			key := r.name
			if r.desc.InDom != pcp.InDomNull {
				instance, ok := r.instance.expand(own)
				require.True(t, ok, r.source)
				key += " " + instance
			}
			want := s.F
			if r.desc.Type == pcp.TypeU32 && r.desc.Sem == pcp.SemCounter {
				want = math.Mod(want, 1<<32)
			}
			v, ok := got[key]
			require.True(t, ok, "%s: %s", key, r.source)
			assert.InDelta(t, want, v, 1, "%s: %s", key, r.source)
			seen++
		}
	}
	assert.Greater(t, seen, 50)
}

// archived returns the numbers of an archive of one record, by metric and
// instance.
func archived(t *testing.T, base string) map[string]float64 {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	out := map[string]float64{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			for _, p := range mv.Points {
				if v, ok := p.Value.Number(mv.Metric.Desc.Type); ok {
					out[strings.TrimSpace(mv.Metric.Name+" "+p.Series.Inst.Name)] = v
				}
			}
		}
	}
	return out
}
