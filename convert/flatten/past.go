package flatten

import (
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// past has the series that a metric had in earlier archives. Each archive describes a metric
// anew, most often in the same words. A series with the same words needs no new labels.
type past struct {
	since     string      // as in describer
	single    *pastSeries // of a metric without instances
	instances map[pcp.InstID]*pastSeries
}

// pastSeries is a series with what its labels depend on beside the metric.
type pastSeries struct {
	name   string // of the instance
	labels labelset.Set
	twin   bool
	prom   *liveSeries
}

// sameWords reports whether the labels of the series of two metrics depend on the same.
func sameWords(a, b *history.Metric, x, y *sampleNaming) bool {
	return x.sample == y.sample && x.origin == y.origin && x.counter == y.counter &&
		slices.Equal(x.target, y.target) && slices.EqualFunc(a.Labels[:], b.Labels[:], labelset.Set.Equal)
}

// remember notes the series of an instance.
func (p *past) remember(s *history.Series, twin bool, live *liveSeries) {
	known := &pastSeries{s.Inst.Name, s.Labels, twin, live}
	if s.Inst.ID == pcp.InstNull {
		p.single = known
		return
	}
	if p.instances == nil {
		p.instances = map[pcp.InstID]*pastSeries{}
	}
	p.instances[s.Inst.ID] = known
}

// find returns the series that intern would return for the labels of s. It returns nil if
// that is not known.
func (p *past) find(s *history.Series, twin bool, host string) *liveSeries {
	known := p.single
	if s.Inst.ID != pcp.InstNull {
		known = p.instances[s.Inst.ID]
	}
	if known == nil || known.twin != twin || known.name != s.Inst.Name || !known.labels.Equal(s.Labels) {
		return nil
	}
	if host != "" && known.prom.owner.opts.Host != host {
		return nil
	}
	return known.prom
}
