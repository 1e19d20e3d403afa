package expo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/textparse"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/eof"
)

const (
	windowSize = 1 << 20  // bytes of an input that are read at once
	maxRecord  = 64 << 20 // the longest record; bounds the memory for a page without line feeds
)

// lexer reads pages. Most records of a dump belong to a series that came before,
// and follow the same series as before. Of these the lexer parses only value and
// time. All other records go through Prometheus' parser.
type lexer struct {
	report   *prom.Report
	families attribution
	cache    [3]map[string]*pageSeries // series by class and by text
	class    int                       // typeClass of the last TYPE line
	native   pcpLines
	found    []prom.Label // chunk that label slices are cut from
	mended   []byte       // the original text of a series while the parser reads a mended one
	scratch  []byte       // buffer for the parser's input

	several bool             // pages may follow one another; "# EOF" ends each but the last
	skip    func(error) bool // gets each unreadable line; true skips it; nil means false

	// The input that is being read.
	name   string
	format Format
	emit   func(k *pageSeries, r recordValue) error
	last   *pageSeries // the series of the previous record
	line   int         // number of the first line that is not read yet
	ended  bool        // "# EOF" was read
	size   int64       // bytes read so far
	pages  int         // number of the page in the input, from 1
}

// pageSeries is a series as a page writes it.
type pageSeries struct {
	text   string // name and labels as written
	feeds  int    // line feeds in text
	name   string
	labels []prom.Label // sorted by name, no empty values
	family *prom.Family
	era    int         // attribution.era when family was found
	class  int         // lexer.class when the series was read
	mended bool        // only a page of PCP's exporters may have this text
	next   *pageSeries // the series that followed last time

	series         *prom.Series // the Reader's series; nil before its first sample
	reportedFamily *prom.Family // the family that the Reader has set in series
}

// typeClass returns how a type changes the labels: Prometheus' parser rewrites the
// bounds of histograms (1) and the quantiles of summaries (2), and no others (0).
func typeClass(typ string) int {
	switch typ {
	case prom.TypeHistogram:
		return 1
	case prom.TypeSummary:
		return 2
	}
	return 0
}

// classPrefix has, by class, the line that puts the parser into the class.
var classPrefix = [...]string{"", "# TYPE x histogram\n", "# TYPE x summary\n"}

func newLexer(report *prom.Report) *lexer {
	l := &lexer{report: report, families: newAttribution(), last: &pageSeries{}}
	for i := range l.cache {
		l.cache[i] = map[string]*pageSeries{}
	}
	return l
}

// begin starts an input. emit gets every sample; its error ends the reading.
func (l *lexer) begin(name string, format Format, emit func(k *pageSeries, r recordValue) error) {
	l.name, l.format, l.emit, l.line, l.pages, l.size = name, format, emit, 1, 0, 0
	l.page()
}

// page starts the first or the next page of the input.
func (l *lexer) page() {
	l.ended, l.class = false, 0
	l.pages++
	l.families.reset()
	l.native.page()
}

// read reads an input in windows of some size, which grow for longer records.
func (l *lexer) read(in io.Reader, size int) error {
	buf := make([]byte, 0, size)
	for {
		n, err := io.ReadFull(in, buf[len(buf):cap(buf)])
		l.size += int64(n)
		buf = buf[:len(buf)+n]
		last := eof.Is(err)
		if err != nil && !last {
			return l.fault(err)
		}
		used, err := l.window(buf, last)
		if err != nil || last {
			return err
		}
		rest := copy(buf, buf[used:])
		buf = buf[:rest]
		if rest == cap(buf) && rest >= maxRecord {
			err := l.fault(fmt.Errorf("a line of more than %d bytes", maxRecord))
			n := l.skipFaulty(buf, err)
			if n == 0 {
				return err
			}
			buf = buf[:copy(buf, buf[n:])]
		} else if rest == cap(buf) {
			buf = append(make([]byte, 0, 2*rest), buf...)
		}
	}
}

// window reads the complete records at the beginning of b, or all records if b is
// the last window. It returns their size.
func (l *lexer) window(b []byte, last bool) (used int, err error) {
	for used < len(b) {
		if l.ended {
			if n := l.blankLinesSize(b[used:]); n > 0 {
				used += n
				continue
			}
			if !l.several {
				return used, l.fault(errors.New("unexpected data after # EOF"))
			}
			l.page()
		}
		n, err := l.fast(b[used:])
		if n == 0 && err == nil {
			n, err = l.slow(b[used:], last)
		}
		used += n
		if err != nil {
			if n = l.skipFaulty(b[used:], err); n == 0 {
				return used, err
			}
			used += n
		}
		if n == 0 {
			return used, nil // the next record is not complete
		}
	}
	if last && !l.ended && l.format == OpenMetrics {
		return used, l.fault(errNoEOF)
	}
	return used, nil
}

