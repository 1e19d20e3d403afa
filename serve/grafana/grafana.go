// Package grafana writes files from which Grafana sets itself up: a data source, and a
// dashboard whose time range is that of the data.
//
//	DIR/datasources/pcparchive.yaml
//	DIR/dashboards/pcparchive.yaml    names the folder of the dashboards
//	DIR/dashboards/pcparchive.json
//
// Grafana reads them at its start if GF_PATHS_PROVISIONING is DIR.
package grafana

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/internal/outlock"
)

// Options describe the server and its data.
type Options struct {
	// URL is the address of the server as Grafana reaches it.
	URL string
	// Metrics are the names of the metrics in PromQL that exist.
	Metrics map[string]bool
	// Start and End are the times of the data. Zero means that they are not known.
	Start, End time.Time
	// Live means that data appear as time passes: the dashboard follows the present.
	Live bool
	// Interval is the time between two records. Zero means that it is not known.
	Interval time.Duration
}

// name is the name of the data source and of the files.
const name = "pcparchive"

// Write writes the files to dir, in place of files of the same names.
func Write(dir string, o Options) error {
	dashboards, err := filepath.Abs(filepath.Join(dir, "dashboards"))
	if err != nil {
		return err
	}
	source, err := yaml.Marshal(dataSource(o))
	if err != nil {
		return err
	}
	provider, err := yaml.Marshal(dashboardProvider(dashboards))
	if err != nil {
		return err
	}
	board, err := json.MarshalIndent(dashboard(o), "", "  ")
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path string
		text []byte
	}{
		{filepath.Join(dir, "datasources", name+".yaml"), source},
		{filepath.Join(dashboards, name+".yaml"), provider},
		{filepath.Join(dashboards, name+".json"), append(board, '\n')},
	} {
		if err := write(f.path, f.text); err != nil {
			return err
		}
	}
	return nil
}

// write replaces a file: Grafana may read it at any time.
func write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), outlock.Prefix+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the renaming
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644) // Grafana has a user of its own
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// dataSource returns the content of a file of data sources.
func dataSource(o Options) any {
	settings := yaml.MapSlice{{Key: "httpMethod", Value: "POST"}, {Key: "prometheusType", Value: "Prometheus"}, {Key: "prometheusVersion", Value: "3.1.0"}}
	if o.Interval > 0 {
		settings = append(settings, yaml.MapItem{Key: "timeInterval", Value: model.Duration(max(o.Interval.Round(time.Second), time.Second)).String()})
	}
	return yaml.MapSlice{
		{Key: "apiVersion", Value: 1},
		{Key: "datasources", Value: []yaml.MapSlice{{
			{Key: "name", Value: name}, {Key: "uid", Value: name}, {Key: "type", Value: "prometheus"}, {Key: "access", Value: "proxy"},
			{Key: "url", Value: o.URL}, {Key: "isDefault", Value: true}, {Key: "editable", Value: true}, {Key: "jsonData", Value: settings},
		}}},
	}
}

// dashboardProvider returns the content of a file that names a folder of dashboards.
func dashboardProvider(folder string) any {
	return yaml.MapSlice{
		{Key: "apiVersion", Value: 1},
		{Key: "providers", Value: []yaml.MapSlice{{
			{Key: "name", Value: name}, {Key: "orgId", Value: 1}, {Key: "type", Value: "file"}, {Key: "allowUiUpdates", Value: true},
			{Key: "options", Value: yaml.MapSlice{{Key: "path", Value: folder}}},
		}}},
	}
}
