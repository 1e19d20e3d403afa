package expo

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// SnapshotOptions choose the values of a Snapshot.
type SnapshotOptions struct {
	At       time.Time     // later values are ignored; the zero time: none are
	Lookback time.Duration // older values are left out; 0: none are
	Report   *prom.Report  // may be nil
}

// Snapshot keeps the value that each series of one [flatten.Flattener] has at a
// time: its last one, unless the series ended since.
type Snapshot struct {
	at       int64
	lookback time.Duration
	report   *prom.Report
	newest   int64  // time of the last value up to at
	slots    []slot // by PromSeries.ID
}

type slot struct {
	series *prom.Series
	value  float64
	time   int64
	live   bool
	// exemplar is the last one: an endpoint repeats it until there is another.
	exemplar *prom.Exemplar
}

// NewSnapshot returns an empty Snapshot.
func NewSnapshot(o SnapshotOptions) *Snapshot {
	s := &Snapshot{at: math.MaxInt64, lookback: o.Lookback, report: o.Report, newest: math.MinInt64}
	if !o.At.IsZero() {
		s.at = o.At.UnixMilli()
	}
	return s
}

// Append takes the values of a series, its staleness markers and its exemplars.
// Native histograms have no form as text: they are counted.
func (s *Snapshot) Append(series *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		switch x := &batch[i]; {
		case x.Exemplar != nil:
			s.exemplar(series, x)
		case x.Histogram != nil:
			s.report.Add(prom.LossNativeHist, series.Name)
		default:
			s.number(series, x.T, x.V)
		}
	}
	return nil
}

// Flush does nothing: what is alive is known at any time.
func (s *Snapshot) Flush(context.Context) error { return nil }

// Close does nothing.
func (s *Snapshot) Close() error { return nil }

func (s *Snapshot) number(series *prom.Series, t int64, v float64) {
	for series.ID >= len(s.slots) {
		s.slots = append(s.slots, slot{})
	}
	at := &s.slots[series.ID]
	at.series = series
	if t > s.at {
		return
	}
	at.value, at.time, at.live = v, t, !prom.IsStale(v)
	if !at.live {
		at.exemplar = nil
	}
	s.newest = max(s.newest, t)
}

// exemplar takes an exemplar of the sample before. Of several the last one counts.
func (s *Snapshot) exemplar(series *prom.Series, x *prom.Sample) {
	if x.T <= s.at && series.ID < len(s.slots) && s.slots[series.ID].live {
		e := *x.Exemplar
		s.slots[series.ID].exemplar = &e
	}
}

// Families returns what is alive, families and series in order of first sight.
// Families of one name and type are one, described as the last of them was.
// Their labels belong to the series and must not be changed.
func (s *Snapshot) Families() []Family {
	type key struct{ name, typ string }
	var families []Family
	index := map[key]int{}
	after := s.oldest()
	for i := range s.slots {
		at := &s.slots[i]
		if at.series == nil {
			continue
		}
		f := familyOf(at.series)
		n, ok := index[key{f.Name, f.Type}]
		if !ok {
			n = len(families)
			index[key{f.Name, f.Type}] = n
			families = append(families, Family{Family: *f})
		}
		if !at.live || at.time <= after {
			continue
		}
		families[n].Family, families[n].PCPMetric = *f, cmp.Or(at.series.PCPMetric, families[n].PCPMetric)
		families[n].Samples = append(families[n].Samples, Sample{
			Name: at.series.Name, Labels: at.series.Labels, Value: at.value, Time: at.time, HasTime: true,
			Exemplar: at.exemplar,
		})
	}
	return alive(families)
}

// oldest returns the time after which values count. As in PromQL, a value that
// is as old as the look-back is too old.
func (s *Snapshot) oldest() int64 {
	end := s.at
	if end == math.MaxInt64 {
		end = s.newest
	}
	if s.lookback <= 0 || end == math.MinInt64 {
		return math.MinInt64
	}
	return end - s.lookback.Milliseconds()
}

// alive drops families without samples.
func alive(families []Family) []Family {
	kept := families[:0]
	for _, f := range families {
		if len(f.Samples) > 0 {
			kept = append(kept, f)
		}
	}
	return kept
}
