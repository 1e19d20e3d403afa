package dump

import (
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
)

const featureQA = 1 << 31 // the only feature bit that is defined

// label prints the label of an archive.
func (d *dumper) label(in *input) {
	h := in.r.Header()
	b := fmt.Appendf(d.buf, "Log Label (Log Format Version %d)\nPerformance metrics from host %s\n", h.Version, h.Host)
	b = append(b, "    commencing "...)
	b = d.clock.appendDated(b, h.Start, d.clock.digits)
	b = append(d.clock.appendEpoch(b, h.Start), '\n')
	if in.endErr != nil {
		b = append(b, "    ending     UNKNOWN\n"...)
	} else {
		b = append(b, "    ending     "...)
		b = d.clock.appendDated(b, in.end, d.clock.digits)
		b = append(d.clock.appendEpoch(b, in.end), '\n')
	}
	d.buf = b
	if d.o.has(LabelDetails) {
		d.labelDetails(h)
	}
}

func (d *dumper) labelDetails(h *archive.Header) {
	if h.Zone != "" {
		d.buf = fmt.Appendf(d.buf, "Archive timezone: %s\n", h.Zone)
	}
	if h.ZoneInfo != "" {
		d.buf = fmt.Appendf(d.buf, "Archive zoneinfo: %s\n", h.ZoneInfo)
	}
	if h.Features != 0 {
		d.buf = fmt.Appendf(d.buf, "Archive features: 0x%x", h.Features)
		if unknown := h.Features &^ featureQA; unknown != 0 {
			d.buf = append(appendBits(append(d.buf, " [unknown: "...), unknown), ']')
		}
		d.buf = append(d.buf, '\n')
	}
	d.buf = fmt.Appendf(d.buf, "PID for pmlogger: %d\n", h.PID)
}

// appendBits appends the names of the bits set in word, highest first.
func appendBits(b []byte, word uint32) []byte {
	separator := ""
	for i := 31; i >= 0; i-- {
		if word&(1<<i) != 0 {
			b = fmt.Appendf(b, "%sbit_%02d", separator, i)
			separator = " "
		}
	}
	return b
}
