package columnar_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/parquet-go/parquet-go"
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

// row is a row as parquet-go, another implementation, reads it.
type row struct {
	Time time.Time `parquet:"time,optional,timestamp(nanosecond)"`
	Read *float64  `parquet:"disk.dev.read[sda],optional"`
	Text *string   `parquet:"text,optional"`
}

func TestParquet(t *testing.T) {
	const rows = 100_000 // two groups
	var out bytes.Buffer
	write(t, &out, columnar.Parquet, rows)
	f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	assert.Len(t, f.RowGroups(), 2)
	host, _ := f.Lookup("host")
	unit, _ := f.Lookup("unit:disk.dev.read[sda]")
	assert.Equal(t, []string{"web1", "count / sec"}, []string{host, unit})
	assert.Contains(t, f.Schema().String(), "optional int64 time (TIMESTAMP(isAdjustedToUTC=true,unit=NANOS))")
	r := parquet.NewGenericReader[row](bytes.NewReader(out.Bytes()))
	got := make([]row, rows+1)
	n, err := r.Read(got)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, rows, n)
	for i, x := range got[:n] {
		require.True(t, begin.Add(time.Duration(i)*time.Second).Equal(x.Time), "time of row %d", i)
		require.Equal(t, i%3 != 0, x.Read != nil, "number of row %d", i)
		require.Equal(t, i%2 != 0, x.Text != nil, "text of row %d", i)
		if x.Read != nil {
			require.Equal(t, float64(i)/4, *x.Read)
		}
		if x.Text != nil {
			require.Equal(t, fmt.Sprintf("täxt %d", i), *x.Text)
		}
	}
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
	i := 0
	for batch := range r.NumRecords() {
		b, err := r.RecordBatch(batch)
		require.NoError(t, err)
		times, numbers, texts := b.Column(0).(*array.Timestamp), b.Column(1).(*array.Float64), b.Column(2).(*array.String)
		for j := range int(b.NumRows()) {
			require.Equal(t, begin.Add(time.Duration(i)*time.Second).UnixNano(), int64(times.Value(j)))
			require.Equal(t, i%3 == 0, numbers.IsNull(j))
			require.Equal(t, i%2 == 0, texts.IsNull(j))
			if i%6 == 1 {
				require.Equal(t, float64(i)/4, numbers.Value(j))
				require.Equal(t, fmt.Sprintf("täxt %d", i), texts.Value(j))
			}
			i++
		}
	}
	assert.Equal(t, rows, i)
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

// TestMemory writes far more than a Writer may hold.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	wide := []columnar.Column{{Name: "time", Kind: columnar.Time}}
	for i := range 1000 {
		wide = append(wide, columnar.Column{Name: fmt.Sprint("c", i), Kind: columnar.Float})
	}
	x, err := columnar.NewWriter(io.Discard, columnar.Parquet, wide, nil)
	require.NoError(t, err)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 3000 { // 24 MB of numbers
		x.Time(0, begin)
		for c := range 1000 {
			x.Float(c+1, float64(i*c))
		}
		require.NoError(t, x.EndRow())
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(18<<20))
	require.NoError(t, x.Close())
}
