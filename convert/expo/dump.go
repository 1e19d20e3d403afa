package expo

import (
	"cmp"
	"io"
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// WriteDump writes all samples of all series with their times. "promtool tsdb
// create-blocks-from openmetrics" reads the result. As OpenMetrics demands, each
// family is in one piece, and so are the samples of each label set in it, by
// ascending time. Memory holds the series, and what src needs to read the series of
// one label set at a time.
//
// Text cannot express the end of a series or a time before 1970. WriteDump leaves
// both out and counts them. The report may be nil.
func WriteDump(w io.Writer, src prom.SampleStore, o Options, r *prom.Report) error {
	o.Timestamps, o.Report = true, r
	d := dump{p: newPrinter(w, o), src: src, series: map[*Sample]*prom.Series{}, report: r}
	for _, part := range partsOf(o.Format, d.families()) {
		part.order()
		d.p.head(part)
		if err := d.part(part); err != nil {
			return err
		}
	}
	return d.p.end()
}

// dump is a call of WriteDump.
type dump struct {
	p      *printer
	src    prom.SampleStore
	series map[*Sample]*prom.Series
	report *prom.Report
}

// families returns the families of all series, with one sample without a value for
// each series. d.series maps these samples to their series.
func (d *dump) families() []Family {
	type key struct{ name, typ string }
	var families []Family
	var series [][]*prom.Series
	index := map[key]int{}
	for s := range d.src.Series() {
		f := familyOf(s)
		n, ok := index[key{f.Name, f.Type}]
		if !ok {
			n = len(families)
			index[key{f.Name, f.Type}] = n
			families, series = append(families, Family{}), append(series, nil)
		}
		families[n].Family, families[n].PCPMetric = *f, cmp.Or(s.PCPMetric, families[n].PCPMetric)
		families[n].Samples = append(families[n].Samples, Sample{Name: s.Name, Labels: s.Labels, HasTime: true})
		series[n] = append(series[n], s)
	}
	for n := range families {
		for i := range families[n].Samples {
			d.series[&families[n].Samples[i]] = series[n][i]
		}
	}
	return families
}

// part writes the samples of a family, label set by label set.
func (d *dump) part(part *part) error {
	for all := part.samples; len(all) > 0; {
		n := 1
		for part.grouped() && n < len(all) && all[n].group == all[0].group {
			n++
		}
		now := all[:n]
		for i := range now {
			now[i].text = d.p.series(nil, part, &now[i])
		}
		var err error
		if n == 1 {
			err = d.single(part, &now[0])
		} else {
			err = d.group(part, now)
		}
		if err != nil {
			return err
		}
		for i := range now {
			now[i].text = nil
		}
		all = all[n:]
	}
	return nil
}

// single writes the samples of one series.
func (d *dump) single(part *part, s *placedSample) error {
	x := d.exemplars(s)
	defer x.stop()
	for at, err := range d.src.Samples(d.series[s.Sample]) {
		if err != nil {
			return err
		}
		if !d.writable(s, at) {
			continue
		}
		s.Value, s.Time = at.V, at.T
		if err := x.attach(s); err != nil {
			return err
		}
		if err := d.p.sample(part, s); err != nil {
			return err
		}
	}
	return x.countRest(s)
}

// writable reports whether text can express a sample, and counts it if not.
func (d *dump) writable(s *placedSample, at prom.Sample) bool {
	switch {
	case prom.IsStale(at.V):
		d.report.Add(prom.LossStale, s.Name)
	case at.T < 0:
		d.report.Add(prom.LossBefore1970, s.Name)
	default:
		return true
	}
	return false
}

// seriesCursor walks over the samples of one series of a group.
type seriesCursor struct {
	s    *placedSample
	next func() (prom.Sample, error, bool)
	stop func()
	at   prom.Sample // the present sample
	ok   bool        // there is a present sample
	x    *exemplarCursor
}

// group writes the samples of the series that make one histogram, summary, counter
// or state set, time by time.
func (d *dump) group(part *part, samples []placedSample) error {
	lanes := make([]seriesCursor, len(samples))
	for i := range samples {
		l := &lanes[i]
		l.s = &samples[i]
		l.next, l.stop = iter.Pull2(d.src.Samples(d.series[l.s.Sample]))
		defer l.stop()
		l.x = d.exemplars(l.s)
		defer l.x.stop()
		if err := d.advance(l); err != nil {
			return err
		}
	}
	for {
		now, any := int64(0), false
		for i := range lanes {
			if l := &lanes[i]; l.ok && (!any || l.at.T < now) {
				now, any = l.at.T, true
			}
		}
		if !any {
			break
		}
		for i := range lanes {
			l := &lanes[i]
			if !l.ok || l.at.T != now {
				continue
			}
			l.s.Value, l.s.Time = l.at.V, l.at.T
			if err := l.x.attach(l.s); err != nil {
				return err
			}
			if err := d.p.sample(part, l.s); err != nil {
				return err
			}
			if err := d.advance(l); err != nil {
				return err
			}
		}
	}
	for i := range lanes {
		if err := lanes[i].x.countRest(lanes[i].s); err != nil {
			return err
		}
	}
	return nil
}

// advance goes to the next sample that text can express.
func (d *dump) advance(l *seriesCursor) error {
	for {
		at, err, ok := l.next()
		l.at, l.ok = at, ok && err == nil
		if !l.ok || d.writable(l.s, at) {
			return err
		}
	}
}
