package expo

import (
	"bytes"
	"errors"
	"io"

	"github.com/prometheus/prometheus/model/textparse"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// parse reads the records in b with Prometheus' parser. With an error it returns
// the size of the records before the fault.
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
		// PCP's own exporters write some things that the format does not allow.
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

// mend reads a faulty record of PCP's exporters in a mended form. fault is the
// error for a record that cannot be mended.
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

// parseFault is the fault of a record.
type parseFault struct {
	err    error
	syntax bool // err comes from the parser
}

func (f *parseFault) Error() string { return f.err.Error() }

// withRecord returns the error for users. It looks at the record, at l's line, to
// explain a record that the parser only rejects.
func (f *parseFault) withRecord(l *lexer, record []byte) error {
	err := f.err
	if f.syntax {
		err = unreadable(l.format, l.line, record, f.err)
	}
	const longest = 500 // the parser quotes its input
	if text := err.Error(); len(text) > longest {
		return errors.New(safetext.Cut(text, longest))
	}
	return err
}

// parsePart reads the records in b up to the first fault. It then returns the
// offset of the faulty record and a *parseFault. Other errors come from emit.
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
		// The parser appends a line feed. Without room for it, the parser would copy
		// the buffer, and slices of the copy do not show offsets in buf.
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, 2*len(buf)+1), buf...)
		}
		parser = textparse.NewPromParser(buf, nil, false)
	}
	l.scratch = buf[:0]
	part := &parserPart{lexer: l, parser: parser, buf: buf, prefix: len(prefix)}
	if prefix != "" {
		if _, err := parser.Next(); err != nil { // a byte 0 makes even the prefix fail
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
