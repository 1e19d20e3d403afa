package prom

import "github.com/pcparchive/pcparchive/history"

// Was is what a series was made of before a time.
type Origin struct {
	Until     int64 // milliseconds; from then on it is made of something else
	PCPMetric *history.Metric
	PCPSeries *history.Series
}

// MadeOf notes the PCP metric that a series is made of from a time in
// milliseconds on, and the archive's series; both are nil if it came from
// Prometheus. What does not differ keeps its pointers.
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

// sameMetric reports whether two descriptions say the same.
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
