package summary_test

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

// refRow is what the reference says of a series.
type refRow struct {
	star                    bool
	insufficient            bool
	mean, average, min, max float64
	minTime, maxTime        string
	count                   int64
	units                   string
	sum                     float64
}

// reference parses pmlogsummary's tab-separated form, by metric and instance.
func reference(t *testing.T, base string, wrap bool) map[string][]*refRow {
	run := func(args ...string) string {
		cmd := oracle.Command(t, "pmlogsummary", append(args, base)...)
		if wrap {
			cmd.Env = append(cmd.Env, "PCP_COUNTER_WRAP=1")
		}
		out, err := cmd.Output()
		require.NoError(t, err)
		return string(out)
	}
	rows := map[string][]*refRow{}
	lines(run("-fbmMyiI", "-p", "9", "-Z", "UTC"), func(name string, f []string) {
		r := &refRow{star: strings.HasPrefix(name, "*")}
		name = strings.TrimPrefix(name, "*")
		rows[name] = append(rows[name], r)
		if r.insufficient = len(f) == 1; r.insufficient {
			return
		}
		r.mean, r.average, r.min, r.max = float(t, f[0]), float(t, f[1]), float(t, f[2]), float(t, f[4])
		r.minTime, r.maxTime, r.count, r.units = clock(f[3]), clock(f[5]), int64(float(t, f[6])), f[7]
	})
	seen := map[string]int{}
	lines(run("-fs", "-p", "9"), func(name string, f []string) {
		name = strings.TrimPrefix(name, "*")
		if len(f) > 1 {
			rows[name][seen[name]].sum = float(t, f[0])
		}
		seen[name]++
	})
	return rows
}

// lines takes the reference's lines apart: name with instance, and fields.
func lines(out string, visit func(name string, f []string)) {
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 3 {
			continue // says which time zone holds
		}
		visit(f[0]+f[1], f[2:])
	}
}

func float(t *testing.T, s string) float64 {
	if strings.HasSuffix(s, "nan") {
		return math.NaN()
	}
	f, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return f
}

// clock cuts a time of day out of the reference's forms of a time.
func clock(s string) string {
	for f := range strings.FieldsSeq(strings.Trim(s, "'")) {
		if strings.Count(f, ":") == 2 {
			return f
		}
	}
	return s
}

// The reference differs for these reasons only.
const (
	// It cuts times to microseconds, which shows in archives of version 3.
	microseconds = "times cut to microseconds"
	// It reads 64-bit values that loggers of 1996 marked as 32-bit ones with
	// their bytes in the wrong order.
	byteOrder = "bytes in the wrong order"
	// Where no time passed between values, as with a single one, it prints 0 as
	// time average. We give the mean.
	noTime = "no time to average over"
	// Its mean of a discrete metric counts the value that held at each mark and
	// at the end once more. We give the mean of what was recorded.
	heldTwice = "held values in the mean"
	// It lets a first value that is not a number into the statistics.
	notANumber = "NaN as first value"
	// If a counter's first rate is the least or the greatest, it gives the time
	// of the value before. We give the later one's, as for other rates.
	firstRate = "time of the first rate"
)

// wronglyMarked are the series of byteOrder.
var wronglyMarked = map[string][]string{
	"960624.08.17_v2":   {"disk.all.read", "disk.all.write"},
	"babylon.pmview_v2": {"disk.all.read", "disk.all.write"},
	"bozo.client_v2":    {"disk.all.total"},
}

// TestReference compares with pmlogsummary on every uncompressed archive of the
// corpus.
func TestReference(t *testing.T) {
	var mu sync.Mutex
	agree, series, differences := 0, 0, map[string]int{}
	t.Run("archives", func(t *testing.T) {
		for _, base := range oracle.Archives(t, "archives", true) {
			t.Run(filepath.Base(base), func(t *testing.T) {
				t.Parallel()
				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				sum, reasons := summarise(t, r, false)
				if slices.ContainsFunc(sum.Series, func(s *summary.Series) bool { return s.Resets > 0 }) {
					summarise(t, r, true)
				}
				mu.Lock()
				defer mu.Unlock()
				series += len(sum.Series)
				agree += len(sum.Series)
				for _, why := range reasons {
					agree--
					for _, reason := range why {
						differences[reason]++
					}
				}
			})
		}
	})
	t.Logf("%d of %d series agree entirely; the others: %v", agree, series, differences)
}

// summarise compares a whole archive.
func summarise(t *testing.T, r *archive.Reader, wrap bool) (*summary.Summary, [][]string) {
	sum, err := summary.Of(t.Context(), r, summary.Options{Wrap: wrap})
	if err != nil {
		require.ErrorIs(t, err, pcp.ErrUnfinished)
	}
	return sum, compare(t, r, sum, reference(t, r.Base(), wrap))
}

