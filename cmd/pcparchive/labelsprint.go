package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
)

// heading prints the name of a host before its first line if there are several
// hosts.
func (h *hosts) heading(p *printer, last *string, host string) {
	if len(h.Sets()) > 1 && *last != host {
		p.printf("host %s\n", host)
	}
	*last = host
}

// zone returns the time zone of a host.
func (h *hosts) zone(host string) *time.Location {
	for _, set := range h.Sets() {
		if set.Host() == host {
			return h.zoneOf(set)
		}
	}
	return time.UTC
}

func (h *hosts) printLabelRecords(records []labelRecord) error {
	p, last := &printer{w: h.s.out}, ""
	for _, rec := range records {
		h.heading(p, &last, rec.Host)
		p.printf("%s", strings.TrimSpace(rec.Level+" "+rec.Ident))
		p.printf("  from %s\n", formatTime(pcp.TimestampOf(rec.Time), h.zone(rec.Host)))
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

func (h *hosts) printMerged(merged []mergedLabels) error {
	p, last := &printer{w: h.s.out}, ""
	for _, m := range merged {
		h.heading(p, &last, m.Host)
		p.printf("%s", safetext.Line(m.Metric))
		if m.Instance != nil {
			p.printf(" [%d or %q]", *m.Instance, m.Name)
		}
		p.printf("\n")
		p.labels("    ", m.Labels)
	}
	return p.err
}

// printer writes text and keeps the errors.
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
		p.printf("%s%s = %s%s\n", indent, safetext.Line(l.Name), safetext.Line(fmt.Sprint(l.Value)), tail)
	}
}
