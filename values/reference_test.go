package values_test

import (
	"encoding/csv"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// mostArchives is the number of archives compared; pmrep takes a third of a second for each.
const mostArchives = 16

// mostColumns is the number of columns compared of each archive.
const mostColumns = 60

// TestPmrep compares tables of interpolated values, as rates and as recorded, with those of
// pmrep 6.
func TestPmrep(t *testing.T) {
	oracle.Path(t, "pmrep")
	total := tally{excused: map[string]int{}}
	archives := 0
	for _, base := range oracle.Archives(t, "archives", !*allMetrics) {
		set, o, ok := twentyTimes(t, base)
		if !ok || !*allMetrics && archives >= mostArchives {
			continue
		}
		o.Specs = printable(set)
		if len(o.Specs) == 0 {
			continue
		}
		archives++
		t.Run(filepath.Base(base), func(t *testing.T) {
			o.From = set.Header().Start // to the nanosecond, other than pmval
			for _, rates := range []bool{true, false} {
				if !rates && !*allMetrics && archives%4 != 0 {
					continue
				}
				o.Rates = rates
				c := &pmrepComparison{t: t, base: base, set: set, options: o, tally: &tally{excused: map[string]int{}}}
				c.run()
				t.Log(c.tally)
				total.add(*c.tally)
			}
		})
	}
	t.Logf("%d archives: %s", archives, total)
	assert.Greater(t, total.equal, 1000, "values compared")
}

// printable returns the first metrics that pmrep can print, or all.
func printable(set *store.Set) (specs []values.Spec) {
	columns := 0
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			if !d.Type.IsNumeric() && d.Type != pcp.TypeString || len(d.Names) == 0 || slices.ContainsFunc(specs, func(s values.Spec) bool { return s.Name == d.Names[0] }) {
				continue
			}
			n := 1
			if d.InDom != pcp.InDomNull {
				if n = len(r.SeriesAt(d, r.Header().Start)); n == 0 {
					continue // pmrep ends at a metric without instances
				}
			}
			if columns += n; columns > mostColumns && !*allMetrics {
				return specs
			}
			specs = append(specs, values.Spec{Name: d.Names[0]})
		}
	}
	return specs
}

// pmrepComparison compares the table of an archive.
type pmrepComparison struct {
	t       *testing.T
	base    string
	set     *store.Set
	options values.Options
	*tally
	marks bool // a mark stands before this row or an earlier one
}

// invalid finds the metric because of which pmrep ends.
var invalid = regexp.MustCompile(`Invalid metric (\S+) `)

// table returns the rows of pmrep, without the metrics that it refuses.
func (c *pmrepComparison) table() [][]string {
	for {
		args := []string{"-a", c.base, "-z", "-t", strconv.FormatFloat(c.options.Step.Seconds(), 'f', -1, 64), "-o", "csv", "-P", "9"}
		if !c.options.Rates {
			args = append(args, "-r")
		}
		for _, s := range c.options.Specs {
			args = append(args, s.Name)
		}
		out := oracle.Exec(c.t, "pmrep", args...)
		if out.Exit == 0 {
			table, err := csv.NewReader(strings.NewReader(out.Stdout)).ReadAll()
			require.NoError(c.t, err)
			return table
		}
		refused := invalid.FindStringSubmatch(out.Stderr)
		n := len(c.options.Specs)
		if refused != nil {
			c.options.Specs = slices.DeleteFunc(slices.Clone(c.options.Specs), func(s values.Spec) bool { return s.Name == refused[1] })
		}
		if len(c.options.Specs) == n || len(c.options.Specs) == 0 {
			c.t.Logf("pmrep: %s", out.Stderr)
			return nil
		}
		c.excused["metrics that pmrep refuses"]++
	}
}

