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
	At       time.Time     // time of the snapshot; it ignores later values; zero means the end
	Lookback time.Duration // the snapshot leaves out values of at least this age; zero means no limit
	Report   *prom.Report  // may be nil
}

// Snapshot is a [prom.SampleSink] that keeps the value of each series at one time:
// the last value, unless the series has ended.
type Snapshot struct {
	at       int64 // time of the snapshot in milliseconds
	lookback time.Duration
	report   *prom.Report
	newest   int64  // time of the newest value, not after at
	slots    []slot // by Series.ID
}

// slot is the last value of a series.
type slot struct {
	series   *prom.Series
	value    float64
	time     int64
	live     bool           // the series has not ended
	exemplar *prom.Exemplar // the last exemplar; endpoints repeat it until they have another
}

// NewSnapshot returns an empty Snapshot.
func NewSnapshot(o SnapshotOptions) *Snapshot {
	s := &Snapshot{at: math.MaxInt64, lookback: o.Lookback, report: o.Report, newest: math.MinInt64}
	if !o.At.IsZero() {
		s.at = o.At.UnixMilli()
	}
	return s
}

// Append takes values, staleness markers and exemplars of a series. It counts native
// histograms, which text cannot express.
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

// Flush does nothing: Families works at any time.
func (s *Snapshot) Flush(context.Context) error { return nil }

// Close does nothing.
func (s *Snapshot) Close() error { return nil }

// number takes a number or a staleness marker.
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

// exemplar takes an exemplar of the previous sample. The last one of several wins.
func (s *Snapshot) exemplar(series *prom.Series, x *prom.Sample) {
	if x.T <= s.at && series.ID < len(s.slots) && s.slots[series.ID].live {
		e := *x.Exemplar
		s.slots[series.ID].exemplar = &e
	}
}

// Families returns the live values, families and series in order of first sight.
// Families of equal name and type become one, with the latest description. The
// labels belong to the series; do not change them.
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

// oldest returns the time after which values count. As in PromQL, a value whose age
// equals the look-back is too old.
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
