package overview

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Incident is a time in which a resource was under pressure. Times are in milliseconds.
type Incident struct {
	From, To int64
	Rule     *Rule
	Instance string  // "" if the rule has none
	Level    float64 // the highest
	Value    float64 // the worst value
	// Words say what happened: "14:05–14:20 disk sda saturated (98 % busy), load 38".
	Words string
	// Query is PromQL that shows the value.
	Query string
}

// pressure is the level from which on a resource is under pressure.
const pressure = 0.5

// problem is the level from which on a rule is an incident of its own, whatever happens to
// other resources.
const problem = 0.75

// worst finds the incidents of a host.
type worst struct {
	table      *Table
	tracks     []*Track
	start, end int64
	host       *Host
	shown      func(int64) int64
}

// episode is a time in which a rule was at a level of at least pressure.
type episode struct {
	rule     int
	from, to int64
	peak     peak
	sum      float64 // of level times milliseconds
	length   int64   // of the cells with a level
	score    float64
}

// peak is the worst value of a rule in a time.
type peak struct {
	value    float64
	instance string
	track    *Track
}

// incidents returns the worst incidents, the worst first.
func (w *worst) incidents(most int) []Incident {
	var all []episode
	for i := range w.table.Rules {
		all = append(all, w.episodes(i)...)
	}
	for i := range all {
		all[i].score = w.score(&all[i])
	}
	slices.SortStableFunc(all, func(a, b episode) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.rule, b.rule), cmp.Compare(b.length, a.length))
	})
	var chosen []episode
	for i := range all {
		if len(chosen) == most {
			break
		}
		if !slices.ContainsFunc(chosen, func(c episode) bool { return w.explains(&c, &all[i]) }) {
			chosen = append(chosen, all[i])
		}
	}
	found := make([]Incident, 0, len(chosen))
	for i := range chosen {
		found = append(found, w.incident(&chosen[i]))
	}
	return found
}

// episodes returns the episodes of a rule. Pauses of up to two cells do not end one.
func (w *worst) episodes(n int) (all []episode) {
	rule := w.table.Rules[n]
	for _, t := range w.tracks {
		c := &t.columns[w.table.source[n]]
		first, end := t.cells(c, w.start, w.end)
		for i := first; i < end; i++ {
			v, ok := c.at(i)
			level := rule.Level(v)
			if !ok || level < pressure {
				continue
			}
			from := t.Start + int64(i)*t.Cell
			to := from + t.Cell
			if k := len(all) - 1; k < 0 || from > all[k].to+2*t.Cell {
				all = append(all, episode{rule: n, from: from, to: to})
			}
			e := &all[len(all)-1]
			e.to = max(e.to, to)
			e.sum += level * float64(t.Cell)
			e.length += t.Cell
			if v > e.peak.value {
				e.peak = peak{v, t.instance(c, i), t}
			}
		}
	}
	return all
}

// score says how bad an episode was: by its mean level, less if it was short. Nearly equal
// scores become equal, so that the order of the rules decides.
func (w *worst) score(e *episode) float64 {
	short := min(max(float64(w.end-w.start)/200, 2000), float64(5*time.Minute.Milliseconds()))
	return math.Round(20*w.table.Rules[e.rule].weight()*e.sum/float64(e.length)*(1-math.Exp(-float64(e.length)/short))) / 20
}

// explains reports whether an episode that scores less belongs to a chosen one: most of it is
// at the same time, it is not much shorter, such as an accident during a long pressure, and
// it is no problem of another resource or of an instance, such as a process.
func (w *worst) explains(e, other *episode) bool {
	overlap := min(e.to, other.to) - max(e.from, other.from)
	length := other.to - other.from
	rule, less := w.table.Rules[e.rule], w.table.Rules[other.rule]
	if e.rule == other.rule {
		return overlap > 0
	}
	apart := rule.Resource != less.Resource || less.Instance != "" && rule.Instance == ""
	if apart && !less.Symptom && less.Level(other.peak.value) >= problem {
		return false
	}
	return 2*overlap >= length && 8*length >= e.to-e.from
}

// incident describes an episode.
func (w *worst) incident(e *episode) Incident {
	rule := w.table.Rules[e.rule]
	in := Incident{
		From: max(e.from, w.start), To: min(e.to, w.end), Rule: rule, Instance: e.peak.instance,
		Level: rule.Level(e.peak.value), Value: e.peak.value,
	}
	in.Query = w.query(rule, e.peak.track, e.peak.instance)
	in.Words = w.words(e, &in)
	return in
}

// query returns PromQL that shows a rule for one host and instance.
func (w *worst) query(rule *Rule, t *Track, instance string) string {
	add := func(s *parser.VectorSelector, name, value string) {
		if m, err := labels.NewMatcher(labels.MatchEqual, name, value); err == nil {
			s.LabelMatchers = append(s.LabelMatchers, m)
		}
	}
	source := w.table.sourceIn(rule, t)
	return rewritten(source.Expr, t.Window, func(s *parser.VectorSelector) {
		for _, l := range t.Target {
			add(s, l.Name, l.Value)
		}
		if source.Instance != "" && instance != "" && t.seen[w.table.needs[s.Name]] == plural {
			add(s, source.Instance, instance)
		}
	})
}

// peakOf returns the worst value of a rule in a time.
func (w *worst) peakOf(n int, from, to int64) (p peak, ok bool) {
	for found := range w.values(n, from, to) {
		if !ok || found.value > p.value {
			p, ok = found, true
		}
	}
	return p, ok
}

// usualOf returns the worst value of the instance that was the worst for most of a time. A
// process that waits for another one to end inherits its input and output at once.
func (w *worst) usualOf(n int, from, to int64) (p peak, ok bool) {
	cells, peaks := map[string]int{}, map[string]peak{}
	for found := range w.values(n, from, to) {
		cells[found.instance]++
		if best, known := peaks[found.instance]; !known || found.value > best.value {
			peaks[found.instance] = found
		}
	}
	for instance, found := range peaks {
		more := cmp.Or(cmp.Compare(cells[instance], cells[p.instance]), cmp.Compare(found.value, p.value), cmp.Compare(p.instance, instance))
		if !ok || more > 0 {
			p, ok = found, true
		}
	}
	return p, ok
}

// values yields the values of a rule in a time.
func (w *worst) values(n int, from, to int64) iter.Seq[peak] {
	return func(yield func(peak) bool) {
		for _, t := range w.tracks {
			c := &t.columns[w.table.source[n]]
			first, end := t.cells(c, from, to-1)
			for i := first; i < end; i++ {
				if v, has := c.at(i); has && !yield(peak{v, t.instance(c, i), t}) {
					return
				}
			}
		}
	}
}
