package tsdb

import (
	"strconv"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/pcp"
)

// NewNatives returns the [convert.Natives] that makes series again the PCP
// metrics that they were made of: those with an Origin, as a Reader finds it in
// the sidecars of blocks. It is for one archive: where two hosts have metrics of
// the same number, the first one's are native there and the others' are counted
// in the report as renamed.
func NewNatives(r *convert.Report) convert.Natives {
	return &natives{report: r, metrics: map[pcp.PMID]*nativeOrigin{}}
}

type natives struct {
	report  *convert.Report
	metrics map[pcp.PMID]*nativeOrigin
}

type nativeOrigin struct {
	origin *archive.Metric
	native *convert.NativeMetric
}

// Places returns the instance of the metric that a series was made of.
func (n *natives) Places(s *convert.PromSeries) []convert.Place {
	if s.Origin == nil || s.Member == nil {
		return nil
	}
	id := s.Origin.Desc.PMID
	if id.Domain() == convert.OpenMetricsDomain && id.Cluster() != 0 {
		return nil // the archive gives out these numbers itself
	}
	m, ok := n.metrics[id]
	if !ok {
		m = &nativeOrigin{s.Origin, &convert.NativeMetric{
			Desc: *s.Origin.Desc, OneLine: s.Origin.OneLine, Help: s.Origin.Help, Labels: s.Origin.Labels,
		}}
		n.metrics[id] = m
	}
	if m.origin != s.Origin {
		n.report.Add(convert.LossRenamed, s.Origin.Name)
		return nil
	}
	// Where labels changed in between, one series ends when the next begins.
	p := convert.Place{Metric: m.native, ID: pcp.InstNull, Combine: convert.CombineLast}
	if s.Origin.Desc.InDom != pcp.InDomNull {
		p.Instance, p.ID, p.Labels = s.Member.Inst.Name, s.Member.Inst.ID, s.Member.Labels
	}
	return []convert.Place{p}
}

// parseInst reads the value of the label instid.
func parseInst(text string) (pcp.InstID, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	return pcp.InstID(n), err
}
