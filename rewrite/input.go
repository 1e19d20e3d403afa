package rewrite

import (
	"iter"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// input is an archive of a merge. It holds the next record of the archive.
type input struct {
	r       *archive.Reader
	rank    int // position among the inputs
	o       *Options
	report  *Report
	metrics map[pcp.PMID]*inputMetric
	pull    func() (archive.Located, error, bool)
	stop    func()

	res    *archive.Result // the next record, a mark if it has no sets; nil at the end
	pos    archive.Pos     // position of res
	last   pcp.Timestamp   // time of the previous record
	daemon daemon          // the run that the previous record names
	named  bool            // the previous record names a run
	used   bool            // a record of this input was written
	cut    bool            // records after Options.End were left out
	mark   archive.Result  // memory for res

	lost bool            // records before res are lost
	held *archive.Result // the record after res, if res is a mark for lost records
}

func newInput(r *archive.Reader, rank int, o *Options, report *Report) *input {
	return &input{r: r, rank: rank, o: o, report: report, metrics: map[pcp.PMID]*inputMetric{}}
}

// begin opens the archive. The caller must call stop.
func (s *input) begin() {
	s.pull, s.stop = iter.Pull2(s.r.RecordsFrom(s.o.Start))
}

// next reads the next record between Options.Start and Options.End into res.
func (s *input) next() error {
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

// bridge puts a mark before the record if records before it are lost.
func (s *input) bridge() {
	if s.lost && s.used && !s.res.IsMark() {
		s.held = s.res
		s.mark = archive.Result{Stamp: markAt(s.last, s.res.Stamp)}
		s.res = &s.mark
	}
	s.lost = false
}

// markAt returns the time of a mark between two records: 1 ms after the earlier one, but
// not after the later one.
func markAt(last, next pcp.Timestamp) pcp.Timestamp {
	if t := last.Add(time.Millisecond); t.Before(next) {
		return t
	}
	return next
}
