package columnar

import (
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
)

// UnitsKey is the prefix of the keys under which a Parquet file has the units of its
// columns; the name of the column follows.
const UnitsKey = "unit:"

// maxDictionary limits the texts that a column of a group refers to by number.
const maxDictionary = 1 << 20 // bytes

// pageChunk is the size of the pieces of memory in which a column of a group waits for the
// others. There may be thousands of columns with few rows each.
const pageChunk = 4 << 10 // bytes

// parquetFile writes groups of rows to a Parquet file.
type parquetFile struct {
	w *parquet.GenericWriter[any]

	values []parquet.Value // the cells of a column of a group
	text   []byte          // to which values refer
}

// newParquet begins a Parquet file.
func newParquet(w io.Writer, columns []Column, pairs map[string]string) (*parquetFile, error) {
	if len(columns) == 0 {
		return nil, fmt.Errorf("a Parquet file needs a column")
	}
	fields := make([]parquet.Field, len(columns))
	for i, c := range columns {
		fields[i] = tableField{parquet.Optional(parquetNode(c.Kind)), c.Name}
	}
	out := parquet.NewGenericWriter[any](w, parquet.NewSchema("schema", tableNode{fields: fields}),
		parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(1), parquet.DictionaryMaxBytes(maxDictionary),
		parquet.ColumnPageBuffers(parquet.NewChunkBufferPool(pageChunk)))
	for key, value := range pairs {
		out.SetKeyValueMetadata(key, value)
	}
	for _, c := range columns {
		if c.Unit != "" {
			out.SetKeyValueMetadata(UnitsKey+c.Name, c.Unit)
		}
	}
	return &parquetFile{w: out}, nil
}

// parquetNode returns the type of a column, without nulls.
func parquetNode(k Kind) parquet.Node {
	switch k {
	case Time:
		return parquet.Timestamp(parquet.Nanosecond)
	case Float:
		return parquet.Leaf(parquet.DoubleType)
	}
	return parquet.Encoded(parquet.String(), &parquet.RLEDictionary) // texts repeat, unlike numbers and times
}

// tableNode is a group whose fields keep their order. Those of a parquet.Group are sorted by name.
type tableNode struct {
	parquet.Group
	fields []parquet.Field
}

// Fields returns the columns.
func (n tableNode) Fields() []parquet.Field { return n.fields }

// tableField is a column.
type tableField struct {
	parquet.Node
	name string
}

// Name returns the name of the column.
func (f tableField) Name() string { return f.name }

// Value returns no value: rows are written cell by cell, not as Go values.
func (tableField) Value(reflect.Value) reflect.Value { return reflect.Value{} }

// write writes a group.
func (p *parquetFile) write(columns []buffer, rows int) error {
	for i, out := range p.w.ColumnWriters() {
		if _, err := out.WriteRowValues(p.cells(&columns[i], rows)); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
		if err := out.Flush(); err != nil { // frees memory for the next column
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return p.w.Flush()
}

// cells returns the cells of a column of a group, valid until the next call.
func (p *parquetFile) cells(b *buffer, rows int) []parquet.Value {
	p.values, p.text = p.values[:0], p.text[:0]
	for i := range rows {
		if !b.set[i] {
			p.values = append(p.values, parquet.NullValue())
			continue
		}
		p.values = append(p.values, p.cell(b, i).Level(0, 1, 0))
	}
	return p.values
}

// cell returns a cell that is set.
func (p *parquetFile) cell(b *buffer, i int) parquet.Value {
	switch {
	case b.times != nil:
		return parquet.Int64Value(b.times[i])
	case b.floats != nil:
		return parquet.DoubleValue(b.floats[i])
	}
	start := len(p.text)
	p.text = append(p.text, b.texts[i]...)
	return parquet.ByteArrayValue(p.text[start:])
}

// close writes the end of the file.
func (p *parquetFile) close() error { return p.w.Close() }
