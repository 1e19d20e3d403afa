package expo

import (
	"bytes"
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// parserPart is a part of a page in the hands of the parser.
type parserPart struct {
	*lexer
	parser textparse.Parser
	buf    []byte // what it reads, so that its slices tell offsets
	prefix int    // what precedes the page's own text in buf
	begin  int    // of the entry that is read, in the page's text
	end    int    // behind what the parser yielded last, in buf
	set    labels.Labels
}

// entry takes what the parser has read.
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

func (p *parserPart) sample() error {
	text, t, v := p.parser.Series()
	p.begin = cap(p.buf) - cap(text) - p.prefix
	p.noteEnd(text)
	if p.mended != nil {
		text = p.mended
	}
	k := p.cache[p.class][string(text)]
	if k == nil {
		if !prom.FitsLabel(string(text)) { // a value might be as long
			return &parseFault{err: fmt.Errorf("a series of %d bytes: %s…", len(text), text[:40])}
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

// admit makes a series of what the parser says.
func (p *parserPart) newSeries(text []byte) *pageSeries {
	k := &pageSeries{text: string(text), feeds: bytes.Count(text, []byte("\n")), class: p.class, mended: p.mended != nil, era: -1}
	k.name, k.labels = p.split(p.set)
	p.cache[p.class][k.text] = k
	return k
}

// check refuses what a Prometheus server refuses.
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

// seen notes that a part of buf was read. A slice's capacity tells where in buf
// it begins.
func (p *parserPart) noteEnd(text []byte) {
	p.end = cap(p.buf) - cap(text) + len(text)
}

// after returns the offset of the first line with text after what the parser
// yielded last, in the page's text.
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
	if p.format == Text { // the other has no empty lines
		rest := p.buf[at:]
		at += len(rest) - len(bytes.TrimLeft(rest, " \t\n"))
	}
	return at - p.prefix
}
