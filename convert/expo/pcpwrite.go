package expo

import (
	"strings"

	"github.com/pcparchive/pcparchive/archive"
)

// pcp writes the comment that describes a metric:
//
//	# PCP5 disk.dev.read 60.0.4 u64 60.1 counter count
//
// There is none for what is no number, whose samples are not its values.
func (p *printer) pcp(m *archive.Metric) {
	d := m.Desc
	if !d.Type.IsNumeric() || strings.ContainsAny(m.Name, " \n") {
		return
	}
	units := d.Units.String()
	if units == "" {
		units = "none"
	}
	p.buf = append(p.buf, "# PCP5 "...)
	for i, field := range []string{m.Name, d.PMID.String(), d.Type.String(), d.InDom.String(), d.Sem.String(), units} {
		if i > 0 {
			p.buf = append(p.buf, ' ')
		}
		p.buf = append(p.buf, field...)
	}
	p.buf = append(p.buf, '\n')
}
