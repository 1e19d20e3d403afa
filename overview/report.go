package overview

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/internal/parallel"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Request says what a Report is of. The zero value of a field means its default.
type Request struct {
	// Start and End are the window. Zero means the first and the last record of all hosts.
	Start, End time.Time
	// Steps is the number of equal parts of the window that get a level. Zero means
	// [DefaultSteps].
	Steps int
	// Worst is the most incidents of a host. Zero means [DefaultWorst].
	Worst int
	// Shown returns the time to write in words for a time in milliseconds. Nil means the
	// time itself.
	Shown func(int64) int64
}

// The defaults of [Request].
const (
	DefaultSteps = 240
	DefaultWorst = 10
)

// Report is the overview of a window. Times are in milliseconds.
type Report struct {
	Start, End int64
	Step       float64 // length of a step in milliseconds
	Rules      []*Rule
	Hosts      []*Host // in the order of the Sets

	source []int // see Table
}

// Host is the overview of a host.
type Host struct {
	Name       string
	Location   *time.Location
	Start, End int64 // of all its archives
	// Level has the level of each step; NaN where there are no records. Cause has the place
	// in Report.Rules of the rule that gives it; -1 where the level is 0 or there is none.
	Level []float64
	Cause []int
	// Resources have the levels of the resources. NaN means that no rule had a value.
	Resources map[string][]float64
	Marks     []int64
	Covered   []Span
	Missing   []Missing
	Worst     []Incident
	// Window is the longest window of a rule.
	Window time.Duration

	weight []float64 // of the cause of each step; see Rule.weight
}

// Missing is a rule that could not be evaluated, with the metrics that were not logged.
type Missing struct {
	Rule    *Rule
	Metrics []string
}

