package wal

import (
	"encoding/binary"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheckHistograms has records of all kinds, which are whole, cut anywhere, or
// state more of something than there is.
func TestCheckHistograms(t *testing.T) {
	var ints, custom []record.RefHistogramSample
	var floats, customFloats []record.RefFloatHistogramSample
	for i := range int64(5) {
		h, c := tsdbutil.GenerateTestHistogram(i), tsdbutil.GenerateTestCustomBucketsHistogram(i)
		ints = append(ints, record.RefHistogramSample{Ref: 7, T: 1000 + i, ST: 900 + i/2, H: h})
		custom = append(custom, record.RefHistogramSample{Ref: 8, T: 1000 + i, H: c})
		floats = append(floats, record.RefFloatHistogramSample{Ref: 9, T: 1000 + i, ST: 900, FH: h.ToFloat(nil)})
		customFloats = append(customFloats, record.RefFloatHistogramSample{Ref: 10, T: 1000 + i, FH: c.ToFloat(nil)})
	}
	var records [][]byte
	for _, dated := range []bool{false, true} {
		e := record.Encoder{EnableSTStorage: dated}
		rec, _ := e.HistogramSamples(ints, nil)
		records = append(records, rec, e.CustomBucketsHistogramSamples(custom, nil))
		rec, _ = e.FloatHistogramSamples(floats, nil)
		records = append(records, rec, e.CustomBucketsFloatHistogramSamples(customFloats, nil))
	}
	for _, rec := range records {
		require.NoError(t, checkHistograms(rec))
		d := record.NewDecoder(nil, nil)
		for cut := 1; cut < len(rec); cut++ {
			if checkHistograms(rec[:cut]) != nil {
				continue
			}
			var err error
			switch record.Type(rec[0]) {
			case record.HistogramSamples, record.CustomBucketsHistogramSamples, record.HistogramSamplesV2:
				_, err = d.HistogramSamples(rec[:cut], nil)
			default:
				_, err = d.FloatHistogramSamples(rec[:cut], nil)
			}
			assert.NoError(t, err, "what is admitted is whole")
		}
	}
	e := record.Encoder{}
	rec, _ := e.HistogramSamples([]record.RefHistogramSample{{H: &histogram.Histogram{}}}, nil)
	require.NoError(t, checkHistograms(rec))
	for n := 1; n <= 4; n++ { // the numbers of spans and buckets are the last four bytes
		forged := append(append([]byte{}, rec[:len(rec)-n]...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
		require.ErrorIs(t, checkHistograms(forged), errFields, n)
	}
}

// TestLongLabel has a label value that Prometheus' labels cannot hold.
func TestLongLabel(t *testing.T) {
	e := record.Encoder{}
	rec := e.Series([]record.RefSeries{{Ref: 1, Labels: labels.FromStrings("a", "b")}}, nil)
	rec = rec[:len(rec)-2] // without the value
	rec = append(binary.AppendUvarint(rec, 1<<24), make([]byte, 1<<24)...)
	var b labels.ScratchBuilder
	require.ErrorIs(t, eachSeries(rec, &b, func(uint64, labels.Labels) { t.Error("admitted") }), errFields)
}
