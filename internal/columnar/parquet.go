package columnar

import (
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// UnitsKey is the prefix of the keys under which a Parquet file has the units of its
// columns; the name of the column follows.
const UnitsKey = "unit:"

// parquetFile writes groups of rows to a Parquet file.
type parquetFile struct {
	w      *file.Writer
	levels []int16 // memory
	floats []float64
	ints   []int64
	texts  []parquet.ByteArray
}

// newParquet begins a Parquet file.
func newParquet(w io.Writer, columns []Column, pairs map[string]string) (*parquetFile, error) {
	fields := make(schema.FieldList, len(columns))
	properties := []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy("pcparchive"), parquet.WithDictionaryDefault(false)}
	meta := metadata.NewKeyValueMetadata()
	for key, value := range pairs {
		if err := meta.Append(key, value); err != nil {
			return nil, err
		}
	}
	for i, c := range columns {
		var err error
		if fields[i], err = parquetField(c); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		if c.Kind == Text { // which repeats, unlike numbers and times
			properties = append(properties, parquet.WithDictionaryFor(c.Name, true))
		}
		if c.Unit != "" {
			if err := meta.Append(UnitsKey+c.Name, c.Unit); err != nil {
				return nil, err
			}
		}
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, err
	}
	out, err := file.NewParquetWriterWithError(w, root, file.WithWriteMetadata(meta),
		file.WithWriterProps(parquet.NewWriterProperties(properties...)))
	return &parquetFile{w: out}, err
}

// parquetField returns the schema of a column.
func parquetField(c Column) (schema.Node, error) {
	optional := parquet.Repetitions.Optional
	switch c.Kind {
	case Time:
		return schema.NewPrimitiveNodeLogical(c.Name, optional, schema.NewTimestampLogicalType(true, schema.TimeUnitNanos), parquet.Types.Int64, 0, -1)
	case Float:
		return schema.NewPrimitiveNode(c.Name, optional, parquet.Types.Double, -1, 0)
	}
	return schema.NewPrimitiveNodeLogical(c.Name, optional, schema.StringLogicalType{}, parquet.Types.ByteArray, 0, -1)
}

// write writes a group.
func (p *parquetFile) write(columns []buffer, rows int) error {
	group, err := p.w.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for i := range columns {
		out, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := p.column(out, &columns[i], rows); err != nil {
			return fmt.Errorf("column %s: %w", strconv.Itoa(i), err)
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	return group.Close()
}

// column writes a column of a group: levels that say which cells are set, and those cells.
func (p *parquetFile) column(out file.ColumnChunkWriter, b *buffer, rows int) (err error) {
	p.levels, p.floats, p.ints, p.texts = p.levels[:0], p.floats[:0], p.ints[:0], p.texts[:0]
	for i := range rows {
		if !b.set[i] {
			p.levels = append(p.levels, 0)
			continue
		}
		p.levels = append(p.levels, 1)
		switch {
		case b.times != nil:
			p.ints = append(p.ints, b.times[i])
		case b.floats != nil:
			p.floats = append(p.floats, b.floats[i])
		default:
			p.texts = append(p.texts, parquet.ByteArray(b.texts[i]))
		}
	}
	switch out := out.(type) {
	case *file.Int64ColumnChunkWriter:
		_, err = out.WriteBatch(p.ints, p.levels, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = out.WriteBatch(p.floats, p.levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = out.WriteBatch(p.texts, p.levels, nil)
	}
	return err
}

// close writes the end of the file.
func (p *parquetFile) close() error { return p.w.Close() }
