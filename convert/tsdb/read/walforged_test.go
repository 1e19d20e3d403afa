package read

import (
	"encoding/binary"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promrecord "github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWalHistograms has records of all kinds, which are whole, cut anywhere, or
// state more of something than there is.
func TestWalHistograms(t *testing.T) {
	var ints, custom []promrecord.RefHistogramSample
	var floats, customFloats []promrecord.RefFloatHistogramSample
	for i := range int64(5) {
		h, c := tsdbutil.GenerateTestHistogram(i), tsdbutil.GenerateTestCustomBucketsHistogram(i)
		ints = append(ints, promrecord.RefHistogramSample{Ref: 7, T: 1000 + i, ST: 900 + i/2, H: h})
		custom = append(custom, promrecord.RefHistogramSample{Ref: 8, T: 1000 + i, H: c})
		floats = append(floats, promrecord.RefFloatHistogramSample{Ref: 9, T: 1000 + i, ST: 900, FH: h.ToFloat(nil)})
		customFloats = append(customFloats, promrecord.RefFloatHistogramSample{Ref: 10, T: 1000 + i, FH: c.ToFloat(nil)})
	}
	var records [][]byte
	for _, dated := range []bool{false, true} {
		e := promrecord.Encoder{EnableSTStorage: dated}
		rec, _ := e.HistogramSamples(ints, nil)
		records = append(records, rec, e.CustomBucketsHistogramSamples(custom, nil))
		rec, _ = e.FloatHistogramSamples(floats, nil)
		records = append(records, rec, e.CustomBucketsFloatHistogramSamples(customFloats, nil))
	}
	for _, rec := range records {
		require.NoError(t, walHistograms(rec))
		d := promrecord.NewDecoder(nil, nil)
		for cut := 1; cut < len(rec); cut++ {
			if walHistograms(rec[:cut]) != nil {
				continue
			}
			var err error
			switch promrecord.Type(rec[0]) {
			case promrecord.HistogramSamples, promrecord.CustomBucketsHistogramSamples, promrecord.HistogramSamplesV2:
				_, err = d.HistogramSamples(rec[:cut], nil)
			default:
				_, err = d.FloatHistogramSamples(rec[:cut], nil)
			}
			assert.NoError(t, err, "what is admitted is whole")
		}
	}
	e := promrecord.Encoder{}
	rec, _ := e.HistogramSamples([]promrecord.RefHistogramSample{{H: &histogram.Histogram{}}}, nil)
	require.NoError(t, walHistograms(rec))
	for n := 1; n <= 4; n++ { // the numbers of spans and buckets are the last four bytes
		forged := append(append([]byte{}, rec[:len(rec)-n]...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
		require.ErrorIs(t, walHistograms(forged), errFields, n)
	}
}

// TestWalLongLabel has a label value that Prometheus' labels cannot hold.
func TestWalLongLabel(t *testing.T) {
	e := promrecord.Encoder{}
	rec := e.Series([]promrecord.RefSeries{{Ref: 1, Labels: labels.FromStrings("a", "b")}}, nil)
	rec = rec[:len(rec)-2] // without the value
	rec = append(binary.AppendUvarint(rec, 1<<24), make([]byte, 1<<24)...)
	var b labels.ScratchBuilder
	require.ErrorIs(t, walSeries(rec, &b, func(uint64, labels.Labels) { t.Error("admitted") }), errFields)
}
