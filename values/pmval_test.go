package values_test

import (
	"flag"
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
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

var allMetrics = flag.Bool("allmetrics", false, "compare every metric of the corpus with pmval, which takes minutes")

const (
	pmvalMetrics = 20 // of each archive, unless -allmetrics is given
	pmvalWidth   = 60 // of a cell
)

// TestPmval compares values at 20 times with those of pmval 6: numbers, rates and texts.
func TestPmval(t *testing.T) {
	oracle.Path(t, "pmval")
	compared, archives := 0, 0
	for _, base := range oracle.Archives(t, "archives", true) {
		info, err := os.Stat(base + ".0")
		if err != nil || !*allMetrics && (info.Size() > 1<<20 || archives >= mostArchives) {
			continue
		}
		set, err := store.OpenSet([]string{base}, nil)
		require.NoError(t, err)
		end, err := set.End()
		require.NoError(t, err)
		step := (end.Sub(set.Header().Start) / 20).Truncate(time.Millisecond)
		if step < 100*time.Millisecond {
			continue
		}
		start := set.Header().Start
		start.Nsec -= start.Nsec % 1000 // pmval counts microseconds
		archives++
		t.Run(filepath.Base(base), func(t *testing.T) {
			for _, d := range spread(set) {
				compared += comparePmval(t, base, set, d, values.Options{
					Specs: []values.Spec{{Name: d.Names[0]}}, From: start, To: end, Step: step, Rates: true, Earlier: true,
				})
			}
		})
	}
	t.Logf("%d values of %d archives are equal", compared, archives)
	assert.Greater(t, compared, 1000, "values compared")
}

// spread returns metrics from everywhere in the metadata of a host.
func spread(set *store.Set) (some []*meta.Desc) {
	var all []*meta.Desc
	seen := map[string]bool{}
	old := set.Header().Start.Time().Year() < 1998
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			known := d.Type.IsNumeric() || d.Type == pcp.TypeString
			if old && (d.Sem == pcp.SemCounter || d.Type == pcp.Type64 || d.Type == pcp.TypeU64) {
				continue // pmval takes values stored as 32-bit numbers for those of the metric's type
			}
			if len(d.Names) > 0 && strings.Contains(d.Names[0], ".wrap.") {
				continue // pmval takes a decrease for an overflow
			}
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

// comparePmval compares the values of a metric and returns their number.
func comparePmval(t *testing.T, base string, set *store.Set, d *meta.Desc, o values.Options) (compared int) {
	name := d.Names[0]
	out := oracle.Exec(t, "pmval", "-a", base, "-z", "-t", strconv.FormatFloat(o.Step.Seconds(), 'f', -1, 64), "-f", "9", "-w", strconv.Itoa(pmvalWidth), name)
	if out.Exit != 0 {
		return 0
	}
	theirs := pmvalRows(out.Stdout)
	for r, err := range values.Rows(t.Context(), set, o) {
		require.NoError(t, err)
		if r.Mark {
			break // pmval has a rate over the mark
		}
		row := r.Stamp.Time().In(set.Location()).Format("15:04:05.000")
		cells, printed := theirs[row]
		if !printed {
			continue // the first row of a counter
		}
		for _, c := range r.Cells {
			instance := strings.TrimSpace(c.Column.Instance())
			if d.InDom == pcp.InDomNull {
				instance = ""
			}
			want, ok := cells[instance]
			if !ok || want == "?" {
				continue // it shows the instances that the domain has where it has read to
			}
			if text, quoted := strings.CutPrefix(want, `"`); quoted {
				got, whole := c.Text(-1), strings.HasSuffix(text, `"`)
				if text = strings.TrimSuffix(text, `"`); !whole { // the cell is too narrow
					got = got[:min(len(got), len(text))]
				}
				assert.Equal(t, text, got, "%s in row %s", c.Column.Header(), row)
				compared++
				continue
			}
			number, err := strconv.ParseFloat(want, 64)
			if err != nil {
				continue
			}
			got, ok := c.Number()
			require.True(t, ok, name)
			assert.InDelta(t, number, got, 1e-6+5e-6*math.Abs(number), "%s in row %s", c.Column.Header(), row)
			compared++
		}
		if t.Failed() {
			return compared
		}
	}
	return compared
}

// pmvalRows returns the cells of pmval's rows by time and by the names of instances, which
// stand above them.
func pmvalRows(text string) map[string]map[string]string {
	rows, names, heading := map[string]map[string]string{}, []string{""}, true
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "interval:"):
			heading = false
		case heading:
		case len(line) > 13 && line[2] == ':' && line[5] == ':' && line[8] == '.':
			row := map[string]string{}
			if !strings.Contains(line, "No values available") {
				for i, cell := range pmvalCells(line) {
					if i < len(names) {
						row[names[i]] = cell
					}
				}
			}
			rows[line[:12]] = row
		case strings.HasPrefix(line, strings.Repeat(" ", 12)):
			names = pmvalCells(line)
		}
	}
	return rows
}

// pmvalCells splits a line at the places of its columns.
func pmvalCells(line string) (cells []string) {
	const lead = 12
	for at := lead; at < len(line); at += pmvalWidth + 1 {
		cells = append(cells, strings.TrimSpace(line[at:min(len(line), at+pmvalWidth)]))
	}
	return cells
}
