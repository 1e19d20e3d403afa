package expo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/pcparchive/pcparchive/convert"
)

// Entry is one sample of a page with what the page says of its family. Name and
// type of the family are never empty.
type Entry struct {
	Sample
	Family convert.Family
}

// Error is a fault in a page.
type Error struct {
	Line int // from 1
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Page yields the samples of a page in its order, read as Prometheus' scraper
// reads it. contentType is an HTTP content type; if it is empty, a page that ends
// in "# EOF" is OpenMetrics and any other text. Exemplars are counted in report,
// which may be nil.
//
// A sample belongs to the family that was last described, if its name is one
// that a family of that type has; else to the one described under just its name,
// and else to an unknown one. A fault is yielded once, an *[Error] if it has a
// place, and ends the sequence.
func Page(b []byte, contentType string, report *convert.Report) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if len(b) == 0 {
			return // as to the scraper, also without # EOF
		}
		r, err := newPageReader(b, contentType)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		r.report = report
		for {
			e, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// sniff returns the content type of a page that came without.
func sniff(b []byte) string {
	format := Text
	if bytes.HasSuffix(bytes.TrimRight(b, "\n"), []byte("# EOF")) {
		format = OpenMetrics
	}
	return format.ContentType()
}

type pageReader struct {
	parser   textparse.Parser
	buf      []byte // what the parser reads, so that its slices tell offsets
	last     int    // offset behind something the parser yielded last
	families attribution
	report   *convert.Report

	set   labels.Labels
	found []convert.Label // chunk that label slices are cut from
}

func newPageReader(b []byte, contentType string) (*pageReader, error) {
	if contentType == "" {
		contentType = sniff(b)
	}
	// The text parser appends a line feed, for which there must be room: it would
	// go on with a copy, or write behind what it was given.
	buf := make([]byte, len(b), len(b)+1)
	copy(buf, b)
	parser, err := textparse.New(buf, contentType, nil, textparse.ParserOptions{})
	if err != nil {
		return nil, err
	}
	if _, binary := parser.(*textparse.ProtobufParser); binary {
		return nil, fmt.Errorf("content type %q: not a text format", contentType)
	}
	return &pageReader{parser: parser, buf: buf, families: attribution{known: map[string]*convert.Family{}}}, nil
}

// next returns the next sample, io.EOF after the last.
func (r *pageReader) next() (Entry, error) {
	for {
		kind, err := r.parser.Next()
		if errors.Is(err, io.EOF) {
			return Entry{}, err
		}
		if err != nil {
			return Entry{}, &Error{Line: r.lineAfter(), Err: err}
		}
		if kind == textparse.EntrySeries {
			return r.sample()
		}
		r.describe(kind)
	}
}

// describe notes what a line says of a family.
func (r *pageReader) describe(kind textparse.Entry) {
	switch kind {
	case textparse.EntryType:
		name, typ := r.parser.Type()
		r.seen(name)
		r.families.describe(name).Type = string(typ)
	case textparse.EntryHelp:
		name, help := r.parser.Help()
		r.seen(name)
		r.families.describe(name).Help = string(help)
	case textparse.EntryUnit:
		name, unit := r.parser.Unit()
		r.seen(name)
		r.families.describe(name).Unit = string(unit)
	case textparse.EntryComment:
		r.seen(r.parser.Comment())
	}
}

func (r *pageReader) sample() (Entry, error) {
	series, t, v := r.parser.Series()
	r.seen(series)
	r.parser.Labels(&r.set)
	if err := check(r.set); err != nil {
		return Entry{}, &Error{Line: r.lineOf(series), Err: err}
	}
	e := Entry{Sample: Sample{Value: v}}
	if t != nil {
		e.Time, e.HasTime = *t, true
	}
	e.Name, e.Labels = r.split()
	e.Family = r.families.of(e.Name)
	var x exemplar.Exemplar
	for r.parser.Exemplar(&x) {
		r.report.Add(convert.LossExemplar, e.Name)
	}
	return e, nil
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

// split returns the name and the other labels of the current sample.
func (r *pageReader) split() (name string, own []convert.Label) {
	const chunk = 1024
	if n := r.set.Len(); len(r.found)+n > cap(r.found) {
		r.found = make([]convert.Label, 0, max(chunk, n))
	}
	start := len(r.found)
	r.set.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
			name = l.Value
		case l.Value != "":
			r.found = append(r.found, convert.Label{Name: l.Name, Value: l.Value})
		}
	})
	return name, r.found[start:len(r.found):len(r.found)]
}

// seen notes that a part of buf was read. A slice's capacity tells where in buf
// it begins.
func (r *pageReader) seen(part []byte) {
	r.last = cap(r.buf) - cap(part) + len(part)
}

// lineOf returns the number of the line in which a part of buf begins.
func (r *pageReader) lineOf(part []byte) int {
	return 1 + bytes.Count(r.buf[:cap(r.buf)-cap(part)], []byte("\n"))
}

// lineAfter returns the number of the first line with text after the last one
// that was read well.
func (r *pageReader) lineAfter() int {
	at := r.last
	if at > 0 {
		if end := bytes.IndexByte(r.buf[at:], '\n'); end >= 0 {
			at += end + 1
		} else {
			at = len(r.buf)
		}
	}
	rest := r.buf[at:]
	at += len(rest) - len(bytes.TrimLeft(rest, "\n"))
	return 1 + bytes.Count(r.buf[:at], []byte("\n"))
}

// attribution finds the families of samples.
type attribution struct {
	known map[string]*convert.Family
	last  *convert.Family
}

// nameUnescaper undoes the escapes of quoted names, which the parser leaves in
// the names of families.
var nameUnescaper = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n")

// describe returns the family of a name, to be described further.
func (a *attribution) describe(raw []byte) *convert.Family {
	name := string(raw)
	if strings.IndexByte(name, '\\') >= 0 {
		name = nameUnescaper.Replace(name)
	}
	f := a.known[name]
	if f == nil {
		f = &convert.Family{Name: name, Type: convert.TypeUnknown}
		a.known[name] = f
	}
	a.last = f
	return f
}

// of returns the family of a sample.
func (a *attribution) of(sample string) convert.Family {
	if a.last != nil && isMember(sample, a.last) {
		return *a.last
	}
	if f := a.known[sample]; f != nil {
		return *f
	}
	return convert.Family{Name: sample, Type: convert.TypeUnknown}
}
