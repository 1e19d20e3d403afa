package csv

import (
	"fmt"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// steps emits the records.
func (l *longReader) steps(emit func(*history.Step) bool) error {
	var touched []*longMetric
	var stamp pcp.Timestamp
	flush := func() bool {
		if len(touched) == 0 {
			return true
		}
		l.step = history.Step{Stamp: stamp, Metrics: l.step.Metrics[:0]}
		for _, m := range touched {
			l.step.Metrics = append(l.step.Metrics, history.MetricValues{Metric: &m.table.Metric, InDom: m.table.indom, Points: m.table.points})
		}
		l.count()
		more := emit(&l.step)
		for _, m := range touched {
			m.table.points = m.table.points[:0]
		}
		touched = touched[:0]
		return more
	}
	ok := true
	err := l.sorter.each(func(v longValue) bool {
		if v.stamp != stamp {
			ok = flush()
		}
		if !ok {
			return false
		}
		stamp = v.stamp
		if v.series == markSeries {
			l.step = history.Step{Stamp: v.stamp, Mark: true}
			ok = emit(&l.step)
			return ok
		}
		s := l.series[v.series-1]
		if l.put(s, &v) && len(s.metric.table.points) == 1 {
			touched = append(touched, s.metric)
		}
		return true
	})
	if err == nil && ok {
		flush()
	}
	return err
}

// put adds a value to the record being made.
func (l *longReader) put(s *longSeries, v *longValue) bool {
	m := s.metric
	var x history.Value
	var err error
	switch {
	case m.typ != pcp.TypeString && isMissing(v.cell):
		return false // an empty cell of a text is an empty text
	case s.line > 0 && s.stamp == v.stamp:
		err = fmt.Errorf("line %d has a value for the same time", s.line)
	default:
		text := v.cell
		if m.typ != pcp.TypeString {
			text = l.decimal(text)
		}
		x, err = valueOf(text, s.series.Inst.ID, m.typ)
	}
	if err != nil {
		l.badValue(m, int(v.line), err)
		return false
	}
	if s.line == 0 {
		l.stats.Series++
	}
	s.line, s.stamp = int(max(v.line, 1)), v.stamp
	m.table.points = append(m.table.points, history.Point{Series: s.series, Value: x})
	return true
}

// report reports what was left out and not named.
func (l *longReader) report() {
	for _, m := range l.metrics {
		if m.bad > 1 {
			l.damaged(0, fmt.Errorf("%d more values of %.80q left out", m.bad-1, m.cell))
		}
	}
}
