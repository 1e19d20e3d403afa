package rewrite

import (
	"iter"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// source is an input of a merge, one record ahead.
type source struct {
	r       *archive.Reader
	rank    int // among the inputs
	o       *Options
	report  *Report
	metrics map[pcp.PMID]*metric
	pull    func() (archive.Located, error, bool)
	stop    func()

	res    *archive.Result // the record; without sets: a mark. nil: no more
	pos    archive.Pos
	last   pcp.Timestamp // time of the record before, read or not
	daemon daemon        // that the last record named
	named  bool          // it named one
	used   bool          // a record of it was written
	cut    bool          // it ended before its end
	mark   archive.Result

	lost bool            // something is lost before res
	held *archive.Result // comes after a mark that stands for what is lost
}

func newSource(r *archive.Reader, rank int, o *Options, report *Report) *source {
	return &source{r: r, rank: rank, o: o, report: report, metrics: map[pcp.PMID]*metric{}}
}

// begin opens the input; stop must be called some time.
func (s *source) begin() {
	records := s.r.Records(archive.RoleData)
	if !s.o.Start.IsZero() {
		records = s.r.RecordsFrom(s.o.Start)
	}
	s.pull, s.stop = iter.Pull2(records)
}

// next reads the next record inside the window.
func (s *source) next() error {
	for {
		if s.res != nil {
			s.last = s.res.Stamp
			s.daemon, s.named = daemonOf(s.res)
		}
		if s.res, s.held = s.held, nil; s.res != nil {
			return nil
		}
		rec, err, ok := s.pull()
		if !ok {
			return nil
		}
		if err != nil && s.report.damaged(err) {
			s.lost = true
			continue
		}
		if err != nil {
			return err
		}
		s.pos = rec.Pos
		switch r := rec.Record.(type) {
		case *archive.Result:
			s.res = r
		case *archive.Mark:
			s.mark = archive.Result{Stamp: r.Stamp}
			s.res = &s.mark
		default:
			continue
		}
		switch t := s.res.Stamp; {
		case !s.o.End.IsZero() && t.After(s.o.End):
			s.res, s.cut = nil, true
			return nil
		case !t.Before(s.o.Start) || s.o.Start.IsZero():
			s.bridge()
			return nil
		}
		s.lost = false
	}
}

// bridge puts a mark before the record if something is lost before it.
func (s *source) bridge() {
	if s.lost && s.used && !s.res.IsMark() {
		s.held = s.res
		s.mark = archive.Result{Stamp: markAt(s.last, s.res.Stamp)}
		s.res = &s.mark
	}
	s.lost = false
}

// markAt returns the time of the mark that stands for what is lost between a
// record and the next.
func markAt(last, next pcp.Timestamp) pcp.Timestamp {
	if t := last.Add(time.Millisecond); t.Before(next) {
		return t
	}
	return next
}
