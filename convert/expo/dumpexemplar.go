package expo

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// exemplars are those of a series that is being dumped.
type exemplarCursor struct {
	report *prom.Report
	next   func() (prom.Sample, error, bool)
	stop   func()
	begun  bool
	at     prom.Sample
	ok     bool // there is at
}

// exemplars begins those of a series. stop must be called.
func (d *dump) exemplars(s *placedSample) *exemplarCursor {
	x := &exemplarCursor{report: d.report}
	x.next, x.stop = iter.Pull2(d.src.Exemplars(d.series[s.Sample]))
	return x
}

// advance goes to the next one.
func (x *exemplarCursor) advance() (err error) {
	x.begun = true
	x.at, err, x.ok = x.next()
	x.ok = x.ok && err == nil
	return err
}

// attach gives a sample its exemplar. Those of samples that are not written, and
// all but the last of one sample, are counted.
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

// rest counts what is left after the last sample.
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
