package expo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// parse has records read by Prometheus' parser and returns how much of b was read.
func (l *lexer) parse(b []byte) (used int, err error) {
	for used < len(b) {
		n, err := l.parsePart(b[used:])
		if err == nil {
			l.line += bytes.Count(b[used:], []byte("\n"))
			return len(b), nil
		}
		l.line += bytes.Count(b[used:used+n], []byte("\n"))
		used += n
		var fault *parseFault
		if !errors.As(err, &fault) {
			return used, l.locate(err)
		}
		// What PCP's own exporters write is not always what the format allows.
		size := recordSize(l.format, b[used:])
		if size < 0 {
			size = len(b) - used
		}
		if err := l.mend(b[used:used+size], fault); err != nil {
			return used, err
		}
		used += size
	}
	return used, nil
}

// mend has a faulty record read as what is meant.
func (l *lexer) mend(bad []byte, fault *parseFault) error {
	mended, ok := l.native.mend(bad, l.report)
	if !ok {
		return l.fault(fault.withRecord(l, bad))
	}
	l.mended = bad[:max(seriesSize(l.format, bad), 0)]
	_, err := l.parsePart(mended)
	l.mended = nil
	var again *parseFault
	switch {
	case errors.As(err, &again):
		return l.fault(fault.withRecord(l, bad))
	case err != nil:
		return l.locate(err)
	}
	l.line += bytes.Count(bad, []byte("\n"))
	return nil
}

// parseFault is what is wrong with a record.
type parseFault struct {
	err    error
	syntax bool // says the parser
}

func (f *parseFault) Error() string { return f.err.Error() }

// of returns the fault as one of the record at l's line.
func (f *parseFault) withRecord(l *lexer, record []byte) error {
	err := f.err
	if f.syntax {
		err = unreadable(l.format, l.line, record, f.err)
	}
	const longest = 500 // the parser quotes what it read
	if text := err.Error(); len(text) > longest {
		return errors.New(strings.ToValidUTF8(text[:longest], "") + "…")
	}
	return err
}

// parsePart has records read until one is faulty. Then it returns where that
// begins, and a *parseFault; other errors are those of emit.
func (l *lexer) parsePart(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	prefix := classPrefix[l.class]
	buf := append(append(l.scratch[:0], prefix...), b...)
	l.scratch = buf
	complete := bytes.HasSuffix(b, []byte("\n"))
	var parser textparse.Parser
	if l.format == OpenMetrics {
		if complete {
			buf = append(buf, "# EOF\n"...)
		}
		parser = textparse.NewOpenMetricsParser(buf, nil)
	} else {
		// The parser appends a line feed, for which there must be room: it would go
		// on with a copy, whose offsets are no use.
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, 2*len(buf)+1), buf...)
		}
		parser = textparse.NewPromParser(buf, nil, false)
	}
	l.scratch = buf[:0]
	part := &parserPart{lexer: l, parser: parser, buf: buf, prefix: len(prefix)}
	if prefix != "" {
		if _, err := parser.Next(); err != nil { // a byte 0 confuses what precedes it
			return 0, &parseFault{err: err, syntax: true}
		}
	}
	for {
		kind, err := parser.Next()
		if errors.Is(err, io.EOF) {
			if at := part.after(); at < len(b) {
				return at, &parseFault{err: errZeroByte}
			}
			return len(b), nil
		}
		if err != nil {
			return part.after(), &parseFault{err: err, syntax: true}
		}
		if err := part.entry(kind); err != nil {
			return part.begin, err
		}
	}
}

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

// wideNumber is how long a number is that a float64 may not hold.
const wideNumber = 16

// nextWord returns the first word of a line and what follows it.
func nextWord(b []byte) (word, rest []byte) {
	b = b[skipBlanks(b, 0):]
	end := bytes.IndexAny(b, " \t\n")
	if end < 0 {
		return b, nil
	}
	return b[:end], b[end:]
}

// exemplarTooLong reports whether the exemplar in the tail of a sample is longer
// than its labels may be. Prometheus' labels panic at 16 MiB.
func exemplarTooLong(rest []byte) bool {
	const longest = 1 << 20
	if len(rest) <= longest || bytes.IndexByte(rest[:longest], '\n') >= 0 {
		return false
	}
	return bytes.Contains(rest[:longest], []byte(" # {"))
}

// checkTail refuses what follows a value without an exemplar in OpenMetrics and is
// not a time. Prometheus' parser yields such a sample and fails at the next one.
func checkTail(value, rest []byte) error {
	tail, _, _ := bytes.Cut(rest, []byte("\n"))
	stamp, more := nextWord(tail)
	switch {
	case bytes.IndexByte(value, 0) >= 0 || bytes.IndexByte(tail, 0) >= 0:
		return errors.New("a byte 0")
	case len(tail) == 0:
		return nil
	case looksLikeExemplar(tail), looksLikeExemplar(more):
		return fmt.Errorf("%w, got %q", errExemplar, tail)
	case len(stamp) == 0 || len(more) > 0 || len(tail) != 1+len(stamp):
		return fmt.Errorf("one blank separates a value and its time, got %q", tail)
	}
	return nil
}

// looksLikeExemplar reports whether b begins an exemplar in a wrong way.
func looksLikeExemplar(b []byte) bool {
	b = b[skipBlanks(b, 0):]
	return bytes.HasPrefix(b, []byte("#")) && !bytes.HasPrefix(b, []byte("# {"))
}

// errExemplar is the fault of what looks like an exemplar.
var errExemplar = errors.New("an exemplar begins with \"# {\"")

// beyondMilli reports whether a time in seconds is one of which no int64 has the
// milliseconds. What the parser makes of it depends on the processor.
func beyondMilli(seconds []byte) bool {
	if len(seconds) < wideNumber && !bytes.ContainsAny(seconds, "eE") {
		return false
	}
	f, err := strconv.ParseFloat(string(seconds), 64)
	return err != nil || math.Abs(f)*1000 >= 1<<63
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
