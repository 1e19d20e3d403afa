package wal

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// waitingBytes is about how many bytes of a series' histograms, or of its exemplars,
// wait in memory until they are written to the file.
const waitingBytes = 2 << 10

// openHistograms are the native histograms of a series that wait in memory.
type openHistograms struct {
	inOrder, late []timedData // late ones are earlier than the one before them
	size          int         // of the data of both
	maxt          int64       // time of the last one in order
}

// timedData is an encoded histogram or exemplar and the time of its sample.
type timedData struct {
	t    int64
	data []byte
}

func compareTimes(a, b timedData) int { return cmp.Compare(a.t, b.t) }

// addHistogram adds a native histogram. One of h and fh is nil.
func (p *packer) addHistogram(ref uint64, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) error {
	if nativehist.IsStale(h, fh) {
		return p.add(ref, t, prom.StaleNaN)
	}
	s := p.seriesAt(ref, t)
	if s == nil {
		return nil
	}
	data, err := encodeValid(h, fh)
	if err != nil {
		p.lost(prom.LossUndecodable, ref)
		return nil
	}
	if s.hist == nil {
		s.hist = &openHistograms{maxt: math.MinInt64}
	}
	open := s.hist
	switch {
	case t == open.maxt:
		return nil
	case t < open.maxt:
		open.late = append(open.late, timedData{t, data})
	default:
		open.inOrder, open.maxt = append(open.inOrder, timedData{t, data}), t
	}
	if open.size += len(data); open.size >= waitingBytes {
		return p.packHistograms(s)
	}
	return nil
}

// encodeValid encodes a histogram if it is consistent.
func encodeValid(h *histogram.Histogram, fh *histogram.FloatHistogram) ([]byte, error) {
	var err error
	if fh != nil {
		err = fh.Validate()
	} else {
		err = h.Validate()
	}
	if err != nil {
		return nil, err
	}
	return nativehist.Encode(h, fh)
}

// packHistograms moves the histograms of a series to the file. The first of several
// histograms of one time counts.
func (p *packer) packHistograms(s *openSeries) error {
	open := s.hist
	if open == nil {
		return nil
	}
	for _, list := range [][]timedData{open.inOrder, open.late} {
		if len(list) == 0 {
			continue
		}
		slices.SortStableFunc(list, compareTimes)
		var data []byte
		for i, x := range list {
			if i == 0 || x.t != list[i-1].t {
				data = appendEntry(data, x.t, x.data)
			}
		}
		if err := p.store(&s.chunks, chunk.Record{MinTime: list[0].t, MaxTime: list[len(list)-1].t, Encoding: EncHistograms, Data: data}); err != nil {
			return err
		}
	}
	clear(open.inOrder)
	clear(open.late)
	open.inOrder, open.late, open.size = open.inOrder[:0], open.late[:0], 0
	return nil
}
