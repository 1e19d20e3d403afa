package read

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/convert/tsdb/wal"
)

// logSource is a write-ahead log as a source.
type logSource struct {
	*wal.Log
	dir string
}

// logPlace is a position in the chunks of a log.
type logPlace struct{ lane, next int }

// addLog reads the write-ahead log of a data folder. The log may have samples that
// blocks have, too; the reading drops these.
func (r *Reader) addLog(ctx context.Context, dir string) error {
	log, err := wal.Open(ctx, dir, wal.Options{
		Selectors: r.selectors, Start: r.opts.Start, End: r.opts.End, TempDir: r.opts.TempDir, Report: r.opts.Report,
		Damaged: func(path string, err error) { r.damaged(path, "", err) },
		Family:  func(f prom.Family) { r.catalog.AddFamily(f.Name, f.Type, f.Unit, f.Help) },
	})
	if err != nil {
		return err
	}
	s := &logSource{log, dir}
	r.logs = append(r.logs, s)
	r.done.Add(log.Size()) // Open has read it
	if len(log.Lanes()) > 0 {
		r.sources = append(r.sources, s)
	}
	return nil
}

func (s *logSource) path() string         { return s.dir }
func (s *logSource) span() (int64, int64) { return s.Span() }
func (s *logSource) bytes() int64         { return 0 }   // Reader.Size counts logs by itself
func (s *logSource) close() error         { return nil } // Reader.Close closes the log, which another reading may need

// open makes lanes of the wanted series.
func (s *logSource) open(_ context.Context, rd *reading, dst []lane) ([]lane, error) {
	for i, l := range s.Lanes() {
		if rd.selectors.Select(l.Labels) {
			dst = append(dst, lane{source: s, id: rd.table.id(l.Labels, labels.EmptyLabels()), at: l.Chunks[0].MinTime, deleted: l.Deleted, log: logPlace{lane: i}})
		}
	}
	return dst, nil
}

// next returns the next chunk of a lane.
func (s *logSource) next(l *lane) (place, bool) {
	chunks := s.Lanes()[l.log.lane].Chunks
	if l.log.next == len(chunks) {
		return place{}, false
	}
	c := chunks[l.log.next]
	p := place{c.MinTime, c.MaxTime, int64(l.log.lane)<<32 | int64(l.log.next)}
	l.log.next++
	return p, true
}

// load reads a chunk.
func (s *logSource) load(p place, buf []byte) (chunkenc.Encoding, []byte, error) {
	return s.Load(s.Lanes()[p.ref>>32].Chunks[uint32(p.ref)], buf)
}

// values adds the values of a label.
func (s *logSource) values(ctx context.Context, label string, selectors block.Selectors, into map[string]bool) error {
	return s.each(ctx, selectors, func(lset, _ labels.Labels) error {
		into[lset.Get(label)] = true
		return nil
	})
}

// each calls f with the labels of the selected series. They have no external labels.
func (s *logSource) each(_ context.Context, selectors block.Selectors, f func(own, external labels.Labels) error) error {
	for _, l := range s.Lanes() {
		if selectors.Select(l.Labels) {
			if err := f(l.Labels, labels.EmptyLabels()); err != nil {
				return err
			}
		}
	}
	return nil
}

// putExemplars hands on the exemplars of a sample.
func putExemplars(dst prom.SampleSink, s *prom.Series, t int64, data []byte) error {
	var one [1]prom.Sample
	for e, err := range wal.Exemplars(data) {
		if err != nil {
			return err
		}
		one[0] = prom.Sample{T: t, Exemplar: e}
		if err := dst.Append(s, one[:]); err != nil {
			return err
		}
	}
	return nil
}
