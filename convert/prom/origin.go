package prom

import "github.com/pcparchive/pcparchive/history"

// Origin is an earlier PCP origin of a series.
type Origin struct {
	Until     int64 // in milliseconds; from this time on the series has another origin
	PCPMetric *history.Metric
	PCPSeries *history.Series
}

// SetOrigin sets the PCP metric and the archive's series that s is made from,
// from the time t in milliseconds on. Both are nil for a series that came from
// Prometheus. If the new metric or series says the same as the present one, s
// keeps the present pointer; otherwise the present origin moves to s.Earlier.
func (s *Series) SetOrigin(origin *history.Metric, member *history.Series, t int64) {
	if s.PCPMetric == origin && s.PCPSeries == member {
		return
	}
	if s.PCPMetric != nil && origin != nil && sameMetric(s.PCPMetric, origin) {
		if origin = s.PCPMetric; s.PCPSeries.Inst == member.Inst && s.PCPSeries.Labels.Equal(member.Labels) {
			return
		}
	}
	if s.PCPMetric != nil {
		s.Earlier = append(s.Earlier, Origin{t, s.PCPMetric, s.PCPSeries})
	}
	s.PCPMetric, s.PCPSeries = origin, member
}

// sameMetric reports whether two metrics have equal names, texts, descriptors
// and labels.
func sameMetric(a, b *history.Metric) bool {
	if a.Name != b.Name || a.OneLine != b.OneLine || a.Help != b.Help ||
		a.Desc != b.Desc && (a.Desc.PMID != b.Desc.PMID || a.Desc.Conflict(b.Desc) != "") {
		return false
	}
	for i := range a.Labels {
		if !a.Labels[i].Equal(b.Labels[i]) {
			return false
		}
	}
	return true
}
