package relabel_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/relabel"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// origins notes which PCP metric a series still is, and with which labels.
type origins map[string]string

func (o origins) Sample(p *prom.Series, _ int64, _ float64) error {
	o[p.Name] = "none"
	if p.PCPMetric == nil {
		return nil
	}
	o[p.Name] = p.PCPMetric.Name + " " + p.PCPMetric.Labels[4].JSON() + " " + p.PCPSeries.Labels.JSON()
	return nil
}

func TestOriginIsKept(t *testing.T) {
	r, err := archive.Open(filepath.Join("..", "..", "testdata", "archives", "host_v3"), nil)
	require.NoError(t, err)
	for _, c := range []struct {
		name, rules    string
		load, singular string // kernel_all_load and kernel_all_cpu_user
		disk           string // disk_dev_read, whose instance has the number 0
	}{
		{"untouched", `[{source_labels: [__name__], regex: nothing, action: drop}]`,
			"kernel.all.load  ", "kernel.all.cpu.user {\"device_type\":\"cpu\"} ",
			`disk.dev.read  {"device_name":"vda"}`},
		{"added", `[{target_label: env, replacement: prod}]`,
			`kernel.all.load  {"env":"prod"}`, `kernel.all.cpu.user {"device_type":"cpu","env":"prod"} `,
			`disk.dev.read  {"device_name":"vda","env":"prod"}`},
		{"changed", `[{target_label: hostname, replacement: other}]`,
			`kernel.all.load  {"hostname":"other"}`, `kernel.all.cpu.user {"device_type":"cpu","hostname":"other"} `,
			`disk.dev.read  {"device_name":"vda","hostname":"other"}`},
		{"removed", `[{regex: hostname, action: labeldrop}]`, "none", "none", "none"},
		{"other instance", `[{target_label: instname, replacement: x}]`, "none", "none", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules, err := relabel.Parse([]byte(c.rules))
			require.NoError(t, err)
			got, report := origins{}, &prom.Report{}
			f := flatten.New(relabel.NewStage(sinktest.Sink(got), rules, report), flatten.Options{})
			require.NoError(t, convert.Copy(context.Background(), f, convert.FromArchive(r, history.Query{})))
			assert.Equal(t, c.load, got["kernel_all_load"])
			assert.Equal(t, c.singular, got["kernel_all_cpu_user"])
			assert.Equal(t, c.disk, got["disk_dev_read"])
			if c.name == "other instance" { // instances became one series
				assert.NotEmpty(t, report.Losses())
				return
			}
			assert.Empty(t, report.Losses())
		})
	}
}

// What a series is made of may change while it goes on, and a text metric stays
// one.
func TestOriginChanges(t *testing.T) {
	rules, err := relabel.Parse([]byte(`[{target_label: env, replacement: prod}]`))
	require.NoError(t, err)
	described := func(help string) *history.Metric {
		return &history.Metric{Name: "release", Help: help, Desc: &meta.Desc{Type: pcp.TypeString, InDom: pcp.InDomNull, Names: []string{"release"}}}
	}
	in := &prom.Series{Name: "release_info", Labels: []prom.Label{{Name: "value", Value: "6.1"}}, TextLabel: "value"}
	member := &history.Series{Inst: meta.Instance{ID: pcp.InstNull}}
	var out *prom.Series
	s := relabel.NewStage(sinktest.Sink(seriesFunc(func(p *prom.Series) { out = p })), rules, nil)
	in.SetOrigin(described("first"), member, 0)
	require.NoError(t, sinktest.Put(s, in, 0, 1))
	in.SetOrigin(described("second"), member, 10)
	require.NoError(t, sinktest.Put(s, in, 10, 1))
	assert.Equal(t, "value", out.TextLabel)
	assert.Equal(t, "second", out.PCPMetric.Help)
	assert.Equal(t, `{"env":"prod"}`, out.PCPMetric.Labels[4].JSON())
	require.Len(t, out.Earlier, 1)
	assert.Equal(t, "first", out.Earlier[0].PCPMetric.Help)
	assert.EqualValues(t, 10, out.Earlier[0].Until)
}

// seriesFunc is a Samples that is told of each sample's series.
type seriesFunc func(*prom.Series)

func (f seriesFunc) Sample(p *prom.Series, _ int64, _ float64) error {
	f(p)
	return nil
}
