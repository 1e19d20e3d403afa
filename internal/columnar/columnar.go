// Package columnar writes tables as Parquet and Arrow files, some rows at a time.
//
//	w, err := columnar.NewWriter(out, columnar.Parquet, columns, nil)
//	w.Time(0, t)
//	w.Float(1, 0.5)
//	err = w.EndRow()
//	…
//	err = w.Close()
//
// A cell that is not set is null. Memory holds one group of rows.
package columnar

import (
	"fmt"
	"io"
	"time"
)

// Kind is the type of a column.
type Kind uint8

// The kinds of columns.
const (
	Time  Kind = iota // an instant in UTC, with nanoseconds
	Float             // a 64-bit number
	Text              // UTF-8
)

// Column describes a column.
type Column struct {
	Name string
	Kind Kind
	Unit string // of the numbers; may be empty
}

// Format is the format of a file.
type Format string

// The formats.
const (
	Parquet Format = "parquet" // compressed with zstd
	Arrow   Format = "arrow"   // the file format of Arrow IPC, also called Feather 2, not compressed
)

const (
	maxCells = 1 << 20 // in a group of rows
	maxRows  = 1 << 16 // in a group
	maxText  = 8 << 20 // bytes of text in a group
)

// encoder writes a group of rows.
type encoder interface {
	write(columns []buffer, rows int) error
	close() error
}

// buffer holds the cells of a column of the current group.
type buffer struct {
	set    []bool
	times  []int64
	floats []float64
	texts  []string
}

// Writer writes a table.
type Writer struct {
	columns []Column
	buffers []buffer
	rows    int
	text    int // bytes
	limit   int // rows of a group
	out     encoder
}

// NewWriter returns a Writer. metadata are pairs of texts that describe the table; the units
// of the columns are added.
func NewWriter(w io.Writer, f Format, columns []Column, metadata map[string]string) (*Writer, error) {
	x := &Writer{columns: columns, buffers: make([]buffer, len(columns)), limit: max(1, min(maxRows, maxCells/max(1, len(columns))))}
	var err error
	switch f {
	case Parquet:
		x.out, err = newParquet(w, columns, metadata)
	case Arrow:
		x.out, err = newArrow(w, columns, metadata)
	default:
		err = fmt.Errorf("%q is no columnar format", f)
	}
	if err != nil {
		return nil, err
	}
	x.blank()
	return x, nil
}

// blank adds a row of nulls.
func (w *Writer) blank() {
	for i, c := range w.columns {
		b := &w.buffers[i]
		b.set = append(b.set, false)
		switch c.Kind {
		case Time:
			b.times = append(b.times, 0)
		case Float:
			b.floats = append(b.floats, 0)
		case Text:
			b.texts = append(b.texts, "")
		}
	}
}

// Time sets a cell of the current row.
func (w *Writer) Time(column int, t time.Time) {
	b := &w.buffers[column]
	b.set[w.rows], b.times[w.rows] = true, t.UnixNano()
}

// Float sets a cell of the current row.
func (w *Writer) Float(column int, v float64) {
	b := &w.buffers[column]
	b.set[w.rows], b.floats[w.rows] = true, v
}

// Text sets a cell of the current row. s must be valid UTF-8.
func (w *Writer) Text(column int, s string) {
	b := &w.buffers[column]
	b.set[w.rows], b.texts[w.rows] = true, s
	w.text += len(s)
}

// EndRow ends the current row.
func (w *Writer) EndRow() error {
	w.rows++
	if w.rows >= w.limit || w.text >= maxText {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.blank()
	return nil
}

// flush writes the rows that have ended.
func (w *Writer) flush() error {
	if w.rows == 0 {
		return nil
	}
	for i := range w.buffers { // without the row that has begun
		b := &w.buffers[i]
		b.set = b.set[:w.rows]
	}
	err := w.out.write(w.buffers, w.rows)
	for i := range w.buffers {
		b := &w.buffers[i]
		clear(b.texts)
		b.set, b.times, b.floats, b.texts = b.set[:0], b.times[:0], b.floats[:0], b.texts[:0]
	}
	w.rows, w.text = 0, 0
	return err
}

// Close writes the last rows and the end of the file. A row that has not ended is dropped.
func (w *Writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.out.close()
}