// compare returns for each series that differs the reasons.
func compare(t *testing.T, r *archive.Reader, sum *summary.Summary, rows map[string][]*refRow) (reasons [][]string) {
	type series struct {
		metric pcp.PMID
		inst   meta.Instance
	}
	taken := map[series]bool{} // a metric with several names has a row under one of them
	for _, s := range sum.Series {
		row := take(rows, s)
		same := series{s.Series.Metric.Desc.PMID, s.Series.Inst}
		if row == nil && taken[same] {
			continue
		}
		taken[same] = true
		if row == nil {
			t.Errorf("%s: the reference has no %s", s.Series.Metric.Name, s.Series.Inst.Name)
			continue
		}
		d := differ{s: s, ref: row, v3: r.Header().Version == pcp.V3}
		if slices.Contains(wronglyMarked[filepath.Base(r.Base())], s.Series.Metric.Name) {
			d.excuse(byteOrder)
		} else {
			d.compare(sum.To.Sub(sum.From).Seconds())
		}
		if d.wrong != nil {
			t.Errorf("%s %s (%s): %s", s.Series.Metric.Name, s.Series.Inst.Name, s.Series.Metric.Desc.Sem, strings.Join(d.wrong, "; "))
		}
		if d.reasons != nil {
			reasons = append(reasons, d.reasons)
		}
	}
	for name, left := range rows {
		if len(left) > 0 {
			t.Errorf("only the reference has %s", name)
		}
	}
	return reasons
}

// take removes and returns the row of a series. The reference lists a metric
// under one of its names; an instance's name may stand for two.
func take(rows map[string][]*refRow, s *summary.Series) *refRow {
	for _, name := range s.Series.Metric.Desc.Names {
		if s.Series.Metric.Desc.InDom != pcp.InDomNull {
			name += fmt.Sprintf("[%q]", s.Series.Inst.Name)
			if s.Series.Inst.Name == "" {
				name = fmt.Sprintf("%s[%d]", strings.TrimSuffix(name, `[""]`), uint32(s.Series.Inst.ID))
			}
		}
		if found := rows[name]; len(found) > 0 {
			rows[name] = found[1:]
			return found[0]
		}
	}
	return nil
}

// differ compares one series.
type differ struct {
	s              *summary.Series
	ref            *refRow
	v3             bool
	wrong, reasons []string
}

func (d *differ) excuse(reason string) {
	if !slices.Contains(d.reasons, reason) {
		d.reasons = append(d.reasons, reason)
	}
}

func (d *differ) compare(window float64) {
	s, ref := d.s, d.ref
	if ref.insufficient {
		d.check(s.Count == 0, "count %d, where the reference has too little", s.Count)
		return
	}
	if s.Bad > 0 && math.IsNaN(ref.min) {
		d.excuse(notANumber)
		return
	}
	d.check(s.Count == ref.count, "count %d, reference %d", s.Count, ref.count)
	d.check(cmp.Or(s.Units.String(), "none") == ref.units, "units %s, reference %s", s.Units, ref.units)
	d.check(ref.star == (s.IsRate() && s.Span/window <= 0.1), "spans %v of %v, reference %v", s.Span, window, ref.star)
	d.number("minimum", s.Min, ref.min)
	d.number("maximum", s.Max, ref.max)
	d.number("sum", s.Sum, ref.sum)
	if s.Span == 0 && ref.average == 0 && s.TimeAverage != 0 {
		d.excuse(noTime)
	} else {
		d.number("time average", s.TimeAverage, ref.average)
	}
	if s.Series.Metric.Desc.Sem == pcp.SemDiscrete && !near(s.Mean, ref.mean, 0) {
		d.excuse(heldTwice)
	} else {
		d.number("mean", s.Mean, ref.mean)
	}
	if !d.v3 { // what is the least may be another value there
		d.time(s.MinTime, ref.minTime)
		d.time(s.MaxTime, ref.maxTime)
	}
}

func (d *differ) check(ok bool, format string, args ...any) {
	if !ok {
		d.wrong = append(d.wrong, fmt.Sprintf(format, args...))
	}
}

func (d *differ) number(what string, ours, theirs float64) {
	if d.v3 && !near(ours, theirs, 0) {
		d.excuse(microseconds)
		d.check(near(ours, theirs, 1e-5), "%s %v, reference %v", what, ours, theirs)
		return
	}
	d.check(near(ours, theirs, 0), "%s %v, reference %v", what, ours, theirs)
}

// near compares numbers that the reference prints with nine digits after the
// point.
func near(a, b, tolerance float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9+(1e-11+tolerance)*math.Max(math.Abs(a), math.Abs(b))
}

func (d *differ) time(ours pcp.Timestamp, theirs string) {
	clock := func(t pcp.Timestamp) string { return t.Time().Format("15:04:05.000") }
	if clock(ours) == theirs {
		return
	}
	d.check(d.s.IsRate() && clock(d.s.First) == theirs, "extreme at %s, reference %s", clock(ours), theirs)
	d.excuse(firstRate)
}
