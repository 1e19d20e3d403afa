package wal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// replayer reads the records of a log and passes their samples on to its packer. All
// records share its buffers.
type replayer struct {
	*packer
	segment        *segmentReader
	decoder        record.Decoder
	builder        labels.ScratchBuilder
	samples        []record.RefSample
	histograms     []record.RefHistogramSample
	floats         []record.RefFloatHistogramSample
	stones         []tombstones.Stone
	unknownRecords int // number of records of an unknown type
}

func newReplayer(o *Options) (*replayer, error) {
	segment, err := newSegmentReader()
	if err != nil {
		return nil, err
	}
	return &replayer{
		packer: newPacker(o), segment: segment, decoder: record.NewDecoder(nil, slog.New(slog.DiscardHandler)),
		builder: labels.NewScratchBuilder(16),
	}, nil
}

// damaged reports damage.
func (r *replayer) damaged(path string, err error) {
	if r.opts.Damaged != nil {
		r.opts.Damaged(path, err)
	}
}

// readFile reads a segment. The last segment of a log may end inside a record, because
// the server is writing it or was stopped.
func (r *replayer) readFile(ctx context.Context, path string, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		r.damaged(path, err)
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	switch {
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("not a file")
	case err == nil && info.Size() == 0 && !last:
		err = errors.New("the segment is empty: nothing was logged, or it is lost")
	}
	if err != nil {
		r.damaged(path, block.Reason(err))
		return nil
	}
	r.segment.reset(f, info.Size())
	return r.readSegment(ctx, path, last)
}

// readSegment reads the records of the open segment.
func (r *replayer) readSegment(ctx context.Context, path string, last bool) error {
	offset := int64(0)
	for {
		rec, err := r.segment.next()
		if r.segment.offset != offset { // once a page
			offset = r.segment.offset
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errTorn) && last:
			continue
		case err != nil:
			r.damaged(path, err)
			continue
		}
		var fatal error
		err = block.Guard(func() (err error) {
			fatal, err = r.readRecord(rec)
			return err
		})
		if fatal != nil {
			return fatal
		}
		if err != nil {
			r.damaged(path, fmt.Errorf("record before offset %d: %w", offset, err))
		}
	}
}

// readRecord reads a record. An error of the temporary file is fatal; bad is an error
// in this record.
func (r *replayer) readRecord(rec []byte) (fatal, bad error) {
	switch r.decoder.Type(rec) {
	case record.Series:
		return nil, eachSeries(rec, &r.builder, r.declare)
	case record.Metadata:
		return nil, eachMetadata(rec, r.describe)
	case record.Samples, record.SamplesV2:
		return r.readSamples(rec)
	case record.Tombstones:
		return nil, r.readTombstones(rec)
	case record.Exemplars:
		bad = eachExemplar(rec, &r.builder, func(e record.RefExemplar) error {
			fatal = r.addExemplar(e)
			return fatal
		})
		if fatal != nil {
			return fatal, nil
		}
		return nil, bad
	case record.HistogramSamples, record.CustomBucketsHistogramSamples, record.HistogramSamplesV2:
		return r.readHistograms(rec)
	case record.FloatHistogramSamples, record.CustomBucketsFloatHistogramSamples, record.FloatHistogramSamplesV2:
		return r.readFloatHistograms(rec)
	case record.MmapMarkers: // they locate chunks whose samples are in this log, too
	default: // of a later Prometheus
		r.unknownRecords++
	}
	return nil, nil
}

func (r *replayer) readSamples(rec []byte) (fatal, bad error) {
	if r.samples, bad = r.decoder.Samples(rec, r.samples[:0]); bad != nil {
		return nil, bad
	}
	for _, s := range r.samples {
		if fatal = r.add(uint64(s.Ref), s.T, s.V); fatal != nil {
			return fatal, nil
		}
	}
	return nil, nil
}

func (r *replayer) readHistograms(rec []byte) (fatal, bad error) {
	if bad = checkHistograms(rec); bad != nil {
		return nil, bad
	}
	if r.histograms, bad = r.decoder.HistogramSamples(rec, r.histograms[:0]); bad != nil {
		return nil, bad
	}
	for _, s := range r.histograms {
		if fatal = r.addHistogram(uint64(s.Ref), s.T, s.H, nil); fatal != nil {
			return fatal, nil
		}
	}
	return nil, nil
}

func (r *replayer) readFloatHistograms(rec []byte) (fatal, bad error) {
	if bad = checkHistograms(rec); bad != nil {
		return nil, bad
	}
	if r.floats, bad = r.decoder.FloatHistogramSamples(rec, r.floats[:0]); bad != nil {
		return nil, bad
	}
	for _, s := range r.floats {
		if fatal = r.addHistogram(uint64(s.Ref), s.T, nil, s.FH); fatal != nil {
			return fatal, nil
		}
	}
	return nil, nil
}

func (r *replayer) readTombstones(rec []byte) (err error) {
	if r.stones, err = r.decoder.Tombstones(rec, r.stones[:0]); err != nil {
		return err
	}
	for _, stone := range r.stones {
		if s := r.refs[uint64(stone.Ref)]; s != nil {
			for _, in := range stone.Intervals {
				s.deleted = s.deleted.Add(in)
			}
		}
	}
	return nil
}

// describe passes on the metadata of a series' family.
func (r *replayer) describe(m record.RefMetadata) {
	if s := r.refs[uint64(m.Ref)]; s != nil && r.opts.Family != nil {
		r.opts.Family(prom.Family{Name: s.labels.Get(model.MetricNameLabel), Type: string(record.ToMetricType(m.Type)), Unit: m.Unit, Help: m.Help})
	}
}
