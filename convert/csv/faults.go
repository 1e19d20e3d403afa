package csv

import (
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
)

// maxRow limits the bytes of a row, so that a quote that never ends does not fill the
// memory.
const maxRow = 64 << 20

var byteOrderMark = []byte("\ufeff")

var errLongRow = fmt.Errorf("a row of more than %d MiB; a quote may not be closed", maxRow>>20)

// boundedReader fails when more than left bytes are read.
type boundedReader struct {
	r    io.Reader
	left int
}

// Read reads at most the bytes that are left.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// readError names the line of a fault in the form of the table.
func (r *Reader) readError(err error) error {
	var fault *stdcsv.ParseError
	if errors.As(err, &fault) {
		err = fault.Err
		fault.Line, fault.StartLine = fault.Line+r.opts.SkipLines, fault.StartLine+r.opts.SkipLines
		if fault.StartLine != fault.Line {
			err = fmt.Errorf("%w, in the row that begins in line %d", err, fault.StartLine)
		}
		return &Error{r.name, fault.Line, fmt.Errorf("byte %d of the line: %w", fault.Column, err)}
	}
	return &Error{r.name, 0, err}
}

// damaged reports a fault of a line.
func (r *Reader) damaged(line int, err error) {
	if r.opts.Damaged != nil {
		r.opts.Damaged(&Error{r.name, line, err})
	}
}

// badCell reports the first cell of a column that is left out, and counts all.
func (r *Reader) badCell(c *column, line int, err error) {
	if c.bad++; c.bad == 1 {
		r.damaged(line, fmt.Errorf("column %d (%.80q): cell left out: %w", c.index+1, c.header, err))
	}
}

// tooLong reports the first row with more cells than the header, and counts all.
func (r *Reader) tooLong(line, cells int) {
	if r.ragged++; r.ragged == 1 {
		r.damaged(line, fmt.Errorf("%d cells, but the header has %d; the others are left out", cells, len(r.header)))
	}
}

// reportRest reports the numbers of faults after the first.
func (r *Reader) reportRest() {
	if r.long != nil {
		r.long.report()
	} else {
		for _, c := range r.table.columns {
			if c.bad > 1 {
				r.damaged(0, fmt.Errorf("column %d (%.80q): %d more cells left out", c.index+1, c.header, c.bad-1))
			}
		}
	}
	if r.ragged > 1 {
		r.damaged(0, fmt.Errorf("%d more rows with more cells than the header", r.ragged-1))
	}
}
