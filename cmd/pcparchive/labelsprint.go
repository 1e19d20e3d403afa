package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

func printLabelRecords(w io.Writer, records []labelRecord, zone *time.Location) error {
	p := &printer{w: w}
	for _, rec := range records {
		p.printf("%s", strings.TrimSpace(rec.Level+" "+rec.Ident))
		p.printf("  from %s\n", formatTime(pcp.TimestampOf(rec.Time), zone))
		for _, set := range rec.Sets {
			indent := "    "
			if set.Instance != nil {
				p.printf("    [%d or %q]\n", *set.Instance, set.Name)
				indent = "        "
			}
			if set.Error != "" {
				p.printf("%serror: %s\n", indent, set.Error)
			}
			p.labels(indent, set.Labels)
		}
	}
	return p.err
}

func printMerged(w io.Writer, merged []mergedLabels) error {
	p := &printer{w: w}
	for _, m := range merged {
		p.printf("%s", m.Metric)
		if m.Instance != nil {
			p.printf(" [%d or %q]", *m.Instance, m.Name)
		}
		p.printf("\n")
		p.labels("    ", m.Labels)
	}
	return p.err
}

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.w, format, args...); err != nil {
		p.err = errors.Join(p.err, err)
	}
}

func (p *printer) labels(indent string, labels []labelOutput) {
	for _, l := range labels {
		var notes []string
		if l.Level != "" {
			notes = append(notes, l.Level)
		}
		notes = append(notes, l.Flags...)
		tail := ""
		if len(notes) > 0 {
			tail = "  (" + strings.Join(notes, ", ") + ")"
		}
		p.printf("%s%s = %s%s\n", indent, l.Name, l.Value, tail)
	}
}
