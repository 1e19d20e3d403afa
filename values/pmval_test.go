package values_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

var allMetrics = flag.Bool("allmetrics", false, "compare every metric of every archive of the corpus with pmval and pmrep, which takes an hour")

// pmvalMetrics is the number of metrics compared of each archive, unless -allmetrics is given.
const pmvalMetrics = 20

// TestPmval compares values at 20 times with those of pmval 6: numbers, rates and texts.
func TestPmval(t *testing.T) {
	oracle.Path(t, "pmval")
	total := tally{excused: map[string]int{}}
	archives := 0
	for _, base := range oracle.Archives(t, "archives", !*allMetrics) {
		set, o, ok := twentyTimes(t, base)
		if !ok || !*allMetrics && archives >= mostArchives {
			continue
		}
		archives++
		t.Run(filepath.Base(base), func(t *testing.T) {
			one := tally{excused: map[string]int{}}
			for _, d := range spread(set) {
				c := &pmvalComparison{t: t, base: base, set: set, desc: d, options: o, tally: &one}
				c.options.Specs = []values.Spec{{Name: d.Names[0]}}
				c.run()
			}
			t.Log(one)
			total.add(one)
		})
	}
	t.Logf("%d archives: %s", archives, total)
	assert.Greater(t, total.equal, 1000, "values compared")
}

// tally counts values that are equal, and others by the reason why they may differ.
type tally struct {
	metrics, equal int
	excused        map[string]int
}

func (a *tally) add(b tally) {
	a.metrics += b.metrics
	a.equal += b.equal
	for reason, n := range b.excused {
		a.excused[reason] += n
	}
}

func (a tally) String() string {
	text := fmt.Sprintf("%d metrics, %d values equal", a.metrics, a.equal)
	for _, reason := range slices.Sorted(maps.Keys(a.excused)) {
		text += fmt.Sprintf(", %d %s", a.excused[reason], reason)
	}
	return text
}

// twentyTimes returns the options for 20 rows over an archive. ok is false if the archive is
// too short or, without -allmetrics, too large.
func twentyTimes(t *testing.T, base string) (set *store.Set, o values.Options, ok bool) {
	if info, err := os.Stat(base + ".0"); !*allMetrics && (err != nil || info.Size() > 1<<20) {
		return nil, o, false
	}
	set = storetest.Open(t, base)
	end, err := set.End()
	require.NoError(t, err)
	step := (end.Sub(set.Header().Start) / 20).Truncate(time.Millisecond)
	start := set.Header().Start
	start.Nsec -= start.Nsec % 1000 // the reference counts microseconds
	return set, values.Options{From: start, To: end, Step: step, Rates: true, Earlier: true}, step >= 10*time.Millisecond
}

// spread returns metrics from everywhere in the metadata of a host, or all.
func spread(set *store.Set) (some []*meta.Desc) {
	var all []*meta.Desc
	seen := map[string]bool{}
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			known := d.Type.IsNumeric() || d.Type == pcp.TypeString
			if known && len(d.Names) > 0 && !seen[d.Names[0]] {
				seen[d.Names[0]] = true
				all = append(all, d)
			}
		}
	}
	step := 1
	if !*allMetrics {
		step = max(1, len(all)/pmvalMetrics)
	}
	for i := 0; i < len(all); i += step {
		some = append(some, all[i])
	}
	return some
}

// pmvalComparison compares the values of a metric.
type pmvalComparison struct {
	t       *testing.T
	base    string
	set     *store.Set
	desc    *meta.Desc
	options values.Options
	*tally

	width  int // of pmval's cells
	theirs []pmvalRow
	raw    map[string]float64 // of the last row
	mark   bool               // a mark stands before this row
}

// run compares the rows.
func (c *pmvalComparison) run() {
	rates, raw := c.rows(true), c.rows(false)
	c.width = 24
	for _, r := range slices.Concat(rates, raw) {
		for _, cell := range r.Cells {
			c.width = max(c.width, len(c.instance(cell))+1)
			if c.desc.Type == pcp.TypeString {
				c.width = max(c.width, len(cell.Value.Text())+3)
			}
		}
	}
	step := strconv.FormatFloat(c.options.Step.Seconds(), 'f', -1, 64)
	out := oracle.Exec(c.t, "pmval", "-a", c.base, "-z", "-t", step, "-f", "9", "-w", strconv.Itoa(c.width), c.desc.Names[0])
	if out.Exit != 0 {
		c.excused["metrics that pmval refuses"]++
		return
	}
	c.metrics++
	c.theirs = pmvalRows(out.Stdout, c.width)
	c.raw = map[string]float64{}
	for i := range rates {
		if rates[i].Mark {
			c.mark = true
			continue
		}
		c.row(&rates[i], &raw[i])
	}
}

