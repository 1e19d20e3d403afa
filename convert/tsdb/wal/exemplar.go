package wal

import (
	"encoding/binary"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/record"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// openExemplars are the exemplars of a series.
type openExemplars struct {
	waiting []timedData // the exemplars that wait in memory
	size    int         // of the data of waiting
	chunks  []Chunk     // finished chunks
}

// addExemplar adds an exemplar to the last sample of its series. An exemplar with the
// time of the sample had no time of its own.
func (p *packer) addExemplar(x record.RefExemplar) error {
	s, known := p.refs[uint64(x.Ref)]
	switch {
	case !known:
		p.unknownSeries++
		return nil
	case s == nil || s.sampled && (s.latest < p.opts.Start || s.latest > p.opts.End):
		return nil
	case !s.sampled:
		p.lost(prom.LossExemplar, uint64(x.Ref))
		return nil
	}
	e := prom.Exemplar{Value: x.V, Time: x.T, HasTime: x.T != s.latest}
	x.Labels.Range(func(l labels.Label) { e.Labels = append(e.Labels, prom.Label(l)) })
	data, err := e.AppendBinary(nil)
	if err != nil {
		return err
	}
	if s.exemplars == nil {
		s.exemplars = &openExemplars{}
	}
	open := s.exemplars
	// The exemplars of one sample stay together, unless there are too many.
	newSample := len(open.waiting) > 0 && open.waiting[len(open.waiting)-1].t != s.latest
	if newSample && open.size >= waitingBytes || open.size >= 1000*waitingBytes {
		err = p.packExemplars(s)
	}
	open.waiting, open.size = append(open.waiting, timedData{s.latest, data}), open.size+len(data)
	return err
}

// packExemplars moves the exemplars of a series to the file. The exemplars of one
// sample are one entry.
func (p *packer) packExemplars(s *openSeries) error {
	open := s.exemplars
	if open == nil || len(open.waiting) == 0 {
		return nil
	}
	slices.SortStableFunc(open.waiting, compareTimes)
	var data, entry []byte
	for i, x := range open.waiting {
		entry = binary.AppendUvarint(entry, uint64(len(x.data)))
		entry = append(entry, x.data...)
		if i+1 == len(open.waiting) || open.waiting[i+1].t != x.t {
			data, entry = appendEntry(data, x.t, entry), entry[:0]
		}
	}
	err := p.store(&open.chunks, chunk.Record{MinTime: open.waiting[0].t, MaxTime: open.waiting[len(open.waiting)-1].t, Encoding: EncExemplars, Data: data})
	clear(open.waiting)
	open.waiting, open.size = open.waiting[:0], 0
	return err
}
