package columnar_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/columnar"
)

var columns = []columnar.Column{{Name: "time", Kind: columnar.Time}, {Name: "disk.dev.read[sda]", Kind: columnar.Float, Unit: "count / sec"}, {Name: "text", Kind: columnar.Text}}

var begin = time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)

// write writes rows in which every third number and every second text is null.
func write(t *testing.T, w io.Writer, f columnar.Format, rows int) {
	x, err := columnar.NewWriter(w, f, columns, map[string]string{"host": "web1"})
	require.NoError(t, err)
	for i := range rows {
		x.Time(0, begin.Add(time.Duration(i)*time.Second))
		if i%3 != 0 {
			x.Float(1, float64(i)/4)
		}
		if i%2 != 0 {
			x.Text(2, fmt.Sprintf("täxt %d", i))
		}
		require.NoError(t, x.EndRow())
	}
	require.NoError(t, x.Close())
}

// TestParquet reads with Apache Arrow's implementation.
func TestParquet(t *testing.T) {
	const rows = 100_000 // two groups
	var out bytes.Buffer
	write(t, &out, columnar.Parquet, rows)
	f, err := file.NewParquetReader(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	assert.Equal(t, 2, f.NumRowGroups())
	host, unit := f.MetaData().KeyValueMetadata().FindValue("host"), f.MetaData().KeyValueMetadata().FindValue("unit:disk.dev.read[sda]")
	assert.Equal(t, []string{"web1", "count / sec"}, []string{*host, *unit})
	assert.Contains(t, f.MetaData().Schema.String(), "optional int64 field_id=-1 time (Timestamp(isAdjustedToUTC=true, timeUnit=nanoseconds")
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: rows}, memory.DefaultAllocator)
	require.NoError(t, err)
	table, err := r.ReadTable(t.Context())
	require.NoError(t, err)
	batches := array.NewTableReader(table, rows)
	row := 0
	for batches.Next() {
		row = checkRows(t, batches.RecordBatch(), row)
	}
	assert.Equal(t, rows, row)
}

// checkRows compares a batch that begins at a row with the rows that write writes, and returns the row after it.
func checkRows(t *testing.T, b arrow.RecordBatch, row int) int {
	times, numbers, texts := b.Column(0).(*array.Timestamp), b.Column(1).(*array.Float64), b.Column(2).(*array.String)
	for i := range int(b.NumRows()) {
		require.Equal(t, begin.Add(time.Duration(row)*time.Second).UnixNano(), int64(times.Value(i)))
		require.Equal(t, row%3 == 0, numbers.IsNull(i), "number of row %d", row)
		require.Equal(t, row%2 == 0, texts.IsNull(i), "text of row %d", row)
		if numbers.IsValid(i) {
			require.Equal(t, float64(row)/4, numbers.Value(i))
		}
		if texts.IsValid(i) {
			require.Equal(t, fmt.Sprintf("täxt %d", row), texts.Value(i))
		}
		row++
	}
	return row
}

func TestArrow(t *testing.T) {
	const rows = 70_000
	var out bytes.Buffer
	write(t, &out, columnar.Arrow, rows)
	r, err := ipc.NewFileReader(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	assert.Equal(t, 2, r.NumRecords())
	host, _ := r.Schema().Metadata().GetValue("host")
	unit, _ := r.Schema().Field(1).Metadata.GetValue("unit")
	assert.Equal(t, []string{"web1", "count / sec"}, []string{host, unit})
	row := 0
	for batch := range r.NumRecords() {
		b, err := r.RecordBatch(batch)
		require.NoError(t, err)
		row = checkRows(t, b, row)
	}
	assert.Equal(t, rows, row)
}

func TestEmpty(t *testing.T) {
	for _, f := range []columnar.Format{columnar.Parquet, columnar.Arrow} {
		var out bytes.Buffer
		write(t, &out, f, 0)
		assert.NotEmpty(t, out.Bytes(), f)
	}
	_, err := columnar.NewWriter(io.Discard, "xml", columns, nil)
	assert.ErrorContains(t, err, `"xml" is no columnar format`)
}

// TestMemory compares the memory after two groups of rows with that after four.
func TestMemory(t *testing.T) {
	wide := []columnar.Column{{Name: "time", Kind: columnar.Time}}
	for i := range 1000 {
		wide = append(wide, columnar.Column{Name: fmt.Sprint("c", i), Kind: columnar.Float})
	}
	x, err := columnar.NewWriter(io.Discard, columnar.Parquet, wide, nil)
	require.NoError(t, err)
	heap := func(rows int) int64 { // after more rows
		for i := range rows {
			x.Time(0, begin)
			for c := range 1000 {
				x.Float(c+1, float64(i*c))
			}
			require.NoError(t, x.EndRow())
		}
		runtime.GC()
		runtime.GC() // pools drop their memory at the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	first, second := heap(2100), heap(2100)
	assert.Less(t, second-first, int64(4<<20), "16 MB of numbers were written between")
	require.NoError(t, x.Close())
}
