package expo

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// Entry is one sample of a page with its family. Name and type of the family are
// never empty.
type Entry struct {
	Sample
	Family prom.Family
}

// Error is a fault in a page.
type Error struct {
	Name string // name of the input; "" if it has none
	Line int    // number of the line, from 1
	Err  error
}

func (e *Error) Error() string {
	if e.Name != "" {
		return fmt.Sprintf("%s: line %d: %v", e.Name, e.Line, e.Err)
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Page yields the samples of a page in its order, as Prometheus' scraper reads it.
// contentType is an HTTP content type. If it is empty, a page that ends in "# EOF"
// is OpenMetrics, and any other page is text. The report, which may be nil, counts
// values that change in reading.
//
// A sample belongs to the latest described family if its name fits that family's
// type; else to the family described under the sample's own name; else to a family
// of unknown type. An error ends the sequence. It is an *[Error] if it has a line.
func Page(b []byte, contentType string, report *prom.Report) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if len(b) == 0 {
			return // as to the scraper, also without # EOF
		}
		format := Text
		switch {
		case contentType != "":
			var err error
			if format, err = formatOf(contentType); err != nil {
				yield(Entry{}, err)
				return
			}
		case endsInEOF(b):
			format = OpenMetrics
		}
		stop := errors.New("enough")
		l := newLexer(report)
		l.begin("", format, func(k *pageSeries, r recordValue) error {
			e := Entry{Family: *k.family, Sample: Sample{Name: k.name, Labels: k.labels, Value: r.value, Time: r.time, HasTime: r.hasTime, Exemplar: r.exemplar}}
			if !yield(e, nil) {
				return stop
			}
			return nil
		})
		_, err := l.window(b, true)
		if err != nil && !errors.Is(err, stop) {
			yield(Entry{}, err)
		}
	}
}

// endsInEOF reports whether b ends as an OpenMetrics page does.
func endsInEOF(b []byte) bool {
	return bytes.HasSuffix(bytes.TrimRight(b, "\n"), []byte("# EOF"))
}
