package main

import (
	"fmt"
	"io"
	"iter"

	"github.com/pcparchive/pcparchive/finding"
)

// findingJSON is a finding for programs; its form is an interface.
type findingJSON struct {
	Code     finding.Code         `json:"code"`
	Severity finding.Severity     `json:"severity"`
	Archive  string               `json:"archive"`
	File     string               `json:"file"`
	Offset   *int64               `json:"offset,omitempty"`
	Message  string               `json:"message"`
	Omitted  int                  `json:"omitted,omitempty"`
	Follows  map[finding.Code]int `json:"follows,omitempty"`
}

func toJSON(f finding.Finding) findingJSON {
	j := findingJSON{Code: f.Code, Severity: f.Severity, Archive: f.Archive, File: f.File, Message: f.Message, Omitted: f.Omitted}
	if f.Offset >= 0 {
		j.Offset = &f.Offset
	}
	for _, c := range f.Follows {
		if j.Follows == nil {
			j.Follows = map[finding.Code]int{}
		}
		j.Follows[c.Code] = c.Count
	}
	return j
}

// writeFindings writes the findings, the verdicts and, except in ndjson, the number
// of findings.
func writeFindings(w io.Writer, format outputFormat, findings iter.Seq[finding.Finding], tally *checkTally) error {
	switch format {
	case outputJSON:
		report := struct {
			Findings []findingJSON `json:"findings"`
			Verdicts []verdictJSON `json:"verdicts,omitempty"`
			Summary  *checkTally   `json:"summary"`
		}{Findings: []findingJSON{}, Summary: tally}
		for f := range findings {
			report.Findings = append(report.Findings, toJSON(f))
		}
		report.Verdicts = tally.verdicts
		return writeJSON(w, report)
	case outputNDJSON:
		for f := range findings {
			if err := writeObject(w, toJSON(f), ""); err != nil {
				return err
			}
		}
		for _, v := range tally.verdicts {
			if err := writeObject(w, v, ""); err != nil {
				return err
			}
		}
		return nil
	}
	for f := range findings {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	for _, v := range tally.verdicts {
		if _, err := fmt.Fprintln(w, v.text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, tally)
	return err
}

// listCodes writes the codes with their meaning.
func listCodes(w io.Writer, format outputFormat, codes []finding.CodeInfo) error {
	if format != outputText {
		return writeJSON(w, codes)
	}
	tw := newTable(w)
	fmt.Fprintln(tw, "CODE\tSEVERITY\tMEANING")
	for _, c := range codes {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", c.Code, c.Severity, c.Meaning)
	}
	return tw.Flush()
}
