package wal

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/record"
)

// Prometheus' decoders of some records trust the numbers of labels, fields, spans and
// buckets. The functions of this file decode or check these records instead.

// eachSeries calls add for every series of a record.
func eachSeries(rec []byte, b *labels.ScratchBuilder, add func(ref uint64, lset labels.Labels)) error {
	f := fields{b: rec[1:]}
	for f.more() {
		ref := f.uint64()
		if f.labels(b); !f.bad {
			add(ref, b.Labels())
		}
	}
	return f.err()
}

// eachMetadata calls add for every entry of a record.
func eachMetadata(rec []byte, add func(m record.RefMetadata)) error {
	f := fields{b: rec[1:]}
	for f.more() {
		var m record.RefMetadata
		m.Ref, m.Type = seriesRef(f.uvarint()), f.uint8()
		for n := f.uvarint(); n > 0 && !f.bad; n-- {
			switch name, value := f.text(), f.text(); name {
			case "UNIT":
				m.Unit = value
			case "HELP":
				m.Help = value
			}
		}
		if !f.bad {
			add(m)
		}
	}
	return f.err()
}

// eachExemplar calls add for every exemplar of a record. The labels are valid until add
// returns. An error of add ends the reading.
func eachExemplar(rec []byte, b *labels.ScratchBuilder, add func(e record.RefExemplar) error) error {
	f := fields{b: rec[1:]}
	if !f.more() {
		return nil
	}
	base, start := f.uint64(), int64(f.uint64())
	for f.more() {
		e := record.RefExemplar{
			Ref: seriesRef(base + uint64(f.varint())), T: start + f.varint(), V: math.Float64frombits(f.uint64()),
		}
		if f.labels(b); f.bad {
			break
		}
		e.Labels = b.Labels()
		if err := add(e); err != nil {
			return err
		}
	}
	return f.err()
}

// checkHistograms returns an error unless a record of native histograms has as many
// spans and buckets as it states.
func checkHistograms(rec []byte) error {
	kind := record.Type(rec[0])
	v2 := kind == record.HistogramSamplesV2 || kind == record.FloatHistogramSamplesV2
	float := kind == record.FloatHistogramSamples || kind == record.CustomBucketsFloatHistogramSamples || kind == record.FloatHistogramSamplesV2
	f := fields{b: rec[1:]}
	if !f.more() {
		return nil
	}
	if v2 {
		f.skipVarints(3) // series, time and start time of the first sample
	} else {
		f.take(16) // series and time from which the others are counted
	}
	for first := true; f.more(); first = false {
		switch {
		case !v2:
			f.skipVarints(2)
		case !first:
			const noStart, sameStart = 0, 1
			f.skipVarints(2)
			if mark := f.uint8(); mark != noStart && mark != sameStart {
				f.skipVarints(1)
			}
		}
		f.skipHistogram(float)
	}
	return f.err()
}

func seriesRef(n uint64) chunks.HeadSeriesRef { return chunks.HeadSeriesRef(n) }
