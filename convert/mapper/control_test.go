package mapper_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/pcp"
)

// controlTable pins the metrics of cluster 0. The first five are the reference
// agent's, with its numbers.
const controlTable = `
144.0.1 openmetrics.control.calls u64 counter count -
144.0.2 openmetrics.control.fetch_time u64 counter millisec -
144.0.3 openmetrics.control.parse_time u64 counter millisec -
144.0.5 openmetrics.control.status string instant  -
144.0.6 openmetrics.control.status_code 32 discrete  -
144.0.16 openmetrics.control.up double instant  up
144.0.17 openmetrics.control.scrape_duration_seconds double instant sec scrape_duration_seconds
144.0.18 openmetrics.control.scrape_samples_scraped double instant  scrape_samples_scraped
144.0.19 openmetrics.control.scrape_samples_post_metric_relabeling double instant  scrape_samples_post_metric_relabeling
144.0.20 openmetrics.control.scrape_series_added double instant  scrape_series_added
`

func TestControlMetrics(t *testing.T) {
	f := converttest.NewFixture(t)
	f.AddSource("db")
	f.Begin()
	f.Src.SetHealth(mapper.Health{Up: 1})
	got := "\n"
	for _, mv := range f.Src.Step().Metrics {
		d := mv.Metric.Desc
		origin := mv.Metric.Labels[4].Text("prom_name")
		if origin == "" {
			origin = "-"
		}
		got += fmt.Sprintln(d.PMID, mv.Metric.Name, d.Type, d.Sem, d.Units, origin)
		assert.Equal(t, "144.0", d.InDom.String())
		assert.NotEmpty(t, mv.Metric.OneLine)
		assert.Equal(t, "1 web,2 db", members(mv), "one instance per source")
		require.Len(t, mv.Points, 1)
		assert.Equal(t, pcp.InstID(1), mv.Points[0].Value.Inst)
		assert.Equal(t, `{"instance":"web.example:9100","job":"job of web"}`, mv.Points[0].Series.Labels.JSON())
	}
	assert.Equal(t, controlTable, got)
}

func members(mv history.MetricValues) string {
	var out []string
	for _, in := range mv.InDom.Instances {
		out = append(out, fmt.Sprint(int32(in.ID), " ", in.Name))
	}
	return strings.Join(out, ",")
}

func TestHealthValues(t *testing.T) {
	f := converttest.NewFixture(t)
	for i, c := range []struct {
		err    error
		status string
		code   uint64
	}{
		{nil, "success", 200},
		{errors.New("server returned HTTP status 503 Service Unavailable"), "server returned HTTP status 503 Service Unavailable", 503},
		{errors.New("connection refused"), "connection refused", 0},
		{errors.New("HTTP status soon"), "HTTP status soon", 0},
	} {
		f.Begin()
		f.Src.SetHealth(mapper.Health{Up: 0.5, Duration: 2, Scraped: 3, PostRelabel: 4, Added: 5, Fetch: 6e6, Parse: 7e6, Err: c.err})
		value := map[string]history.Value{}
		for _, mv := range f.Src.Step().Metrics {
			_, name, _ := strings.Cut(mv.Metric.Name, "control.")
			value[name] = mv.Points[0].Value
		}
		n := uint64(i + 1)
		assert.Equal(t, c.status, value["status"].Text())
		assert.Equal(t, c.code, value["status_code"].Bits)
		assert.Equal(t, n, value["calls"].Bits)
		assert.Equal(t, 6*n, value["fetch_time"].Bits, "they add up")
		assert.Equal(t, 7*n, value["parse_time"].Bits)
		for name, want := range map[string]float64{
			"up": 0.5, "scrape_duration_seconds": 2, "scrape_samples_scraped": 3,
			"scrape_samples_post_metric_relabeling": 4, "scrape_series_added": 5,
		} {
			assert.Equal(t, want, math.Float64frombits(value[name].Bits), name)
		}
	}
}
