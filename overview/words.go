package overview

import (
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// mostFigures is the most figures of other rules in the words of an incident.
const mostFigures = 2

// words returns what happened in an episode: its time in the host's zone, the cause with
// its figures, and figures of other rules that were under pressure.
func (w *worst) words(e *episode, in *Incident) string {
	rule := in.Rule
	text := rule.Warns
	if in.Level >= 1 {
		text = rule.Words
	}
	inside := []string{}
	if rule.Figure != text {
		inside = append(inside, fillIn(rule, rule.Figure, e.peak))
	}
	var outside []string
	for i, other := range w.table.Rules {
		p, ok := w.peakOf(i, in.From, in.To)
		if !ok || i == e.rule || other.Quiet {
			continue
		}
		level := other.Level(p.value)
		switch {
		case other.Resource == rule.Resource && other.Instance == rule.Instance && p.instance == in.Instance && level >= pressure/2:
			if len(inside) <= mostFigures {
				inside = append(inside, fillIn(other, other.Figure, p))
			}
		case level >= pressure && len(outside) < mostFigures:
			outside = append(outside, fillIn(other, other.Aside, p))
		}
	}
	outside = append(outside, w.beside(rule, in)...)
	cause := fillIn(rule, text, e.peak)
	if len(inside) > 0 {
		cause += " (" + strings.Join(inside, ", ") + ")"
	}
	return strings.Join(append([]string{w.when(in) + " " + cause}, outside...), ", ")
}

// beside returns the figures that no rule judges.
func (w *worst) beside(rule *Rule, in *Incident) (figures []string) {
	for i, other := range w.table.Beside {
		if !slices.Contains(other.Of, rule.Resource) {
			continue
		}
		p, ok := w.usualOf(len(w.table.Rules)+i, in.From, in.To)
		if !ok || p.value < other.Least || other.Instance != "" && p.instance == in.Instance {
			continue
		}
		figures = append(figures, fillIn(other, other.Figure, p))
	}
	return figures
}

// when returns the time of an incident in the host's zone, with the date if the window is
// longer than a day.
func (w *worst) when(in *Incident) string {
	at := func(t int64) time.Time { return time.UnixMilli(w.shown(t)).In(w.host.Location) }
	from, to := at(in.From), at(in.To)
	const day = 24 * time.Hour
	clock, date := "15:04", ""
	if to.Sub(from) < 3*time.Minute && (from.Second() != 0 || to.Second() != 0) {
		clock = "15:04:05"
	}
	switch span := time.Duration(w.end-w.start) * time.Millisecond; {
	case span > 300*day:
		date = "2 Jan 2006 "
	case span > day || at(w.start).YearDay() != at(w.end-1).YearDay():
		date = "2 Jan "
	}
	if from.YearDay() == to.YearDay() && from.Year() == to.Year() {
		return from.Format(date+clock) + "–" + to.Format(clock)
	}
	return from.Format(date+clock) + " – " + to.Format(date+clock)
}

// fillIn puts a value of a rule and its instance into a text. Shares do not exceed 100 %,
// although a rate may: a counter grows until it is read, which is after the record's time.
func fillIn(rule *Rule, text string, p peak) string {
	if rule.Unit == "%" {
		p.value = min(p.value, 100)
	}
	pid, command := processOf(p.instance)
	return strings.NewReplacer(
		"{value}", number(p.value), "{instance}", lineOf(p.instance), "{command}", lineOf(command), "{pid}", pid,
	).Replace(text)
}

// number formats a value for people.
func number(v float64) string {
	digits := 0
	switch {
	case v < 0.995:
		digits = 2
	case v < 9.95:
		digits = 1
	}
	scale := math.Pow(10, float64(digits))
	text := strconv.FormatFloat(math.Round(v*scale)/scale, 'f', -1, 64)
	for i := strings.IndexByte(text+".", '.') - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// processOf returns the number and the command of a process. PCP names an instance
// "001234 /usr/bin/command -argument".
func processOf(instance string) (pid, command string) {
	pid, command, found := strings.Cut(instance, " ")
	if !found {
		return pid, pid
	}
	if trimmed := strings.TrimLeft(pid, "0"); trimmed != "" {
		pid = trimmed
	}
	program, rest, _ := strings.Cut(command, " ")
	if strings.HasPrefix(program, "/") {
		program = path.Base(program)
	}
	return pid, strings.TrimSpace(program + " " + rest)
}

// lineOf returns a text that fits into a line and does no harm.
func lineOf(text string) string { return safetext.Line(safetext.Cut(text, 60)) }
