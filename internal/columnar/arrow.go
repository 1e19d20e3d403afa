package columnar

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// arrowFile writes groups of rows as the batches of an Arrow file.
type arrowFile struct {
	w       *ipc.FileWriter
	builder *array.RecordBuilder
}

// newArrow begins an Arrow file.
func newArrow(w io.Writer, columns []Column, pairs map[string]string) (*arrowFile, error) {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Nullable: true, Type: arrowType(c.Kind)}
		if c.Unit != "" {
			fields[i].Metadata = arrow.NewMetadata([]string{"unit"}, []string{c.Unit})
		}
	}
	meta := arrow.MetadataFrom(pairs)
	s := arrow.NewSchema(fields, &meta)
	out, err := ipc.NewFileWriter(w, ipc.WithSchema(s)) // compressed ones cannot be read by all libraries
	if err != nil {
		return nil, err
	}
	return &arrowFile{out, array.NewRecordBuilder(memory.DefaultAllocator, s)}, nil
}

// arrowType returns the type of a kind.
func arrowType(k Kind) arrow.DataType {
	switch k {
	case Time:
		return &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	case Float:
		return arrow.PrimitiveTypes.Float64
	}
	return arrow.BinaryTypes.String
}

// write writes a batch.
func (a *arrowFile) write(columns []buffer, rows int) error {
	for i := range columns {
		b := &columns[i]
		switch out := a.builder.Field(i).(type) {
		case *array.TimestampBuilder:
			times := make([]arrow.Timestamp, rows)
			for j := range rows {
				times[j] = arrow.Timestamp(b.times[j])
			}
			out.AppendValues(times, b.set)
		case *array.Float64Builder:
			out.AppendValues(b.floats[:rows], b.set)
		case *array.StringBuilder:
			out.AppendValues(b.texts[:rows], b.set)
		}
	}
	batch := a.builder.NewRecordBatch()
	defer batch.Release()
	return a.w.Write(batch)
}

// close writes the end of the file.
func (a *arrowFile) close() error { return a.w.Close() }