// Of returns the overview of hosts, with a Set for each host. It reads the archives that
// have no track so far.
func (c *Cache) Of(ctx context.Context, sets []*store.Set, q Request) (*Report, error) {
	if q.Steps <= 0 {
		q.Steps = DefaultSteps
	}
	if q.Worst <= 0 {
		q.Worst = DefaultWorst
	}
	if q.Shown == nil {
		q.Shown = func(t int64) int64 { return t }
	}
	report := &Report{Rules: c.opts.Rules.Rules, Hosts: make([]*Host, len(sets)), source: c.opts.Rules.source}
	for i, set := range sets {
		report.Hosts[i] = hostOf(set)
	}
	report.window(q)
	err := parallel.Do(len(sets), func(i int) error {
		tracks, err := c.tracks(ctx, sets[i], report.Start, report.End, len(sets) < runtime.GOMAXPROCS(0))
		if err == nil {
			report.fill(c.opts.Rules, report.Hosts[i], tracks, q)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// hostOf returns a Host without levels.
func hostOf(set *store.Set) *Host {
	h := &Host{Name: set.Host(), Location: set.Location(), Start: set.Header().Start.Milli()}
	h.End = h.Start
	if end, err := set.Ending(); err == nil {
		h.End = max(h.End, end.Milli())
	}
	return h
}

// window works out the window.
func (r *Report) window(q Request) {
	r.Start, r.End = q.Start.UnixMilli(), q.End.UnixMilli()
	for i, h := range r.Hosts {
		if q.Start.IsZero() && (i == 0 || h.Start < r.Start) {
			r.Start = h.Start
		}
		if q.End.IsZero() && (i == 0 || h.End > r.End) {
			r.End = h.End
		}
	}
	if len(r.Hosts) == 0 {
		if q.Start.IsZero() {
			r.Start = 0
		}
		if q.End.IsZero() {
			r.End = r.Start
		}
	}
	r.End = max(r.End, r.Start+1)
	r.Step = float64(r.End-r.Start) / float64(q.Steps)
}

// tracks returns the tracks of a host's archives in a window, by ascending start.
func (c *Cache) tracks(ctx context.Context, set *store.Set, start, end int64, together bool) ([]*Track, error) {
	all := slices.Collect(set.Spanning(pcp.TimestampMilli(start), pcp.TimestampMilli(end)))
	found := make([]*Track, len(all))
	archives := set.Archives()
	last := ""
	if n := len(archives); n > 0 {
		last = archives[n-1].Base
	}
	get := func(i int) (err error) {
		found[i], err = c.Track(ctx, set, all[i], all[i].Base == last)
		return err
	}
	if together {
		if err := parallel.Do(len(all), get); err != nil {
			return nil, err
		}
	} else {
		for i := range all {
			if err := get(i); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(found, func(t *Track) bool { return t == nil || t.First > end || t.Last < start }), nil
}

// fill works out the levels and incidents of a host.
func (r *Report) fill(table *Table, h *Host, tracks []*Track, q Request) {
	h.Level, h.Cause = slices.Repeat([]float64{math.NaN()}, q.Steps), slices.Repeat([]int{-1}, q.Steps)
	h.weight, h.Resources = make([]float64, q.Steps), map[string][]float64{}
	for _, name := range Resources {
		h.Resources[name] = slices.Repeat([]float64{math.NaN()}, q.Steps)
	}
	for _, t := range tracks {
		h.Window = max(h.Window, t.Window)
		r.cover(h, t)
		for i, rule := range table.Rules {
			r.fold(h, t, i, rule)
		}
	}
	for i, level := range h.Level {
		if math.IsNaN(level) {
			h.Cause[i] = -1
			for _, all := range h.Resources {
				all[i] = math.NaN()
			}
		}
	}
	h.Missing = table.missing(tracks)
	w := &worst{table: table, tracks: tracks, start: r.Start, end: r.End, host: h, shown: q.Shown}
	h.Worst = w.incidents(q.Worst)
}

// stepsOf returns the steps that a time, its end exclusive, overlaps.
func (r *Report) stepsOf(from, to int64, n int) (first, last int) {
	first = int(math.Floor(float64(max(from, r.Start)-r.Start) / r.Step))
	last = int(math.Ceil(float64(min(to, r.End)-r.Start)/r.Step)) - 1
	return min(first, n-1), min(max(last, first), n-1)
}

// cover notes the times with records and the marks of an archive.
func (r *Report) cover(h *Host, t *Track) {
	for _, m := range t.Marks {
		if r.Start <= m && m <= r.End {
			h.Marks = append(h.Marks, m)
		}
	}
	for _, s := range t.Covered {
		if s.To < r.Start || s.From > r.End {
			continue
		}
		h.Covered = append(h.Covered, Span{max(s.From, r.Start), min(s.To, r.End)})
		first, last := r.stepsOf(s.From, s.To+1, len(h.Level))
		for i := first; i <= last; i++ {
			if math.IsNaN(h.Level[i]) {
				h.Level[i] = 0
			}
		}
	}
}

// fold adds the values of a rule to the levels of the steps.
func (r *Report) fold(h *Host, t *Track, n int, rule *Rule) {
	c := &t.columns[r.source[n]]
	resource := h.Resources[rule.Resource]
	first, end := t.cells(c, r.Start, r.End)
	for i := first; i < end; i++ {
		v, ok := c.at(i)
		if !ok {
			continue
		}
		level := rule.Level(v)
		from := t.Start + int64(i)*t.Cell
		a, b := r.stepsOf(from, from+t.Cell, len(h.Level))
		for s := a; s <= b; s++ {
			if !(level <= resource[s]) {
				resource[s] = level
			}
			h.Level[s] = max(h.Level[s], level) // NaN stays
			if weight := level * rule.weight(); weight > h.weight[s] || weight == h.weight[s] && weight > 0 && n < h.Cause[s] {
				h.weight[s], h.Cause[s] = weight, n
			}
		}
	}
}

// cells returns the cells of a column that overlap a window.
func (t *Track) cells(c *column, start, end int64) (first, after int) {
	first = int(min(max(floorDiv(start-t.Start, t.Cell), 0), maxCells))
	after = int(min(max(floorDiv(end-t.Start, t.Cell)+1, 0), int64(len(c.values))))
	return first, after
}
