package expo

import (
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
)

// pcp writes the comment that describes a metric:
//
//	# PCP5 disk.dev.read 60.0.4 u64 60.1 counter count
//
// The first line has the name that the samples have. Further names of the metric
// follow in lines of their own. Non-numeric metrics get no line, because their
// samples do not have their values.
func (p *printer) pcp(m *history.Metric) {
	if !m.Desc.Type.IsNumeric() || strings.ContainsAny(m.Name, " \n") {
		return
	}
	p.pcpLine(m.Name, m.Desc)
	for _, name := range m.Desc.Names {
		if name != m.Name && !strings.ContainsAny(name, " \n") {
			p.pcpLine(name, m.Desc)
		}
	}
}

func (p *printer) pcpLine(name string, d *meta.Desc) {
	units := d.Units.String()
	if units == "" {
		units = "none"
	}
	p.buf = append(p.buf, "# PCP5 "...)
	for i, field := range []string{name, d.PMID.String(), d.Type.String(), d.InDom.String(), d.Sem.String(), units} {
		if i > 0 {
			p.buf = append(p.buf, ' ')
		}
		p.buf = append(p.buf, field...)
	}
	p.buf = append(p.buf, '\n')
}
