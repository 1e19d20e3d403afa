package read

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	promrecord "github.com/prometheus/prometheus/tsdb/record"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// A log has the exemplars of a scrape after its samples, so each is of the last
// sample of its series that was met.

// headExemplars are the exemplars of a series.
type headExemplars struct {
	open   []headExemplar // not in the file
	size   int            // of their data
	chunks []headChunk
}

type headExemplar struct {
	t    int64 // of the sample
	data []byte
}

// exemplar adds an exemplar. One that has the time of its sample had none of its
// own.
func (h *head) exemplar(x promrecord.RefExemplar) error {
	s, known := h.refs[uint64(x.Ref)]
	switch {
	case !known:
		h.unknown++
		return nil
	case s == nil || s.sampled && (s.latest < h.r.opts.Start || s.latest > h.r.opts.End):
		return nil
	case !s.sampled:
		h.lost(prom.LossExemplar, uint64(x.Ref))
		return nil
	}
	e := prom.Exemplar{Value: x.V, Time: x.T, HasTime: x.T != s.latest}
	x.Labels.Range(func(l labels.Label) { e.Labels = append(e.Labels, prom.Label(l)) })
	data, err := e.AppendBinary(nil)
	if err != nil {
		return err
	}
	if s.exemplars == nil {
		s.exemplars = &headExemplars{}
	}
	k := s.exemplars
	// Those of one sample stay together, unless they are too many.
	another := len(k.open) > 0 && k.open[len(k.open)-1].t != s.latest
	if another && k.size >= storedBytes || k.size >= 1000*storedBytes {
		err = h.packExemplars(s)
	}
	k.open, k.size = append(k.open, headExemplar{s.latest, data}), k.size+len(data)
	return err
}

// packExemplars moves the exemplars of a series to the file, those of one sample
// together.
func (h *head) packExemplars(s *headSeries) error {
	k := s.exemplars
	if k == nil || len(k.open) == 0 {
		return nil
	}
	slices.SortStableFunc(k.open, func(a, b headExemplar) int { return cmp.Compare(a.t, b.t) })
	var data, same []byte
	for i, x := range k.open {
		same = binary.AppendUvarint(same, uint64(len(x.data)))
		same = append(same, x.data...)
		if i+1 == len(k.open) || k.open[i+1].t != x.t {
			data, same = appendStored(data, x.t, same), same[:0]
		}
	}
	err := h.store(&k.chunks, chunk.Record{MinTime: k.open[0].t, MaxTime: k.open[len(k.open)-1].t, Encoding: encExemplars, Data: data})
	clear(k.open)
	k.open, k.size = k.open[:0], 0
	return err
}

// putExemplars hands on the exemplars of a sample.
func putExemplars(dst prom.SampleSink, s *prom.Series, t int64, data []byte) error {
	var one [1]prom.Sample
	for f := (fields{b: data}); f.more(); {
		var e prom.Exemplar
		if err := e.UnmarshalBinary(f.take(f.uvarint())); err != nil {
			return err
		}
		one[0] = prom.Sample{T: t, Exemplar: &e}
		if err := dst.Append(s, one[:]); err != nil {
			return err
		}
	}
	return nil
}
