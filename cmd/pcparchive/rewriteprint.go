package main

import (
	"fmt"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/rewrite/edit"
)

// rewritePrinter prints what rewrite does.
type rewritePrinter struct {
	s     streams
	o     rewriteOptions
	plan  *edit.Plan
	rules int
}

// rewriteOutput is what rewrite prints as JSON.
type rewriteOutput struct {
	Archive  string        `json:"archive,omitempty"`
	Changes  []edit.Change `json:"changes"`
	Warnings []string      `json:"warnings"`
	*rewrite.Report
}

func (p *rewritePrinter) json(out string, report *rewrite.Report) error {
	all := rewriteOutput{Archive: out, Changes: p.plan.Changes(), Warnings: []string{}, Report: report}
	if all.Changes == nil {
		all.Changes = []edit.Change{}
	}
	for _, w := range p.plan.Warnings() {
		all.Warnings = append(all.Warnings, w.String())
	}
	return writeJSON(p.s.out, all)
}

// warn prints the rules that change nothing, or how many there are.
func (p *rewritePrinter) warn() {
	all := p.plan.Warnings()
	switch {
	case p.o.warnings:
		for _, w := range all {
			fmt.Fprintln(p.s.err, safetext.Line(w.String()))
		}
	case len(all) > 0:
		what := "1 rule or clause changes nothing"
		if len(all) > 1 {
			what = fmt.Sprintf("%d rules or clauses change nothing", len(all))
		}
		fmt.Fprintln(p.s.err, what+"; --warnings lists them")
	}
}

// dryRun lists what would change.
func (p *rewritePrinter) dryRun() error {
	if p.o.output == outputJSON {
		return p.json("", nil)
	}
	p.warn()
	w := newTable(p.s.out)
	for _, c := range p.plan.Changes() {
		what := c.What
		switch {
		case c.From != "" && c.To != "":
			what += "\t" + shortLine(c.From) + " → " + shortLine(c.To)
		case c.From != "" || c.To != "":
			what += "\t" + shortLine(c.From+c.To)
		default:
			what += "\t"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Kind, safetext.Line(c.Name), what)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(p.plan.Changes()) == 0 {
		_, err := fmt.Fprintln(p.s.out, "no change")
		return err
	}
	return nil
}

// shortLine cuts a text to a part of a line.
func shortLine(text string) string { return safetext.Cut(safetext.Line(text), 60) }

// done prints the output's name, its records and how much changed.
func (p *rewritePrinter) done(out string, report *rewrite.Report) error {
	if p.o.output == outputJSON {
		return p.json(out, report)
	}
	p.warn()
	_, err := fmt.Fprintf(p.s.out, "%s: %s, %s\n", out, plural(report.Records, "record"), plural(len(p.plan.Changes()), "change"))
	return err
}
