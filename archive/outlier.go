package archive

import (
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

const (
	// neighbours is the number of records on either side of a record that show whether its
	// time is damaged.
	neighbours = 8
	// slip is by how much time may go back from one record to the next.
	slip = 10 * time.Microsecond
	// leap is the time between two records from which on it may be due to damage. An archive
	// with long intervals has longer ones.
	leap = time.Hour
)

// Scores of a chain of records in order of time. A leap costs more than a record that is
// left out.
const (
	scoreRecord = 2
	scoreLeap   = 3
)

// inOrder reports whether time does not go back from one record to a later one.
func inOrder(t, next pcp.Timestamp) bool { return !next.Before(t) || t.Sub(next) <= slip }

// isOutlier reports whether the time of record i is damaged: time goes on from the records
// before it to those after it, but not through it. A clock that was set forward or back is no
// damage, because the records that follow go on from there. times are in stored order.
func isOutlier(times []pcp.Timestamp, i int) bool {
	var with, without []int
	for j, t := range times {
		if j == i || j < i && inOrder(t, times[i]) || j > i && inOrder(times[i], t) {
			with = append(with, j)
		}
		if j != i {
			without = append(without, j)
		}
	}
	w := window{times: times, judged: i, gaps: usualGaps(times), leap: leapOf(times)}
	best, first, last := w.chain(without)
	if first > i || last < i {
		return false
	}
	own, _, _ := w.chain(with)
	return best.score >= own.score+scoreLeap || best.score >= own.score && 4*best.oddity < own.oddity
}

// window is the surroundings of a record to be judged.
type window struct {
	times  []pcp.Timestamp
	judged int
	gaps   []time.Duration // usual times between one record and the next or the second next
	leap   time.Duration   // longer ones are leaps
}

// usualGaps returns the times between records, except those beside which time goes back.
func usualGaps(times []pcp.Timestamp) (all []time.Duration) {
	disputed := make([]bool, len(times))
	for i := 1; i < len(times); i++ {
		if !inOrder(times[i-1], times[i]) {
			disputed[i-1], disputed[i] = true, true
		}
	}
	for i := 1; i < len(times); i++ {
		if disputed[i-1] || disputed[i] {
			continue
		}
		all = append(all, times[i].Sub(times[i-1]))
		if i > 1 && !disputed[i-2] {
			all = append(all, times[i].Sub(times[i-2]))
		}
	}
	return all
}

// leapOf returns the length of a leap between records of which some have the given times.
func leapOf(times []pcp.Timestamp) time.Duration {
	var next []time.Duration
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); gap > 0 {
			next = append(next, gap)
		}
	}
	if len(next) == 0 {
		return leap
	}
	slices.Sort(next)
	return max(leap, 8*min(next[len(next)/2], math.MaxInt64/8))
}

// oddity is how much the time between two records differs from the most similar usual one, in
// seconds. It is zero for neighbours that nobody doubts.
func (w *window) oddity(from, to int) float64 {
	if len(w.gaps) == 0 || to == from+1 && from != w.judged && to != w.judged {
		return 0
	}
	gap, least := w.times[to].Sub(w.times[from]), time.Duration(math.MaxInt64)
	for _, usual := range w.gaps {
		least = min(least, (gap - usual).Abs())
	}
	return least.Seconds()
}

// worth of a chain: first its score counts, then how usual the times between its records are.
type worth struct {
	score  int
	oddity float64
}

func (w worth) better(than worth) bool {
	return w.score > than.score || w.score == than.score && w.oddity < than.oddity
}

// chain returns the best chain in order of time of some records, and the first and the last
// record of the chain. It contains the judged record if that is one of them.
func (w *window) chain(records []int) (best worth, first, last int) {
	type end struct {
		worth
		first int
	}
	ends := make([]end, len(records))
	must, none := slices.Index(records, w.judged), true
	for i, to := range records {
		ends[i] = end{worth{score: scoreRecord}, to}
		if must >= 0 && i > must {
			ends[i].score = math.MinInt32
		}
		for j, from := range records[:i] {
			if !inOrder(w.times[from], w.times[to]) || i > must && j < must {
				continue
			}
			e := end{worth{ends[j].score + scoreRecord, ends[j].oddity + w.oddity(from, to)}, ends[j].first}
			if w.times[to].Sub(w.times[from]) > w.leap {
				e.score -= scoreLeap
			}
			if e.better(ends[i].worth) {
				ends[i] = e
			}
		}
		if i >= must && (none || ends[i].better(best)) {
			best, first, last, none = ends[i].worth, ends[i].first, to, false
		}
	}
	return best, first, last
}
