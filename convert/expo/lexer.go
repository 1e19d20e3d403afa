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
)

const (
	windowSize = 1 << 20
	// maxRecord bounds the memory for a page that has no line feeds.
	maxRecord = 64 << 20
)

// lexer reads pages. Most records of a dump are of series that came before, and
// in the order in which they came before: these need no parsing but of value and
// time. What is left goes through Prometheus' parser.
type lexer struct {
	report   *prom.Report
	families attribution
	cache    [3]map[string]*pageSeries // by role of the type last declared, see typeClass
	class    int
	native   pcpLines
	found    []prom.Label // chunk that label slices are cut from
	mended   []byte       // the series as written, where the parser reads a mended one
	scratch  []byte       // what the parser is given

	// several pages may follow one another, each but the last ended by # EOF.
	several bool
	// skip is told of a line that cannot be read and reports whether to go on
	// behind it; nil means no.
	skip func(error) bool

	// The page that is read.
	name   string
	format Format
	emit   func(k *pageSeries, r recordValue) error
	last   *pageSeries // the series before
	line   int         // number of the first line of what is not read yet
	ended  bool        // by # EOF
	size   int64       // of what was read
	pages  int         // which one it is of those that follow one another, from 1
}

// known is a series as a page has it.
type pageSeries struct {
	text   string // name and labels as written
	feeds  int    // line feeds in text
	name   string
	labels []prom.Label // sorted by name, none empty
	family *prom.Family
	era    int         // of the attribution, when family was found
	class  int         // that it was read with
	mended bool        // only a page of PCP's exporters may have it
	next   *pageSeries // what followed it last time

	series         *prom.Series // made of it by a Reader
	reportedFamily *prom.Family // that the series has
}

// typeClass tells whether a type changes how labels are read: bounds of
// histograms and quantiles of summaries are brought to one form.
func typeClass(typ string) int {
	switch typ {
	case prom.TypeHistogram:
		return 1
	case prom.TypeSummary:
		return 2
	}
	return 0
}

var classPrefix = [...]string{"", "# TYPE x histogram\n", "# TYPE x summary\n"}

func newLexer(report *prom.Report) *lexer {
	l := &lexer{report: report, families: newAttribution(), last: &pageSeries{}}
	for i := range l.cache {
		l.cache[i] = map[string]*pageSeries{}
	}
	return l
}

// begin starts a page, of which emit gets every sample. An error of emit ends
// the page.
func (l *lexer) begin(name string, format Format, emit func(k *pageSeries, r recordValue) error) {
	l.name, l.format, l.emit, l.line, l.pages, l.size = name, format, emit, 1, 0, 0
	l.page()
}

// page begins a page, or the next of several.
func (l *lexer) page() {
	l.ended, l.class = false, 0
	l.pages++
	l.families.reset()
	l.native.page()
}

// read reads a page in parts of some size.
func (l *lexer) read(in io.Reader, size int) error {
	buf := make([]byte, 0, size)
	for {
		n, err := io.ReadFull(in, buf[len(buf):cap(buf)])
		l.size += int64(n)
		buf = buf[:len(buf)+n]
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
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

// window reads the records that are complete in b, or all if b is the last one,
// and returns how much they are.
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
			return used, nil // the rest is not complete
		}
	}
	if last && !l.ended && l.format == OpenMetrics {
		return used, l.fault(errNoEOF)
	}
	return used, nil
}

// skipped returns the size of the line at the beginning of b, whose fault err is,
// if reading goes on behind it, and else 0.
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

// between returns the size of the empty lines that may be between pages.
func (l *lexer) blankLinesSize(b []byte) int {
	if !l.several {
		return 0
	}
	n := len(b) - len(bytes.TrimLeft(b, "\n"))
	l.line += n
	return n
}

var errNoEOF = errors.New("data does not end with # EOF, so some of it may be missing")

// fault returns an error at the current line.
func (l *lexer) fault(err error) error { return &Error{Name: l.name, Line: l.line, Err: err} }

// place gives an error of emit the current line, if it is about the page.
func (l *lexer) locate(err error) error {
	var doubt *timeDoubt
	if errors.As(err, &doubt) || errors.Is(err, errNoTime) {
		return l.fault(err)
	}
	return err
}

// errNoTime is that of a sample that could be of any time.
var errNoTime = errors.New("a sample without a time, on a page that follows another one: give each page as a file, whose time its samples then have")

// fast reads the record at the beginning of b if it is one of a known series
// without anything special. It returns 0 if it is not.
func (l *lexer) fast(b []byte) (int, error) {
	k := l.last.next
	if k == nil || k.class != l.class || len(b) < len(k.text) || string(b[:len(k.text)]) != k.text {
		return 0, nil
	}
	return l.readValue(k, b)
}

// reading reads what follows the series k at the beginning of b, if it is of the
// usual form. It uses nothing of b if that is faulty.
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

// checkRounding counts an integer that a float64 does not hold.
func (l *lexer) checkRounding(k *pageSeries, text []byte, v float64) {
	digits := bytes.TrimPrefix(text, []byte("-"))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err == nil && (math.Abs(v) >= math.MaxUint64 || uint64(math.Abs(v)) != n) {
		l.report.Add(prom.LossRounded, k.name)
	}
}

// pass hands on a sample.
func (l *lexer) emitSample(k *pageSeries, r recordValue) error {
	l.last.next, l.last = k, k
	if k.era != l.families.era {
		k.family, k.era = l.families.familyFor(k.name), l.families.era
	}
	return l.emit(k, r)
}

// formatOf returns the format of a content type, as Prometheus understands it.
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
