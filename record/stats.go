package record

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/scrape"
)

// Stats are the counts of a Recorder.
type Stats struct {
	Scrapes, Failed, Samples int64
	Lost                     int64 // samples that were not recorded because a file could not be written
	Targets, Series          int   // being recorded
	Bytes                    int64 // that the archives of this run took or take
	Full                     bool  // the disk is full
}

// add adds the counts of archives that have ended.
func (s *Stats) add(st scrape.Stats) {
	s.Scrapes += st.Scrapes
	s.Failed += st.Failed
	s.Samples += st.Samples
	s.Bytes += st.Bytes
}

// Stats returns the counts so far.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	st := r.past
	r.mu.Unlock()
	for _, l := range r.openLines() {
		one := l.rec.Stats()
		st.add(one)
		st.Targets += one.Sources
		st.Series += one.Series
	}
	st.Lost, st.Full = r.space.Lost(), r.space.full.Load()
	return st
}

// Report counts what could not be recorded as it was.
func (r *Recorder) Report() *prom.Report { return r.report }

// Archives returns the base paths of the archives that are being written, repaired or
// compressed.
func (r *Recorder) Archives() []string {
	r.claims.mu.Lock()
	defer r.claims.mu.Unlock()
	all := make([]string, 0, len(r.claims.held))
	for base := range r.claims.held {
		all = append(all, base)
	}
	return all
}
