package main

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/record"
)

// recorderOutput is the JSON that record prints at its end.
type recorderOutput struct {
	Folder  string `json:"folder"`
	Scrapes int64  `json:"scrapes"`
	Failed  int64  `json:"failed"`
	Samples int64  `json:"samples"`
	Lost    int64  `json:"lost"` // samples that no archive has because it could not be written
	Bytes   int64  `json:"bytes"`
}

// printRecorder prints the counts of a recording that has ended.
func printRecorder(s streams, o recorderOptions, rec *record.Recorder) error {
	st := rec.Stats()
	if o.output == outputJSON {
		return writeJSON(s.out, recorderOutput{o.Dir, st.Scrapes, st.Failed, st.Samples, st.Lost, st.Bytes})
	}
	line := fmt.Sprintf("%s: %s", o.Dir, plural(st.Scrapes, "scrape"))
	if st.Failed > 0 {
		line += fmt.Sprintf(" (%d failed)", st.Failed)
	}
	line += fmt.Sprintf(", %s, %s", plural(st.Samples, "sample"), humanize.IBytes(uint64(st.Bytes)))
	if st.Lost > 0 {
		line += fmt.Sprintf(", %s lost that could not be written", plural(st.Lost, "sample"))
	}
	_, err := fmt.Fprintln(s.out, line)
	return err
}

// printPlan prints what would be recorded.
func printPlan(s streams, o recorderOptions, plan *record.Plan) error {
	if o.output == outputJSON {
		return writeJSON(s.out, plan)
	}
	var text strings.Builder
	for _, name := range plan.Ignored {
		fmt.Fprintf(&text, "section %s does not concern a recorder\n", name)
	}
	for _, job := range plan.Jobs {
		fmt.Fprintf(&text, "job %s: every %s, time limit %s\n", job.Job, job.Interval, job.Timeout)
		for _, kind := range job.Discovery {
			fmt.Fprintf(&text, "  further targets by %s discovery\n", kind)
		}
		for _, t := range job.Targets {
			if t.Error != "" {
				fmt.Fprintf(&text, "  wrong target: %s\n", t.Error)
				continue
			}
			fmt.Fprintf(&text, "  %s  %s  %s*  -> %s\n", t.Instance, t.URL, t.Metrics, t.Archive)
		}
		if job.Dropped > 0 {
			fmt.Fprintf(&text, "  %s dropped by relabelling\n", plural(int64(job.Dropped), "target"))
		}
	}
	_, err := fmt.Fprint(s.out, text.String())
	return err
}
