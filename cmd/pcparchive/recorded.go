package main

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/scrape"
)

// recordOutput is the JSON that import prom-url prints.
type recordOutput struct {
	Archive   string           `json:"archive"`
	Scrapes   int64            `json:"scrapes"`
	Failed    int64            `json:"failed"`
	Endpoints int              `json:"endpoints"`
	Series    int              `json:"series"`
	Samples   int64            `json:"samples"`
	Bytes     int64            `json:"bytes"`
	PerDay    int64            `json:"bytes_per_day"` // 0: not known
	Losses    []prom.LossCount `json:"losses"`
}

// printRecorded prints the size of a recording. A recording in which every scrape failed
// is an error.
func printRecorded(s streams, o recordOptions, st scrape.Stats, report *prom.Report) error {
	switch {
	case st.Scrapes > 0 && st.Failed == st.Scrapes:
		return fmt.Errorf("no scrape succeeded, and the archive holds only the reasons: %s", recordSummary(o.out, st))
	case o.output == outputJSON:
		return writeJSON(s.out, recordOutput{o.out, st.Scrapes, st.Failed, st.Sources, st.Series, st.Samples, st.Bytes, st.PerDay, report.Losses()})
	}
	_, err := fmt.Fprintln(s.out, recordSummary(o.out, st))
	return err
}

// recordLine returns the status line of a recording.
func recordLine(st scrape.Stats, elapsed time.Duration) string {
	line := fmt.Sprintf("%s  %s", elapsed.Round(time.Second), plural(st.Scrapes, "scrape"))
	if st.Failed > 0 {
		line += fmt.Sprintf(" (%d failed)", st.Failed)
	}
	return line + fmt.Sprintf("  %d series  %s  %s", st.Series, humanize.IBytes(uint64(st.Bytes)), perDay(st))
}

// perDay returns the growth of a recording for a day as text.
func perDay(st scrape.Stats) string {
	if st.PerDay == 0 {
		return "?"
	}
	return humanize.IBytes(uint64(st.PerDay)) + "/day"
}

// recordSummary returns the result of a recording as a line.
func recordSummary(name string, st scrape.Stats) string {
	line := fmt.Sprintf("%s: %s", name, plural(st.Scrapes, "scrape"))
	if st.Failed > 0 {
		line += fmt.Sprintf(" (%d failed)", st.Failed)
	}
	return line + fmt.Sprintf(" of %s, %d series, %s, %s, %s at this rate",
		plural(st.Sources, "endpoint"), st.Series, plural(st.Samples, "sample"), humanize.IBytes(uint64(st.Bytes)), perDay(st))
}
