package expo

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// Options change how families are written.
type Options struct {
	Format     Format
	Timestamps bool // write the times of samples
	// PCP writes a comment before each family that is a PCP metric. Like pmproxy's,
	// it has name, number, type, instance domain, semantics and units. OpenMetrics
	// has no comments.
	PCP bool
	// Report counts exemplars that the format cannot hold. It may be nil.
	Report *prom.Report
}

// Write writes a page. No two samples may have the same name and labels. Write
// leaves out families without samples. The package's documentation lists data that
// a page cannot express. Errors come from w.
func Write(w io.Writer, families []Family, o Options) error {
	p := newPrinter(w, o)
	for _, part := range partsOf(o.Format, families) {
		part.order()
		p.head(part)
		for i := range part.samples {
			if err := p.sample(part, &part.samples[i]); err != nil {
				return err
			}
		}
	}
	return p.end()
}

// printer writes lines through a buffer.
type printer struct {
	w    io.Writer
	opts Options
	buf  []byte
	typ  string // type in the last TYPE line
}

// flushSize is the size at which the buffer is written out.
const flushSize = 64 << 10

func newPrinter(w io.Writer, o Options) *printer {
	return &printer{w: w, opts: o, buf: make([]byte, 0, flushSize+4096)}
}

// end completes the page.
func (p *printer) end() error {
	if p.opts.Format == OpenMetrics {
		p.buf = append(p.buf, "# EOF\n"...)
	}
	_, err := p.w.Write(p.buf)
	return err
}

// head writes the comments and the HELP, TYPE and UNIT lines of a family.
func (p *printer) head(part *part) {
	if p.opts.PCP && p.opts.Format == Text && part.origin != nil {
		p.pcp(part.origin)
	}
	if help := part.helpText(); help != "" {
		p.buf = appendName(append(p.buf, "# HELP "...), part.family)
		p.buf = appendText(append(p.buf, ' '), help, helpEscaper)
		p.buf = append(p.buf, '\n')
	}
	if p.writesType(part) {
		p.buf = appendName(append(p.buf, "# TYPE "...), part.family)
		p.buf = append(append(p.buf, ' '), part.typ...)
		p.buf = append(p.buf, '\n')
		p.typ = part.typ
	}
	if p.opts.Format == OpenMetrics && part.hasUnit() {
		p.buf = appendName(append(p.buf, "# UNIT "...), part.family)
		p.buf = append(append(p.buf, ' '), part.unit...)
		p.buf = append(p.buf, '\n')
	}
}

// writesType reports whether the part gets a TYPE line. In OpenMetrics a family
// without one is unknown, and readers of the text format do not know the word
// unknown; so a part of unknown type gets none. There is one exception: Prometheus'
// parser rewrites bounds as the last TYPE line demands, and a line with unknown
// stops it.
func (p *printer) writesType(part *part) bool {
	if p.opts.Format != OpenMetrics || part.typ != prom.TypeUnknown {
		return true
	}
	bound := boundLabel("", p.typ)
	return bound != "" && slices.ContainsFunc(part.samples, func(s placedSample) bool { return has(s.Labels, bound) })
}

// hasUnit reports whether p has a unit that OpenMetrics allows to be declared.
func (p *part) hasUnit() bool {
	if p.unit == "" || p.typ == prom.TypeInfo || p.typ == prom.TypeStateset {
		return false
	}
	return strings.HasSuffix(p.family, "_"+p.unit) && utf8.ValidString(p.unit) && !strings.ContainsAny(p.unit, "\\\"\n")
}

// sample writes a sample.
func (p *printer) sample(part *part, s *placedSample) error {
	if s.text != nil {
		p.buf = append(p.buf, s.text...)
	} else {
		p.buf = p.series(p.buf, part, s)
	}
	p.buf = append(p.buf, ' ')
	if s.role.count {
		p.buf = appendCount(p.buf, p.opts.Format, s.Value)
	} else {
		p.buf = appendFloat(p.buf, p.opts.Format, s.Value)
	}
	if p.opts.Timestamps && s.HasTime && s.Time >= 0 {
		p.buf = appendTime(append(p.buf, ' '), p.opts.Format, s.Time)
	}
	if s.Exemplar != nil {
		p.exemplar(part, s)
	}
	p.buf = append(p.buf, '\n')
	if len(p.buf) < flushSize {
		return nil
	}
	_, err := p.w.Write(p.buf)
	p.buf = p.buf[:0]
	return err
}

// series appends a name and labels, the bound label last.
func (p *printer) series(b []byte, part *part, s *placedSample) []byte {
	separator := byte('{')
	if model.LegacyValidation.IsValidMetricName(s.Name) {
		b = append(b, s.Name...)
	} else {
		b = appendQuoted(append(b, separator), s.Name)
		separator = ','
	}
	last := s.role.label
	for _, l := range s.Labels {
		if l.Name != last {
			b = appendLabelName(append(b, separator), l.Name)
			b = appendQuoted(append(b, '='), l.Value)
			separator = ','
		}
	}
	if last != "" {
		b = append(append(append(b, separator), last...), '=')
		b = p.bound(b, part, s)
		separator = ','
	}
	if separator == ',' {
		b = append(b, '}')
	}
	return b
}

// bound appends the value of the bound label in the form to which parsers rewrite
// it. In gauge histograms, which parsers leave alone, it appends the original text.
func (p *printer) bound(b []byte, part *part, s *placedSample) []byte {
	if part.typ == prom.TypeGaugeHistogram {
		i := slices.IndexFunc(s.Labels, func(l prom.Label) bool { return l.Name == s.role.label })
		return appendQuoted(b, s.Labels[i].Value)
	}
	b = appendFloat(append(b, '"'), p.opts.Format, s.bound)
	return append(b, '"')
}
