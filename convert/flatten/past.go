package flatten

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// past has the series that a metric had in earlier archives, by instance. Each archive
// describes a metric anew, most often in the same words. A series with the same words needs
// no new labels.
type past struct {
	words  metricWords
	series map[pcp.InstID]pastSeries
}

// metricWords is what the labels of all series of a metric depend on.
type metricWords struct {
	levels          [labelset.MetricLevels]labelset.Set
	sample, since   string
	target          []prom.Label
	origin, counter bool
}

// pastSeries is a series with what its labels depend on beside the metricWords.
type pastSeries struct {
	name   string // of the instance
	labels labelset.Set
	twin   bool
	prom   *liveSeries
}

// describe notes the words of a metric. Other words make the series useless.
func (p *past) describe(metric *history.Metric, n *sampleNaming, since string) {
	words := metricWords{metric.Labels, n.sample, since, n.target, n.origin, n.counter}
	if !p.words.equal(&words) {
		clear(p.series)
	}
	p.words = words
}

func (w *metricWords) equal(other *metricWords) bool {
	return w.sample == other.sample && w.since == other.since && w.origin == other.origin && w.counter == other.counter &&
		slices.Equal(w.target, other.target) && slices.EqualFunc(w.levels[:], other.levels[:], labelset.Set.Equal)
}

// remember notes the series of an instance.
func (p *past) remember(s *history.Series, twin bool, live *liveSeries) {
	if p.series == nil {
		p.series = map[pcp.InstID]pastSeries{}
	}
	p.series[s.Inst.ID] = pastSeries{s.Inst.Name, s.Labels, twin, live}
}

// find returns the series that intern would return for the labels of s. It returns nil if
// that is not known.
func (p *past) find(s *history.Series, twin bool, host string) *liveSeries {
	known, ok := p.series[s.Inst.ID]
	if !ok || known.twin != twin || known.name != s.Inst.Name || !known.labels.Equal(s.Labels) {
		return nil
	}
	if host != "" && known.prom.owner.opts.Host != host {
		return nil
	}
	return known.prom
}
