package expo

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// exemplarCursor walks over the exemplars of one series.
type exemplarCursor struct {
	report *prom.Report
	next   func() (prom.Sample, error, bool)
	stop   func()
	begun  bool        // advance was called
	at     prom.Sample // the present exemplar
	ok     bool        // there is a present exemplar
}

// exemplars returns a cursor over the exemplars of a series. Call its stop.
func (d *dump) exemplars(s *placedSample) *exemplarCursor {
	x := &exemplarCursor{report: d.report}
	x.next, x.stop = iter.Pull2(d.src.Exemplars(d.series[s.Sample]))
	return x
}

// advance goes to the next exemplar.
func (x *exemplarCursor) advance() (err error) {
	x.begun = true
	x.at, err, x.ok = x.next()
	x.ok = x.ok && err == nil
	return err
}

// attach gives a sample its exemplar. It counts exemplars of samples that are not
// written. Of several exemplars of one sample the last one wins; attach counts the
// others.
func (x *exemplarCursor) attach(s *placedSample) error {
	s.Exemplar = nil
	if !x.begun {
		if err := x.advance(); err != nil {
			return err
		}
	}
	for x.ok && x.at.T <= s.Time {
		if s.Exemplar != nil {
			x.report.Add(prom.LossExemplar, s.Name)
			s.Exemplar = nil
		}
		if x.at.T == s.Time {
			s.Exemplar = x.at.Exemplar
		} else {
			x.report.Add(prom.LossExemplar, s.Name)
		}
		if err := x.advance(); err != nil {
			return err
		}
	}
	return nil
}

// countRest counts the exemplars after the last sample.
func (x *exemplarCursor) countRest(s *placedSample) error {
	if !x.begun {
		if err := x.advance(); err != nil {
			return err
		}
	}
	for x.ok {
		x.report.Add(prom.LossExemplar, s.Name)
		if err := x.advance(); err != nil {
			return err
		}
	}
	return nil
}