// skipFaulty returns the size of the line at the beginning of b, which has the
// fault err, if reading continues after it. Otherwise it returns 0.
func (l *lexer) skipFaulty(b []byte, err error) int {
	var fault *Error
	var doubt *timeDoubt
	if l.skip == nil || len(b) == 0 || !errors.As(err, &fault) || errors.As(err, &doubt) || errors.Is(err, errForeign) || !l.skip(err) {
		return 0
	}
	l.line++
	if feed := bytes.IndexByte(b, '\n'); feed >= 0 {
		return feed + 1
	}
	return len(b)
}

// blankLinesSize returns the size of the empty lines at the beginning of b, which
// may separate pages.
func (l *lexer) blankLinesSize(b []byte) int {
	if !l.several {
		return 0
	}
	n := len(b) - len(bytes.TrimLeft(b, "\n"))
	l.line += n
	return n
}

var errNoEOF = errors.New("data does not end with # EOF, so some of it may be missing")

// fault returns an error that names the current line.
func (l *lexer) fault(err error) error { return &Error{Name: l.name, Line: l.line, Err: err} }

// locate adds the current line to an error of emit if the error is about the page.
func (l *lexer) locate(err error) error {
	var doubt *timeDoubt
	if errors.As(err, &doubt) || errors.Is(err, errNoTime) {
		return l.fault(err)
	}
	return err
}

// errNoTime is the fault of a sample without a time on a second page of an input.
var errNoTime = errors.New("a sample without a time, on a page that follows another one: give each page as a file, whose time its samples then have")

// fast reads the record at the beginning of b if it belongs to the series that
// followed last time and has the usual form. Otherwise it returns 0.
func (l *lexer) fast(b []byte) (int, error) {
	k := l.last.next
	if k == nil || k.class != l.class || len(b) < len(k.text) || string(b[:len(k.text)]) != k.text {
		return 0, nil
	}
	return l.readValue(k, b)
}

// readValue reads the record of the series k at the beginning of b if value and
// time have the usual form. Otherwise it returns 0 and uses nothing of b.
func (l *lexer) readValue(k *pageSeries, b []byte) (int, error) {
	if k.mended && !l.native.seen {
		return 0, nil
	}
	at := len(k.text)
	end := bytes.IndexByte(b[at:], '\n')
	if end < 0 {
		return 0, nil
	}
	r, ok := parseReading(l.format, b[at:at+end])
	if !ok {
		return 0, nil
	}
	if math.Abs(r.value) >= 1<<53 {
		value, _, _ := bytes.Cut(b[at+1:at+end], []byte(" "))
		l.checkRounding(k, value, r.value)
	}
	if err := l.emitSample(k, r); err != nil {
		return 0, l.locate(err)
	}
	l.line += 1 + k.feeds
	return at + end + 1, nil
}

// checkRounding counts an integer that a float64 cannot hold.
func (l *lexer) checkRounding(k *pageSeries, text []byte, v float64) {
	digits := bytes.TrimPrefix(text, []byte("-"))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err == nil && (math.Abs(v) >= math.MaxUint64 || uint64(math.Abs(v)) != n) {
		l.report.Add(prom.LossRounded, k.name)
	}
}

// emitSample hands on a sample of a series, whose family it brings up to date.
func (l *lexer) emitSample(k *pageSeries, r recordValue) error {
	l.last.next, l.last = k, k
	if k.era != l.families.era {
		k.family, k.era = l.families.familyFor(k.name), l.families.era
	}
	return l.emit(k, r)
}

// formatOf returns the format that Prometheus assumes for a content type.
func formatOf(contentType string) (Format, error) {
	parser, err := textparse.New(nil, contentType, nil, textparse.ParserOptions{})
	if err != nil {
		return 0, err
	}
	switch parser.(type) {
	case *textparse.PromParser:
		return Text, nil
	case *textparse.OpenMetricsParser:
		return OpenMetrics, nil
	}
	return 0, fmt.Errorf("content type %q: not a text format that is supported", contentType)
}
