package values_test

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// mostArchives is the number of archives compared; pmrep takes a third of a second for each.
const mostArchives = 16

// mostColumns is the number of columns compared of each archive.
const mostColumns = 60

// TestPmrep compares tables of interpolated values and rates with those of pmrep 6.
func TestPmrep(t *testing.T) {
	oracle.Path(t, "pmrep")
	compared, archives := 0, 0
	for _, base := range oracle.Archives(t, "archives", true) {
		info, err := os.Stat(base + ".0")
		if err != nil || info.Size() > 1<<20 || archives == mostArchives {
			continue
		}
		set, err := store.OpenSet([]string{base}, nil)
		require.NoError(t, err)
		end, err := set.End()
		require.NoError(t, err)
		start := set.Header().Start
		step := (end.Sub(start) / 20).Truncate(time.Millisecond)
		if step < 100*time.Millisecond {
			continue
		}
		o := values.Options{From: start, To: end, Step: step, Rates: true, Earlier: true}
		o.Specs = comparable(t, set)
		if len(o.Specs) == 0 {
			continue
		}
		archives++
		t.Run(filepath.Base(base), func(t *testing.T) { compared += comparePmrep(t, base, set, o) })
	}
	assert.Greater(t, compared, 1000, "values compared")
}

// comparable returns the first metrics with numbers that pmrep can print.
func comparable(t *testing.T, set *store.Set) (specs []values.Spec) {
	columns := 0
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			if !d.Type.IsNumeric() || len(d.Names) == 0 || strings.Contains(d.Names[0], ".wrap.") || d.Sem == pcp.SemDiscrete {
				continue // see interp: a discrete value may hold longer than in PCP 6
			}
			n := 1
			if d.InDom != pcp.InDomNull {
				if n = len(r.SeriesAt(d, r.Header().Start)); n == 0 {
					continue // pmrep ends at a metric without instances
				}
			}
			if columns += n; columns > mostColumns {
				return specs
			}
			specs = append(specs, values.Spec{Name: d.Names[0]})
		}
	}
	return specs
}

// comparePmrep compares the values of one archive and returns their number.
func comparePmrep(t *testing.T, base string, set *store.Set, o values.Options) (compared int) {
	args := []string{"-a", base, "-z", "-t", strconv.FormatFloat(o.Step.Seconds(), 'f', -1, 64), "-o", "csv", "-P", "9"}
	for _, s := range o.Specs {
		args = append(args, s.Name)
	}
	out := oracle.Exec(t, "pmrep", args...)
	if out.Exit != 0 {
		t.Logf("pmrep: %s", out.Stderr)
		return 0
	}
	table, err := csv.NewReader(strings.NewReader(out.Stdout)).ReadAll()
	require.NoError(t, err)
	require.NotEmpty(t, table)
	place := map[string]int{}
	for i, name := range table[0] {
		place[name] = i
	}
	l, err := values.NewLayout(t.Context(), []*store.Set{set}, o)
	require.NoError(t, err)
	n := 0
	for line, err := range l.Lines(t.Context()) {
		require.NoError(t, err)
		if len(line.Marks) > 0 {
			t.Logf("%d compared", compared)
			return compared // pmrep keeps the row before a mark for a rate after it
		}
		n++
		if n >= len(table) {
			break
		}
		for i, c := range line.Cells {
			column, known := place[pmrepName(l.Columns[i])]
			if !known || table[n][column] == "" || c.Column == nil {
				continue
			}
			want, err := strconv.ParseFloat(table[n][column], 64)
			if err != nil {
				continue
			}
			got, ok := c.Number()
			require.True(t, ok)
			got *= perSecond(set, c.Column)
			assert.InDelta(t, want, got, 1e-6+1e-6*math.Abs(want), "%s in row %d", c.Column.Header(), n)
			compared++
		}
	}
	t.Logf("%d compared", compared)
	return compared
}

// pmrepName returns the name of a column in pmrep's CSV.
func pmrepName(c *values.Column) string {
	if c.Instance() == "" {
		return c.Metric()
	}
	return c.Metric() + "-" + c.Instance()
}

// perSecond returns the factor of rates of time, which pmrep gives in the counter's units
// per second.
func perSecond(set *store.Set, c *values.Column) float64 {
	d, ok := set.Last().Meta().Lookup(c.Metric())
	if !ok || d.Sem != pcp.SemCounter {
		return 1
	}
	_, factor := interp.RateUnits(d.Units)
	return factor
}
