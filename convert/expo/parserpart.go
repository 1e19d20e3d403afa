package expo

import (
	"bytes"
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/safetext"
)

// parserPart is a part of a page that the parser reads.
type parserPart struct {
	*lexer
	parser textparse.Parser
	buf    []byte // the parser's input; capacities of its slices show offsets
	prefix int    // size of the text in buf before the page's own
	begin  int    // offset of the present record in the page's text
	end    int    // offset in buf after the last text that the parser yielded
	set    labels.Labels
}

// entry takes one entry of the parser.
func (p *parserPart) entry(kind textparse.Entry) error {
	switch kind {
	case textparse.EntryType:
		name, typ := p.parser.Type()
		p.noteEnd(name)
		d := p.families.describe(name)
		d.set(&d.Type, []byte(typ))
		p.class = typeClass(string(typ))
	case textparse.EntryHelp:
		name, help := p.parser.Help()
		p.noteEnd(name)
		d := p.families.describe(name)
		d.set(&d.Help, help)
	case textparse.EntryUnit:
		name, unit := p.parser.Unit()
		p.noteEnd(name)
		d := p.families.describe(name)
		d.set(&d.Unit, unit)
	case textparse.EntryComment:
		p.noteEnd(p.parser.Comment())
	case textparse.EntrySeries:
		return p.sample()
	}
	return nil
}

// sample takes a sample of the parser. A *parseFault is about the sample; any other
// error comes from emit.
func (p *parserPart) sample() error {
	text, t, v := p.parser.Series()
	p.begin = cap(p.buf) - cap(text) - p.prefix
	p.noteEnd(text)
	if p.mended != nil {
		text = p.mended
	}
	k := p.cache[p.class][string(text)]
	if k == nil {
		if !prom.FitsLabel(string(text)) { // one of its labels may be too long
			return &parseFault{err: fmt.Errorf("a series of %d bytes: %s", len(text), safetext.Cut(string(text), 40))}
		}
		p.parser.Labels(&p.set)
		if err := check(p.set); err != nil {
			return &parseFault{err: err}
		}
		k = p.newSeries(text)
	}
	value, rest := nextWord(p.buf[p.end:])
	var x exemplar.Exemplar
	tooLong := exemplarTooLong(rest)
	hasExemplar := !tooLong && p.parser.Exemplar(&x)
	if tooLong {
		p.report.Add(prom.LossExemplar, k.name)
	} else if p.format == OpenMetrics && !hasExemplar {
		if err := checkTail(value, rest); err != nil {
			return &parseFault{err: fmt.Errorf("not %s: %w", p.format.title(), err)}
		}
	}
	r := recordValue{value: v}
	if t != nil {
		r.time, r.hasTime = *t, true
		if stamp, _ := nextWord(rest); p.format == OpenMetrics && beyondMilli(stamp) {
			return &parseFault{err: fmt.Errorf("the time of %s is out of range", text)}
		}
	}
	if hasExemplar {
		r.exemplar = exemplarOf(&x)
	}
	if len(value) >= wideNumber {
		p.checkRounding(k, value, v)
	}
	return p.emitSample(k, r)
}

// newSeries makes the series of a sample that the parser has read.
func (p *parserPart) newSeries(text []byte) *pageSeries {
	k := &pageSeries{text: string(text), feeds: bytes.Count(text, []byte("\n")), class: p.class, mended: p.mended != nil, era: -1}
	k.name, k.labels = p.split(p.set)
	p.cache[p.class][k.text] = k
	return k
}

// check rejects label sets that a Prometheus server rejects.
func check(set labels.Labels) error {
	if name, twice := set.HasDuplicateLabelNames(); twice {
		return fmt.Errorf("label %q occurs twice in %s", name, set)
	}
	if !set.IsValid(model.UTF8Validation) {
		return fmt.Errorf("invalid metric name or label names: %s", set)
	}
	return nil
}

// split returns the name and the other labels of a set.
func (l *lexer) split(set labels.Labels) (name string, own []prom.Label) {
	const chunk = 1024
	if n := set.Len(); len(l.found)+n > cap(l.found) {
		l.found = make([]prom.Label, 0, max(chunk, n))
	}
	start := len(l.found)
	set.Range(func(x labels.Label) {
		switch {
		case x.Name == model.MetricNameLabel:
			name = x.Value
		case x.Value != "":
			l.found = append(l.found, prom.Label{Name: x.Name, Value: l.native.decode(x.Value)})
		}
	})
	return name, l.found[start:len(l.found):len(l.found)]
}

// noteEnd sets p.end to the end of text, a slice of buf. Its capacity shows where in
// buf it is.
func (p *parserPart) noteEnd(text []byte) {
	p.end = cap(p.buf) - cap(text) + len(text)
}

// after returns the offset, in the page's text, of the first line with text after
// the last entry of the parser.
func (p *parserPart) after() int {
	at := p.prefix
	if p.end > at {
		at = p.end
		if feed := bytes.IndexByte(p.buf[at:], '\n'); feed >= 0 {
			at += feed + 1
		} else {
			at = len(p.buf)
		}
	}
	if p.format == Text { // OpenMetrics has no empty lines
		rest := p.buf[at:]
		at += len(rest) - len(bytes.TrimLeft(rest, " \t\n"))
	}
	return at - p.prefix
}