// run compares the rows.
func (c *pmrepComparison) run() {
	table := c.table()
	if table == nil {
		return
	}
	c.metrics = len(c.options.Specs)
	place := map[string]int{}
	for i, name := range table[0] {
		place[name] = i
	}
	rates, err := values.NewLayout(c.t.Context(), []*store.Set{c.set}, c.options)
	require.NoError(c.t, err)
	asRecorded := c.options
	asRecorded.Rates = false
	raw := map[string]map[values.Key]float64{} // by time and column
	for r, err := range values.Rows(c.t.Context(), c.set, asRecorded) {
		require.NoError(c.t, err)
		row := map[values.Key]float64{}
		for _, cell := range r.Cells {
			row[cell.Column.Key()], _ = cell.Number()
		}
		if !r.Mark {
			raw[r.Stamp.String()] = row
		}
	}
	n, mark := 0, false
	var last map[values.Key]float64
	for line, err := range rates.Lines(c.t.Context()) {
		require.NoError(c.t, err)
		mark = mark || len(line.Marks) > 0
		c.marks = c.marks || mark
		now, isRow := raw[line.Stamp.String()]
		if !isRow {
			continue
		}
		if n++; n >= len(table) {
			return
		}
		for i, cell := range line.Cells {
			column := rates.Columns[i]
			at, known := place[pmrepName(column)]
			if !known {
				if cell.Column != nil {
					c.excused["instances that begin later"]++
				}
				continue
			}
			before, had := last[column.Key()]
			c.cell(table[n][at], cell, column, mark, had && now[column.Key()] < before, n)
		}
		last, mark = now, false
	}
}

// cell compares a value with a cell of pmrep. The reasons for differences are those that
// docs/values.md lists.
func (c *pmrepComparison) cell(want string, cell values.Cell, column *values.Column, mark, fell bool, row int) {
	d := column.Series.Metric.Desc
	original, counter := d, false
	if x, ok := c.set.Last().Meta().Lookup(column.Metric()); ok {
		original, counter = x, x.Sem == pcp.SemCounter
	}
	switch {
	case cell.Column == nil && want == "":
	case cell.Column != nil && c.equals(want, cell, original):
		c.equal++
	case want == "" && d.Sem == pcp.SemDiscrete:
		c.excused["discrete values that hold longer"]++
	case want == "":
		c.excused["not shown by pmrep"]++
	case c.set.Header().Start.Time().Year() < 1998 && (original.Type == pcp.Type64 || original.Type == pcp.TypeU64):
		c.excused["64-bit values of 1996"]++
	case d.Sem == pcp.SemDiscrete && cell.Column == nil && c.marks:
		c.excused["discrete values held over marks"]++
	case counter && fell:
		c.excused["counters that fell"]++
	case counter && !c.options.Rates && original.Units == (pcp.Units{}):
		c.excused["rates in place of counters without units"]++
	case original.Type == pcp.TypeU64 && cell.Value.Bits >= 1<<63:
		c.excused["numbers from 2^63 on, 0 in pmrep"]++
	case counter && strings.Contains(column.Metric(), ".wrap."):
		c.excused["interpolated over an overflow"]++
	case cell.Column == nil && goesBack(c.t, c.set):
		c.excused["records whose times go back"]++
	default:
		got := "none"
		if cell.Column != nil {
			got = cell.Text(-1)
		}
		assert.Equal(c.t, want, got, "%s in row %d, rates %t, after a mark %t", column.Header(), row, c.options.Rates, mark)
	}
}

// equals reports whether a cell of pmrep has a value.
func (c *pmrepComparison) equals(want string, cell values.Cell, original *meta.Desc) bool {
	if !original.Type.IsNumeric() {
		return pmrepText(cell.Text(-1)) == want
	}
	got, ok := cell.Number()
	number, err := strconv.ParseFloat(want, 64)
	if !ok || err != nil {
		return false
	}
	if original.Sem == pcp.SemCounter && c.options.Rates {
		_, factor := interp.RateUnits(original.Units) // pmrep gives rates of time in the counter's units per second
		got *= factor
	}
	return math.IsNaN(number) && math.IsNaN(got) || number == got || math.Abs(number-got) <= 1e-6+1e-6*math.Abs(number)
}

// pmrepText returns a text as pmrep writes it in CSV.
func pmrepText(text string) string {
	return strings.NewReplacer("\n", " ", `"`, " ", ",", "_").Replace(text)
}

// pmrepName returns the name of a column in pmrep's CSV.
func pmrepName(c *values.Column) string {
	name := c.Metric()
	if c.Instance() != "" {
		name += "-" + c.Instance()
	}
	return strings.NewReplacer("\n", " ", `"`, " ", ",", " ").Replace(name)
}
