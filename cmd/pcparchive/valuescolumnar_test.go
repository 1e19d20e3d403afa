package main

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// longRow is a row of a long file.
type longRow struct {
	Time     time.Time `parquet:"time,optional,timestamp(nanosecond)"`
	Host     string    `parquet:"host,optional"`
	Metric   string    `parquet:"metric,optional"`
	Instance *string   `parquet:"instance,optional"`
	Value    *float64  `parquet:"value,optional"`
	Text     *string   `parquet:"text,optional"`
	Units    string    `parquet:"units,optional"`
}

// readParquet reads all rows of a Parquet file.
func readParquet[T any](t *testing.T, file []byte) []T {
	r := parquet.NewGenericReader[T](bytes.NewReader(file))
	all := make([]T, r.NumRows()+1)
	n, err := r.Read(all)
	require.ErrorIs(t, err, io.EOF)
	return all[:n]
}

func TestValuesAsParquet(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	b, err := archive.NewBuilder(base, "web1", nil)
	require.NoError(t, err)
	sent := b.Metric("net.sent", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimSpace: 1}, "eth0")
	release := b.Metric("release", pcp.TypeString, pcp.SemDiscrete, pcp.Units{})
	begin := time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)
	for i := range 3 {
		sent.Set(i * 100)
		release.Set("6.1")
		require.NoError(t, b.Record(begin.Add(time.Duration(i)*10*time.Second)))
	}
	require.NoError(t, b.Close())
	var out bytes.Buffer
	s := streams{out: &out, err: io.Discard}
	o := valuesOptions{rate: "auto", start: "start", end: "end", digits: -1, long: true, output: outputParquet}
	require.NoError(t, runValues(t.Context(), s, o, []string{base}, []string{"net.sent", "release"}))
	ten, eth0, text := 10.0, "eth0", "6.1"
	got := readParquet[longRow](t, out.Bytes())
	require.Len(t, got, 5, "a counter has no rate at first")
	assert.Equal(t, longRow{got[0].Time, "web1", "release", nil, nil, &text, ""}, got[0])
	assert.Equal(t, longRow{got[1].Time, "web1", "net.sent", &eth0, &ten, nil, "byte / sec"}, got[1])
	assert.True(t, got[1].Time.Equal(begin.Add(10*time.Second)), "%s", got[1].Time)

	type wideRow struct {
		Sent    *float64 `parquet:"net.sent[eth0],optional"`
		Release *string  `parquet:"release,optional"`
	}
	out.Reset()
	o.long = false
	require.NoError(t, runValues(t.Context(), s, o, []string{base}, []string{"net.sent", "release"}))
	assert.Equal(t, []wideRow{{nil, &text}, {&ten, &text}, {&ten, &text}}, readParquet[wideRow](t, out.Bytes()))
}

func TestResultAsParquet(t *testing.T) {
	rows := resultRows(func(row func(labels.Labels, int64, string)) {
		row(labels.FromStrings("mode", "idle", "value", "x"), 1500, "0.5")
		row(labels.FromStrings("cpu", "1"), 2500, "NaN")
		row(labels.FromStrings("cpu", "1"), 3500, "{count:1, sum:2}")
	})
	var out bytes.Buffer
	require.NoError(t, rows.writeColumnar(&out, outputParquet))
	type queryRow struct {
		Time  time.Time `parquet:"time,optional,timestamp(nanosecond)"`
		CPU   *string   `parquet:"cpu,optional"`
		Mode  *string   `parquet:"mode,optional"`
		Label *string   `parquet:"label_value,optional"`
		Value *float64  `parquet:"value,optional"`
		Text  *string   `parquet:"text,optional"`
	}
	got := readParquet[queryRow](t, out.Bytes())
	require.Len(t, got, 3)
	assert.Equal(t, []any{"idle", "x", 0.5}, []any{*got[0].Mode, *got[0].Label, *got[0].Value})
	assert.Equal(t, int64(1500), got[0].Time.UnixMilli())
	assert.Nil(t, got[1].Mode)
	assert.True(t, *got[1].Value != *got[1].Value, "NaN")
	assert.Nil(t, got[2].Value)
	assert.Equal(t, "{count:1, sum:2}", *got[2].Text)
}