// rows returns the rows of the metric.
func (c *pmvalComparison) rows(rates bool) (all []values.Row) {
	o := c.options
	o.Rates = rates
	for r, err := range values.Rows(c.t.Context(), c.set, o) {
		require.NoError(c.t, err)
		all = append(all, values.Row{Stamp: r.Stamp, Mark: r.Mark, Cells: slices.Clone(r.Cells)})
	}
	return all
}

// row compares a row.
func (c *pmvalComparison) row(r, raw *values.Row) {
	now, fell := map[string]float64{}, map[string]bool{}
	for _, cell := range raw.Cells {
		id := firstWord(c.instance(cell))
		now[id], _ = cell.Number()
		before, known := c.raw[id]
		fell[id] = c.desc.Sem == pcp.SemCounter && known && now[id] < before
	}
	stamp := r.Stamp.Time().In(c.set.Location()).Format("15:04:05.000")
	if len(c.theirs) > 0 && c.theirs[0].stamp == stamp { // pmval has no first row of a counter
		theirs := c.theirs[0].cells
		c.theirs = c.theirs[1:]
		seen := map[string]bool{}
		for _, cell := range r.Cells {
			name := c.instance(cell)
			shown := name
			if _, exact := theirs[name]; !exact {
				shown = renamed(theirs, name)
			}
			seen[shown] = true
			c.cell(stamp, name, theirs[shown], &cell, fell[firstWord(name)])
		}
		for name, want := range theirs {
			if !seen[name] && want != "?" {
				c.cell(stamp, name, want, nil, fell[firstWord(name)])
			}
		}
		c.mark = false
	}
	c.raw = now
}

// firstWord returns what stays of the name of an instance when the rest changes.
func firstWord(name string) string {
	word, _, _ := strings.Cut(name, " ")
	return word
}

// renamed returns the name under which pmval shows an instance whose name changes.
func renamed(cells map[string]string, name string) string {
	for shown := range cells {
		if firstWord(shown) == firstWord(name) {
			return shown
		}
	}
	return name
}

func (c *pmvalComparison) instance(cell values.Cell) string {
	if c.desc.InDom == pcp.InDomNull {
		return ""
	}
	return strings.TrimSpace(cell.Column.Instance())
}

// cell compares a value with a cell of pmval. The reasons for differences are those that
// docs/values.md lists.
func (c *pmvalComparison) cell(stamp, name, want string, cell *values.Cell, fell bool) {
	counter := c.desc.Sem == pcp.SemCounter
	old := c.set.Header().Start.Time().Year() < 1998 && (c.desc.Type == pcp.Type64 || c.desc.Type == pcp.TypeU64)
	switch {
	case cell != nil && equalsPmval(want, cell):
		c.equal++
	case want == "" || want == "?":
		c.excused["not shown by pmval"]++
	case old:
		c.excused["64-bit values of 1996"]++
	case cell == nil && fell && want == "!":
		c.excused["counters that fell"]++
	case counter && strings.Contains(c.desc.Names[0], ".wrap."):
		c.excused["interpolated over an overflow"]++
	case cell == nil && goesBack(c.t, c.set):
		c.excused["records whose times go back"]++
	default:
		got := "none"
		if cell != nil {
			got = cell.Text(-1)
		}
		assert.Equal(c.t, want, got, "%s[%s] in row %s, after a mark %t, fell %t", c.desc.Names[0], name, stamp, c.mark, fell)
	}
}

// goesBack reports whether the records of a host are not in the order of their times.
func goesBack(t *testing.T, set *store.Set) bool {
	var last pcp.Timestamp
	for step, err := range set.Steps(history.Query{All: true}) {
		require.NoError(t, err)
		if step.Stamp.Before(last) {
			return true
		}
		last = step.Stamp
	}
	return false
}
