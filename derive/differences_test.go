package derive_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// changes are expressions of two instants.
var changes = []string{
	"rate(kernel.all.cpu.user)", "delta(kernel.all.cpu.user)", "delta(disk.dev.read)", "rate(disk.dev.read)", "rate(disk.dev.write_bytes)", "delta(kernel.all.load)",
	"delta(disk.dev.write_bytes) / delta(disk.dev.write)", "100 * rate(kernel.all.cpu.user) / hinv.ncpu", "delta(hinv.ncpu)", "delta(mem.util.free)",
	"rate(disk.dev.read) + rate(disk.dev.write)", "rate(disk.dev.read) > rate(disk.dev.write)", "rate(kernel.all.load)", "-delta(mem.util.free)",
	"rescale(rate(disk.dev.write_bytes), \"Mbyte / hour\")", "matchinst(/^s|^v/, rate(disk.dev.read))", "delta(disk.dev.read) > 0 ? delta(disk.dev.write) : -delta(disk.dev.write)",
}

// TestDifferences compares delta and rate over time with those of pmrep.
func TestDifferences(t *testing.T) {
	folder := oracle.Corpus(t)
	for name, step := range map[string]time.Duration{"20180416": 17 * time.Second, "pcp-dstat": time.Second, "20180415.09.16": 11 * time.Second} {
		t.Run(name, func(t *testing.T) {
			const samples = 8
			path := filepath.Join(folder, "archives", name)
			want := table(t, path, step, samples)
			got := ours(t, path, step, samples)
			compared := 0
			for key, w := range want {
				g, ok := got[key]
				if assert.True(t, ok, "%s: reference %s", key, w) && assert.True(t, alike(w, g), "%s: reference %s, here %s", key, w, g) {
					compared++
				}
				delete(got, key)
			}
			assert.Empty(t, got, "values that the reference has not")
			t.Logf("%d values are equal", compared)
			assert.Greater(t, compared, 50)
		})
	}
}

func alike(want, got string) bool {
	w, err1 := strconv.ParseFloat(want, 64)
	g, err2 := strconv.ParseFloat(got, 64)
	return err1 == nil && err2 == nil && math.Abs(w-g) <= 2e-6+1e-6*math.Abs(w)
}

// table returns the values of the reference by sample, metric and instance.
func table(t *testing.T, path string, step time.Duration, samples int) map[string]string {
	t.Helper()
	var config strings.Builder
	for i, text := range changes {
		fmt.Fprintf(&config, "test.m%d = %s\n", i, text)
	}
	file := filepath.Join(t.TempDir(), "derived")
	require.NoError(t, os.WriteFile(file, []byte(config.String()), 0o600))
	cmd := oracle.Command(t, "pmrep", "-a", path, "-t", step.String(), "-s", strconv.Itoa(samples), "-r", "-o", "csv", "-P", "6", "test")
	cmd.Env = append(os.Environ(), "PCP_DERIVED_CONFIG="+file)
	out, err := cmd.Output()
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	require.NoError(t, err)
	all := map[string]string{}
	for n, row := range rows[1:] {
		for c, cell := range row[1:] {
			if cell != "" {
				all[fmt.Sprintf("%d %s", n, rows[0][c+1])] = cell
			}
		}
	}
	return all
}

// ours returns the values of this package, in the same form.
func ours(t *testing.T, path string, step time.Duration, samples int) map[string]string {
	t.Helper()
	a := openArchive(t, path)
	var metrics []*derive.Metric
	for i, text := range changes {
		e, err := derive.Parse(text)
		require.NoError(t, err)
		m, err := e.Bind(fmt.Sprintf("test.m%d", i), func(name string) (*meta.Desc, bool) { d, ok := a.descs[name]; return d, ok })
		require.NoError(t, err)
		metrics = append(metrics, m)
	}
	r, err := archive.Open(path, nil)
	require.NoError(t, err)
	times := func(yield func(pcp.Timestamp) bool) {
		for n := range samples {
			if !yield(r.Header().Start.Add(time.Duration(n) * step)) {
				return
			}
		}
	}
	all := map[string]string{}
	var before *derive.Sample
	n := 0
	for s, err := range interp.At(r, times, interp.Options{Earlier: true}) {
		require.NoError(t, err)
		now := a.at(s)
		for _, m := range metrics {
			for _, v := range m.Eval(now, before) {
				f, _ := v.Number(m.Type)
				key := fmt.Sprintf("%d %s", n, m.Name)
				if m.InDom != pcp.InDomNull {
					key += "-" + a.names[m.InDom][v.Inst]
				}
				all[key] = strconv.FormatFloat(f, 'f', 6, 64)
			}
		}
		before = now
		n++
	}
	return all
}

// at copies the values of a step.
func (a *opened) at(s *history.Step) *derive.Sample {
	values := map[pcp.PMID][]history.Value{}
	for _, m := range s.Metrics {
		for _, p := range m.Points {
			values[m.Metric.Desc.PMID] = append(values[m.Metric.Desc.PMID], p.Value)
		}
	}
	names := a.names
	return &derive.Sample{
		Stamp:    s.Stamp,
		Values:   func(id pcp.PMID) []history.Value { return slices.Clone(values[id]) },
		Instance: func(domain pcp.InDomID, inst pcp.InstID) (string, bool) { n, ok := names[domain][inst]; return n, ok },
	}
}
