package main

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/pcparchive/pcparchive/diff"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/summary"
	"github.com/pcparchive/pcparchive/values"
)

// diffPrinter prints a report.
type diffPrinter struct {
	diffOptions
	out    io.Writer
	report *diff.Report
	hosts  [2]*hosts
}

// print prints the report as text.
func (p *diffPrinter) print() error {
	w := bufio.NewWriter(p.out)
	for i, s := range []*summary.Summary{p.report.A, p.report.B} {
		h := p.hosts[i]
		fmt.Fprintf(w, "%c  %s, %s to %s, %s\n", 'A'+i, safetext.Line(h.Sets()[0].Host()),
			formatTime(s.From, h.Location()), formatTime(s.To, h.Location()), plural(int64(s.Records), "record"))
	}
	r := p.report
	p.list(w, "metrics of A alone", r.OnlyA)
	p.list(w, "metrics of B alone", r.OnlyB)
	var redescribed, labels []string
	for _, d := range r.Redescribed {
		redescribed = append(redescribed, fmt.Sprintf("%s: %s → %s", d.Metric, descText(d.A), descText(d.B)))
	}
	p.list(w, "described differently", redescribed)
	for _, l := range r.Labels {
		labels = append(labels, fmt.Sprintf("%s: %s → %s (%s)", l.Name, cmp.Or(l.A, "none"), cmp.Or(l.B, "none"), seriesCount(l.Series)))
	}
	p.list(w, "labels", labels)
	p.list(w, "instances with values in A alone", seriesTexts(r.MissingB))
	p.list(w, "instances with values in B alone", seriesTexts(r.MissingA))
	p.printChanges(w)
	return w.Flush()
}

// seriesCount formats a number of series.
func seriesCount(n int) string { return fmt.Sprintf("%d series", n) }

// list prints the first of some lines below a heading.
func (p *diffPrinter) list(w io.Writer, heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s: %d\n", heading, len(lines))
	shown := lines
	if p.count > 0 && len(lines) > p.count {
		shown = lines[:p.count]
	}
	for _, line := range shown {
		fmt.Fprintf(w, "  %s\n", safetext.Line(line))
	}
	if left := len(lines) - len(shown); left > 0 {
		fmt.Fprintf(w, "  … and %s; --count 0 prints all\n", plural(left, "other"))
	}
}

// seriesTexts returns series as values takes them.
func seriesTexts(all []diff.Series) (texts []string) {
	for _, s := range all {
		texts = append(texts, seriesName(s))
	}
	return texts
}

// seriesName returns a series as values takes it.
func seriesName(s diff.Series) string {
	name := s.Metric
	if s.Instance != "" {
		name += "[" + s.Instance + "]"
	}
	return values.WithTarget(name, s.Target)
}

// descText describes a descriptor on one line.
func descText(d *meta.Desc) string {
	return fmt.Sprintf("%s %s %s, %s, %s", d.PMID, d.Type, d.Sem, cmp.Or(d.Units.String(), "none"), d.InDom)
}

// printChanges prints the table of the averages.
func (p *diffPrinter) printChanges(w io.Writer) {
	changes := p.report.Changes
	fmt.Fprintf(w, "\naverages that changed: %d, others: %d\n", len(changes), p.report.Same)
	if len(changes) == 0 {
		return
	}
	shown := changes
	if p.count > 0 && len(changes) > p.count {
		shown = changes[:p.count]
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "A\tB\tRATIO\t  METRIC")
	for _, c := range shown {
		name := seriesName(c.Series)
		if units := c.Units.String(); units != "" {
			name += ", " + units
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t  %s\n", compact(c.A, -1), compact(c.B, -1), ratioText(c.Ratio()), safetext.Line(name))
	}
	_ = tw.Flush() // the bufio.Writer below keeps the error
	if left := len(changes) - len(shown); left > 0 {
		fmt.Fprintf(w, "… and %s; --count 0 prints all\n", plural(left, "other"))
	}
}

// ratioText formats a ratio; that of a value to zero has no number.
func ratioText(ratio float64) string {
	if math.IsInf(ratio, 0) {
		return "-"
	}
	return compact(math.Round(ratio*1000)/1000, -1)
}

// printCSV prints a line for each changed average.
func (p *diffPrinter) printCSV() error {
	lines := [][]string{{"metric", "instance", "units", "a", "b", "ratio"}}
	for _, c := range p.report.Changes {
		ratio := c.Ratio()
		if math.IsInf(ratio, 0) {
			ratio = math.NaN()
		}
		lines = append(lines, []string{c.Metric, values.WithTarget(c.Instance, c.Target), c.Units.String(), number(c.A), number(c.B), csvNumber(ratio)})
	}
	return csv.NewWriter(p.out).WriteAll(lines)
}
