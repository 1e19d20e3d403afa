package grafana

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v2"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// board is what the tests read of a dashboard.
type board struct {
	UID    string
	Time   struct{ From, To string }
	Panels []struct {
		ID      int
		Type    string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr, RefID string }
	}
	Refresh string
}

func written(t *testing.T, o Options) (dir string, b board) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "new")
	require.NoError(t, Write(dir, o))
	require.NoError(t, Write(dir, o), "files are replaced")
	text, err := os.ReadFile(filepath.Join(dir, "dashboards", "pcparchive.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &b))
	return dir, b
}

func TestWrite(t *testing.T) {
	metrics := map[string]bool{"kernel_all_load": true, "kernel_all_cpu_user": true, "node_load1": true}
	dir, b := written(t, Options{URL: "http://127.0.0.1:9191", Metrics: metrics, Start: start, End: start.Add(time.Hour), Interval: 10 * time.Second})
	assert.Equal(t, "2026-03-01T12:00:00.000Z", b.Time.From)
	assert.Equal(t, "2026-03-01T13:00:00.001Z", b.Time.To)
	require.Len(t, b.Panels, 3, "only panels whose metrics exist")
	for i, p := range b.Panels {
		assert.Equal(t, i+1, p.ID)
		assert.Equal(t, "timeseries", p.Type)
		assert.Len(t, p.Targets, 1)
	}

	var sources struct {
		Version     int `yaml:"apiVersion"`
		Datasources []struct {
			Name, Type, Access, URL, UID string
			JSON                         map[string]string `yaml:"jsonData"`
		}
	}
	read(t, filepath.Join(dir, "datasources", "pcparchive.yaml"), &sources)
	require.Len(t, sources.Datasources, 1)
	d := sources.Datasources[0]
	assert.Equal(t, 1, sources.Version)
	assert.Equal(t, "prometheus http://127.0.0.1:9191 proxy", d.Type+" "+d.URL+" "+d.Access)
	assert.Equal(t, map[string]string{"httpMethod": "POST", "timeInterval": "10s", "prometheusType": "Prometheus", "prometheusVersion": "3.1.0"}, d.JSON)

	var providers struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}
	read(t, filepath.Join(dir, "dashboards", "pcparchive.yaml"), &providers)
	require.Len(t, providers.Providers, 1)
	assert.Equal(t, filepath.Join(dir, "dashboards"), providers.Providers[0].Options.Path)
	left, err := filepath.Glob(filepath.Join(dir, "*", ".*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into))
}

// TestExpressions wants PromQL in every panel, and panels that do not overlap.
func TestExpressions(t *testing.T) {
	metrics := map[string]bool{}
	for _, c := range charts {
		for _, l := range c.lines {
			metrics[l.metric] = true
		}
	}
	_, b := written(t, Options{Metrics: metrics, Live: true})
	assert.Len(t, b.Panels, len(charts))
	assert.Equal(t, "now-15m now 5s", b.Time.From+" "+b.Time.To+" "+b.Refresh)
	fields := strings.NewReplacer("$__rate_interval", "5m", "$host", ".*")
	p := parser.NewParser(parser.Options{})
	places := map[[2]int]bool{}
	for _, panel := range b.Panels {
		place := [2]int{panel.GridPos.X, panel.GridPos.Y}
		assert.False(t, places[place])
		places[place] = true
		require.NotEmpty(t, panel.Targets)
		for _, target := range panel.Targets {
			_, err := p.ParseExpr(fields.Replace(target.Expr))
			assert.NoError(t, err, target.Expr)
		}
	}
	for _, c := range charts {
		for _, l := range c.lines {
			assert.Contains(t, l.expr, l.metric)
		}
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	assert.ErrorContains(t, Write(filepath.Join(file, "below"), Options{}), "file")
}
