package metricset_test

import (
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
	"github.com/pcparchive/pcparchive/values/metricset"
)

var allSets = flag.Bool("allsets", false, "compare all sets that pmrep installs with pmrep, not only a choice")

// installed is the folder of pmrep's own sets.
const installed = "/etc/pcp/pmrep"

// choice are sets of each kind: with formulas, units, instances as rows, raw counters, texts.
var choice = []string{
	"vmstat", "vmstat-d", "sar", "sar-B", "sar-n-DEV", "sar-q", "sar-r", "sar-u-ALL", "sar-w", "iostat-dktx",
	"mpstat-P-ALL", "collectl-sn", "collectl-sm", "numa-pgmigrate-per-node", "pidstat-R", "proc-info", "proc-cpu-ext",
}

// record lets PCP's logger record this machine for some seconds. The logger has the agent
// for the system in itself, and loads the one for processes if it is asked.
func record(t *testing.T, metrics string, more ...string) (base string) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	require.NoError(t, os.WriteFile(config, []byte("log mandatory on 500 msec { "+metrics+" }\n"), 0o666))
	base = filepath.Join(dir, "rec")
	oracle.Run(t, "pmlogger", append(more, "-o", "-c", config, "-T", "3sec", "-l", filepath.Join(dir, "log"), base)...)
	return base
}

// TestSetsOfPmrep compares the tables of pmrep's own sets with those of pmrep.
func TestSetsOfPmrep(t *testing.T) {
	oracle.Path(t, "pmrep")
	oracle.Path(t, "pmlogger")
	config, err := metricset.Load(installed)
	require.NoError(t, err)
	system := record(t, "kernel.all kernel.percpu.cpu mem.util mem.physmem mem.freemem mem.vmstat disk.dev disk.all network.interface network.tcp swap hinv vfs")
	processes := record(t, "proc.psinfo proc.id proc.schedstat", "-K", "add,3,/var/lib/pcp/pmdas/proc/pmda_proc.so,proc_init")
	names := choice
	if *allSets {
		names = config.Names()
	}
	equal := 0
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			base := system
			if strings.HasPrefix(name, "p") {
				base = processes
			}
			if compareSet(t, config, installed, name, base, time.Second) > 0 && !t.Failed() {
				equal++
			}
		})
	}
	assert.GreaterOrEqual(t, equal, 10, "sets with values that are equal")
}

// TestSetsOverCorpus compares sets over archives of many years.
func TestSetsOverCorpus(t *testing.T) {
	oracle.Path(t, "pmrep")
	config, err := metricset.Load(installed)
	require.NoError(t, err)
	compared := 0
	for _, base := range oracle.Archives(t, "archives", false) {
		for _, name := range corpusSets[filepath.Base(base)] {
			t.Run(filepath.Base(base)+"/"+name, func(t *testing.T) {
				set := storetest.Open(t, base)
				end, err := set.End()
				require.NoError(t, err)
				step := (end.Sub(set.Header().Start) / 20).Truncate(time.Second)
				compared += compareSet(t, config, installed, name, base, max(step, time.Second))
			})
		}
	}
	assert.Greater(t, compared, 200, "values compared")
}

// corpusSets are sets whose metrics the archives have.
var corpusSets = map[string][]string{
	"20180416":       {"vmstat", "sar-B", "sar-n-EDEV", "sar-r"},
	"pcp-vmstat":     {"vmstat"},
	"20190628.04.03": {"sar-q", "vmstat-w"},
	"pcp-atop":       {"sar", "sar-n-DEV"},
}

// compareSet compares the cells of a set and returns the number of those with a value.
func compareSet(t *testing.T, config *metricset.Config, path, name, base string, step time.Duration) (compared int) {
	out := oracle.Exec(t, "pmrep", "-c", path, "-a", base, "-5", "-z", "-t", strconv.Itoa(int(step.Seconds())), "-o", "csv", "-l", ",", ":"+name)
	if out.Exit != 0 {
		t.Logf("pmrep: %s", out.Stderr)
		return 0
	}
	table, err := csv.NewReader(strings.NewReader(out.Stdout)).ReadAll()
	require.NoError(t, err)
	require.NotEmpty(t, table)
	got, discrete := ours(t, config, name, base, step)
	for i, header := range table[0][1:] {
		column, known := got[header]
		for j, row := range table[1:] {
			want := row[i+1]
			if want == "" && !known || j >= len(column) {
				continue
			}
			if want != "" {
				compared++
			}
			if want == "" && (discrete[header] || strings.HasPrefix(header, "proc.")) {
				// A discrete value may hold longer than in PCP 6, see interp. pmrep, unlike
				// pmval, drops the values of a process shortly before it ends.
				continue
			}
			if !assert.Equal(t, want, column[j], "%s in row %d", header, j) {
				return compared
			}
		}
	}
	t.Logf("%d values are equal", compared)
	return compared
}

// ours returns the cells of a set by the headers of pmrep's CSV, up to the first mark, and
// which of the columns are of discrete metrics.
func ours(t *testing.T, config *metricset.Config, name, base string, step time.Duration) (columns map[string][]string, discrete map[string]bool) {
	set, err := config.Set(name)
	require.NoError(t, err)
	sets := storetest.Open(t, base)
	system, err := derive.Load(derive.SystemPath())
	require.NoError(t, err)
	chosen, err := set.Select(store.NewHosts(sets), system)
	require.NoError(t, err)
	end, err := sets.End()
	require.NoError(t, err)
	o := values.Options{Specs: chosen.Specs, Derived: chosen.Derived, Ranking: chosen.Ranking, From: sets.Header().Start, To: end, Step: step, Rates: true, Earlier: true}
	layout, err := values.NewLayout(t.Context(), []*store.Set{sets}, o)
	require.NoError(t, err)
	columns, discrete = map[string][]string{}, map[string]bool{}
	for _, c := range layout.Columns {
		discrete[header(c)] = c.Series.Metric.Desc.Sem == pcp.SemDiscrete
	}
	for line, err := range layout.Lines(t.Context()) {
		require.NoError(t, err)
		if len(line.Marks) > 0 {
			break // pmrep computes a rate over the mark
		}
		for i, c := range layout.Columns {
			text := ""
			if line.Cells[i].Column != nil {
				digits, err := set.Precision(chosen.Metrics[c.Spec])
				require.NoError(t, err)
				text = strings.ReplaceAll(line.Cells[i].Fixed(digits), ",", "_")
			}
			columns[header(c)] = append(columns[header(c)], pmrepText(text))
		}
	}
	return columns, discrete
}

// header returns the header of a column in pmrep's CSV.
func header(c *values.Column) string {
	name := c.Metric()
	if c.Instance() != "" {
		name += "-" + c.Instance()
	}
	return pmrepText(name)
}

// pmrepText returns a text as pmrep writes it in CSV.
func pmrepText(text string) string {
	switch text {
	case "+Inf":
		return "inf"
	case "-Inf":
		return "-inf"
	}
	return strings.NewReplacer(",", " ", "\n", " ", `"`, " ").Replace(text)
}
