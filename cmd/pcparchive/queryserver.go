package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/query/remote"
)

// serverFlags name a server that evaluates an expression.
type serverFlags struct{ address, config string }

func addServerFlags(cmd *cobra.Command, o *serverFlags) {
	f := cmd.Flags()
	f.StringVar(&o.address, "server", "", "`URL` of a running 'pcparchive serve' or Prometheus that evaluates the expression")
	f.StringVar(&o.config, "http.config.file", "", "YAML `file` with TLS and authorization for --server, in the format of promtool's flag of this name")
}

// check rejects flags that are for archives.
func (o serverFlags) check(changed func(string) bool) error {
	if !changed("server") {
		if changed("http.config.file") {
			return usageError{errors.New("--http.config.file is for --server")}
		}
		return nil
	}
	for _, flag := range []string{"rules", "cache", "cache-size", "max-samples", "query-memory", "max-bytes", "hostzone"} {
		if changed(flag) {
			return usageError{fmt.Errorf("--%s is for archives, not for --server", flag)}
		}
	}
	if o.address == "" {
		return usageError{errors.New("--server is empty")}
	}
	return nil
}

// serverTimeline has the times of a server's data.
type serverTimeline struct {
	start, end time.Time
	zone       *time.Location
}

// Header returns a label with the time of the first record.
func (t serverTimeline) Header() *archive.Header {
	return &archive.Header{Start: pcp.TimestampOf(t.start)}
}

// End returns the time of the last record.
func (t serverTimeline) End() (pcp.Timestamp, error) { return pcp.TimestampOf(t.end), nil }

// Location returns the zone of times without one.
func (t serverTimeline) Location() *time.Location { return t.zone }

// runRemoteQuery evaluates an expression on a server.
func runRemoteQuery(ctx context.Context, s streams, o queryOptions, expr string) error {
	if _, err := query.Parse(expr); err != nil {
		return usageError{err}
	}
	client, err := remote.New(o.server.address, remote.Options{HTTPConfig: o.server.config, Timeout: o.timeout, Lookback: o.lookback})
	if err != nil {
		return usageError{err}
	}
	now := time.Now()
	t := serverTimeline{start: now.Add(-time.Hour), end: now, zone: o.zones.or(time.UTC)}
	start, end, ok, err := client.Window(ctx)
	if err != nil {
		return err
	}
	if ok {
		t.start, t.end = start, end
	}
	from, to, step, err := o.steps(t)
	if err != nil {
		return err
	}
	var res *remote.Result
	if step == 0 {
		res, err = client.Instant(ctx, expr, to)
	} else {
		res, err = client.Range(ctx, expr, from, to, step)
	}
	if err != nil {
		return err
	}
	return printRemote(s, o, t.zone, res)
}

// printRemote prints a server's result as that of archives is printed.
func printRemote(s streams, o queryOptions, zone *time.Location, res *remote.Result) error {
	if o.output == outputJSON {
		return writeJSON(s.out, apiResult{
			Status: "success", Data: apiData{parser.ValueType(res.Value.Type().String()), res.JSON}, Warnings: res.Warnings, Infos: res.Infos,
		})
	}
	for _, text := range append(res.Warnings, res.Infos...) {
		fmt.Fprintf(s.err, "pcparchive: %s\n", text)
	}
	return o.printRows(s.out, rowsOfServer(res.Value), zone)
}

// remoteText writes a native histogram if there is one, or else a number.
func remoteText(f float64, h *model.SampleHistogram) string {
	if h != nil {
		return remote.HistogramText(h)
	}
	return number(f)
}

// labelsOfMetric returns the labels of a series.
func labelsOfMetric(m model.Metric) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	for name, value := range m {
		b.Set(string(name), string(value))
	}
	return b.Labels()
}
