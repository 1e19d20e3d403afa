package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// table is the table of results.
type table struct {
	floor int64
	lines []string
}

const tableHead = `| what | time | rate | peak | reference | its time | its peak | time ratio | limit | |
|---|--:|--:|--:|---|--:|--:|--:|---|---|
`

// newTable begins a table. Peaks up to floor are not told apart.
func newTable(floor int64) *table { return &table{floor: floor} }

// add adds a row's line and returns it.
func (t *table) add(r row, ours, ref figures) string {
	rate, name, refWall, refPeak, ratio := "", "–", "", "", ""
	if r.amount > 0 {
		rate = fmt.Sprintf("%.1f M %s/s", r.amount/ours.wall.Seconds()/1e6, r.unit)
	}
	if ours.size > 0 {
		rate = strings.TrimPrefix(fmt.Sprintf("%s, %.0f %% of the size", rate, 100*r.limit.share(ours)), ", ")
	}
	if r.asks != nil && r.asks.blocks != "" {
		r.ref = []string{"Prometheus"}
	}
	if r.asks != nil && r.asks.proxy != "" {
		r.ref = []string{"pmproxy"}
	}
	if r.ref != nil {
		name, refWall, refPeak = filepath.Base(r.ref[0]), seconds(ref.wall), t.memory(ref.peak)
		ratio = fmt.Sprintf("**%.2f**", ours.wall.Seconds()/ref.wall.Seconds())
	}
	if r.refRuns > 0 && r.refRuns < *runs {
		name += fmt.Sprintf(" (%d× only)", r.refRuns)
	}
	peak := t.memory(ours.peak)
	if r.asks != nil && !r.asks.fresh {
		peak, refPeak = "", "" // of a server that has done more than that
	}
	kept, met := r.limit.judge(r, ours, ref)
	line := fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |",
		r.what, seconds(ours.wall), rate, peak, name, refWall, refPeak, ratio, kept, met)
	t.lines = append(t.lines, line)
	return line
}

func (t *table) String() string { return tableHead + strings.Join(t.lines, "\n") + "\n" }

func (t *table) memory(n int64) string {
	switch {
	case n == 0:
		return "?"
	case n <= t.floor:
		return fmt.Sprintf("< %d MiB", t.floor>>20+1)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// judge says what the limit is and whether it was kept.
func (l limit) judge(r row, ours, ref figures) (text, verdict string) {
	var all, missed []string
	add := func(set, kept bool, format string, args ...any) {
		if !set {
			return
		}
		s := fmt.Sprintf(format, args...)
		all = append(all, s)
		if !kept {
			missed = append(missed, s)
		}
	}
	add(l.ratio > 0, ours.wall.Seconds() <= l.ratio*ref.wall.Seconds(), "ratio ≤ %.3g", l.ratio)
	add(l.wall > 0, ours.wall < l.wall, "< %s", l.wall)
	add(l.rate > 0, r.amount >= l.rate*ours.wall.Seconds(), "≥ %.0f M/s", l.rate/1e6)
	add(l.over > 0, ours.peak-l.base < l.over, "< %d MiB", (l.over+l.base)>>20)
	add(l.memRatio > 0, float64(ours.peak) <= l.memRatio*float64(ref.peak), "memory ≤ %.1f", l.memRatio)
	add(l.of > 0, l.share(ours) <= 0.2, "≤ 20 %% of the size")
	switch {
	case len(all) == 0:
	case len(missed) > 0:
		verdict = "missed: " + strings.Join(missed, ", ")
	default:
		verdict = "kept"
	}
	return strings.Join(all, ", "), verdict
}

// share is the part of the size l.of that ours has written.
func (l limit) share(ours figures) float64 { return float64(ours.size) / float64(l.of) }

// replaceTable puts the table of a group between its two marks in a file.
func replaceTable(path, group, table string) error {
	const to = "<!-- /compare -->"
	from := "<!-- compare " + group + " -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), from)
	_, after, closed := strings.Cut(rest, to)
	if !ok || !closed {
		return fmt.Errorf("%s: no %s…%s", path, strings.TrimSpace(from), to)
	}
	return os.WriteFile(path, []byte(before+from+"\n"+table+"\n"+to+after), 0o644)
}
