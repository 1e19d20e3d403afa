package expo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/internal/eof"
)

// ErrAmbiguous means that the format of a page is in doubt: the two formats would
// read its times differently, or it has parts of both. The error names the
// parts that it found. Set [ReadOptions].Format to read the page.
var ErrAmbiguous = errors.New("ambiguous page")

// doubtful separates likely times of the two formats: a smaller number is most
// likely in seconds, a larger one in milliseconds. The number itself is a time in
// 1973 if it is in milliseconds, and in 5138 if it is in seconds.
const doubtful = 100_000_000_000

// evidence is the first part of a page that shows its format.
type evidence struct {
	line int    // 0 for the end of the page
	name string // the part, as an error message names it
	at   bool   // a part was found; line and name are set
}

// note keeps the first part.
func (e *evidence) note(line int, name string) {
	if !e.at {
		*e = evidence{line, name, true}
	}
}

// signs collects the evidence in a page.
type signs struct {
	open, text      evidence // parts that only OpenMetrics, or only the text format, has
	seconds, millis evidence // whole numbers that are most likely times in this unit
	secondsAt       int64    // the number in seconds
}

var (
	openTypes = [][]byte{[]byte("info"), []byte("stateset"), []byte("gaugehistogram"), []byte("unknown")}
	unit      = []byte("# UNIT ")
	typeWord  = []byte("# TYPE ")
)

// Detect returns the format of a page. head is its beginning. tail is its end, nil
// if it is unknown, or head again if that is the whole page. The error wraps
// [ErrAmbiguous] if the page has signs of both formats, or if its times are
// unlikely in the format that it seems to have.
func Detect(head, tail []byte) (Format, error) {
	var s signs
	if endsInEOF(tail) {
		s.open.note(0, "the end, # EOF")
	}
	line := 1
	for len(head) > 0 {
		n := recordSize(OpenMetrics, head)
		if n < 0 {
			break // head may end within the record
		}
		s.record(head[:n], line)
		line += bytes.Count(head[:n], []byte("\n"))
		head = head[n:]
	}
	return s.decide()
}

// record notes the evidence in a record.
func (s *signs) record(b []byte, line int) {
	b = bytes.TrimSuffix(b, []byte("\n"))
	switch {
	case len(b) == 0:
		return
	case bytes.HasPrefix(b, unit):
		s.open.note(line, "# UNIT")
	case bytes.HasPrefix(b, typeWord):
		typ := b[bytes.LastIndexByte(b, ' ')+1:]
		if string(typ) == typeUntyped {
			s.text.note(line, "type untyped")
		}
		for _, open := range openTypes {
			if bytes.Equal(typ, open) {
				s.open.note(line, "type "+string(open))
			}
		}
	case isEOF(b):
		s.open.note(line, "# EOF")
	case b[0] != '#':
		s.sample(b, line)
	}
}

// sample notes the evidence in a sample.
func (s *signs) sample(b []byte, line int) {
	n := seriesSize(OpenMetrics, append(b, '\n'))
	if n < 0 || n > len(b) {
		return
	}
	words := bytes.Fields(b[n:])
	if len(words) < 2 {
		return
	}
	if _, err := strconv.ParseFloat(string(words[0]), 64); err != nil {
		return // not a sample; the parser will reject it
	}
	t := words[1]
	if t[0] == '#' || len(words) > 2 && words[2][0] == '#' {
		s.open.note(line, "an exemplar")
	}
	if t[0] == '#' {
		return
	}
	if ms, ok := parseDigits(t, 18); ok {
		switch {
		case ms >= doubtful:
			s.millis.note(line, string(t))
		case ms > 0:
			s.seconds.note(line, string(t))
			s.secondsAt = ms
		}
	} else if _, ok := parseSeconds(t); ok {
		s.open.note(line, "time "+string(t))
	}
}

// decide returns the format that the evidence shows.
func (s *signs) decide() (Format, error) {
	switch {
	case s.open.at && s.text.at:
		return 0, fmt.Errorf("%w: %s is OpenMetrics and %s is Prometheus' text format", ErrAmbiguous, s.open, s.text)
	case s.millis.at && s.seconds.at:
		return 0, fmt.Errorf("%w: time %s in line %d is in milliseconds, most likely, and %s in line %d in seconds",
			ErrAmbiguous, s.millis.name, s.millis.line, s.seconds.name, s.seconds.line)
	case s.open.at:
		return OpenMetrics, nil
	case !s.text.at && s.seconds.at:
		return 0, &timeDoubt{line: s.seconds.line, value: s.secondsAt, format: Text, why: "nothing else shows the format"}
	}
	return Text, nil
}

func (e evidence) String() string {
	if e.line == 0 {
		return e.name
	}
	return fmt.Sprintf("%s in line %d", e.name, e.line)
}

// timeDoubt is the error about a time that is unlikely in the format of its page.
type timeDoubt struct {
	line   int
	value  int64  // as written, without its fraction
	format Format // the format that the page seems to have
	why    string // the reason for that format
}

func (d *timeDoubt) Error() string {
	return fmt.Sprintf("%v: time %d is %s in Prometheus' text format, which has milliseconds, and %s in OpenMetrics, which has seconds; %s",
		ErrAmbiguous, d.value, dateOf(d.value), dateOf(1000*d.value), d.why)
}

// Unwrap returns ErrAmbiguous.
func (d *timeDoubt) Unwrap() error { return ErrAmbiguous }

func dateOf(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05Z") }

// checkTime rejects a time that is unlikely in a detected format.
func checkTime(format Format, ms int64) error {
	size := max(ms, -ms)
	switch {
	case format == Text && size < doubtful && size > 0:
		return &timeDoubt{value: ms, format: format, why: "the page seems to be text"}
	case format == OpenMetrics && size >= 1000*doubtful:
		return &timeDoubt{value: ms / 1000, format: format, why: "the page seems to be OpenMetrics"}
	}
	return nil
}

// detectFormat returns the format of an input, and a reader of the whole input.
func (r *Reader) detectFormat(in Input, f io.Reader) (Format, io.Reader, error) {
	if r.opts.Format != nil {
		return *r.opts.Format, f, nil
	}
	tail, err := tailOf(f)
	if err != nil {
		return 0, nil, err
	}
	head := make([]byte, windowSize)
	n, err := io.ReadFull(f, head)
	head = head[:n]
	switch {
	case eof.Is(err):
		tail = head
	case err != nil:
		return 0, nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	format, err := Detect(head, tail)
	var doubt *timeDoubt
	if errors.As(err, &doubt) {
		return 0, nil, &Error{Name: in.Name, Line: doubt.line, Err: err}
	}
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	return format, io.MultiReader(bytes.NewReader(head), f), nil
}

// tailOf returns the end of a file that can seek, without moving its position. It
// returns nil for other inputs.
func tailOf(f io.Reader) ([]byte, error) {
	s, ok := f.(io.Seeker)
	if !ok {
		return nil, nil
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, nil //nolint:nilerr // a pipe: its type has Seek, which fails
	}
	tail := make([]byte, min(end, 64))
	if _, err := s.Seek(end-int64(len(tail)), io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(f, tail); err != nil {
		return nil, err
	}
	_, err = s.Seek(0, io.SeekStart)
	return tail, err
}
