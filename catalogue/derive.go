package catalogue

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// deriver derives descriptions of metrics from the metadata of an archive.
type deriver struct {
	r         *archive.Reader
	describer *flatten.Describer
	hash      hasher
	domains   map[pcp.InDomID]*domainStates
}

// domainStates holds the states of all instances of a domain, and their hash.
type domainStates struct {
	all  []described
	hash digest
}

func newDeriver(r *archive.Reader, memo *hashes) *deriver {
	host := r.Header().Host
	return &deriver{
		r: r, describer: flatten.NewDescriber(flatten.Options{TargetLabels: true, Host: host}),
		hash: hasher{host: host, records: map[*meta.Labels]digest{}, memo: memo}, domains: map[pcp.InDomID]*domainStates{},
	}
}

// groupKey identifies a group: the metrics of one cluster with one instance domain. Such
// metrics usually change together.
type groupKey struct {
	cluster uint32
	indom   pcp.InDomID
}

// source is a metric with everything that its description depends on.
type source struct {
	desc   *meta.Desc
	states []metricState
	insts  []described // nil for a singular metric
	hash   digest
	fixed  digest // without the instances; zero for a singular metric
}

// metricState is a metric during a time without changes of its labels. The field to is
// exclusive.
type metricState struct {
	records  [labelset.MetricLevels]*meta.Labels
	from, to pcp.Timestamp
}

// groups returns the metrics of the archive by group. PMIDs ascend within each group. groups
// returns the error of ctx if ctx ends.
func (d *deriver) groups(ctx context.Context) ([][]*source, error) {
	byKey := map[groupKey][]*source{}
	var keys []groupKey
	for desc := range d.r.Meta().Metrics() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		key := groupKey{uint32(desc.PMID.ClusterID()), desc.InDom}
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], d.source(desc))
	}
	slices.SortFunc(keys, func(a, b groupKey) int {
		return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.indom, b.indom))
	})
	all := make([][]*source, len(keys))
	for i, key := range keys {
		all[i] = byKey[key]
		slices.SortFunc(all[i], func(a, b *source) int { return cmp.Compare(a.desc.PMID, b.desc.PMID) })
	}
	return all, nil
}

// source collects everything that the description of a metric depends on.
func (d *deriver) source(desc *meta.Desc) *source {
	s := &source{desc: desc}
	for t := d.r.Header().Start; ; {
		records, until := d.r.LabelRecordsAt(desc, t)
		if n := len(s.states); n > 0 && d.hash.sameRecords(s.states[n-1].records, records) {
			s.states[n-1].to = until
		} else {
			s.states = append(s.states, metricState{records, t, until})
		}
		if until == pcp.MaxTime {
			break
		}
		t = until
	}
	s.states = s.states[d.unlogged(desc, s.states):]
	var states *domainStates
	if desc.InDom != pcp.InDomNull {
		states = d.domain(desc.InDom)
		s.insts = states.all
	}
	d.hash.metric(s, states, d.r.Meta())
	return s
}

// The metrics that pmlogger records first, before it writes the labels of the context:
// pmcd.pid, pmcd.seqnum and the cluster pmcd.pmlogger.
const (
	agentDomain   = 2
	agentCluster  = 0
	loggerCluster = 3
	agentPID      = 23
	agentSequence = 24
)

// prologueTime is the longest time between the start of pmlogger and its first values.
const prologueTime = 10 * time.Minute

// unlogged returns the number of initial states during which pmlogger has not recorded the
// metric. It is 1 if labels of the context begin only with the second state, and 0 for the
// metrics that pmlogger records first.
func (d *deriver) unlogged(desc *meta.Desc, states []metricState) int {
	id := desc.PMID
	first := id.Cluster() == loggerCluster || id.Cluster() == agentCluster && (id.Item() == agentPID || id.Item() == agentSequence)
	if _, byLogger := d.r.Meta().Desc(pcp.NewPMID(agentDomain, loggerCluster, 0)); !byLogger || id.Domain() == agentDomain && first {
		return 0
	}
	if len(states) < 2 || states[0].records[labelset.AtContext] != nil || states[1].records[labelset.AtContext] == nil ||
		states[1].from.Sub(d.r.Header().Start) > prologueTime {
		return 0
	}
	return 1
}

// domain returns the states of a domain's instances.
func (d *deriver) domain(id pcp.InDomID) *domainStates {
	states := d.domains[id]
	if states == nil {
		states = &domainStates{all: describeDomain(d.r.Meta(), id, d.r.Header().Start)}
		states.hash = hashInstances(states.all)
		d.domains[id] = states
	}
	return states
}

// during reports whether the state of a metric and that of an instance overlap in time.
func (s *metricState) during(inst *described) bool {
	return slices.ContainsFunc(inst.spans, func(x span) bool { return x.from.Before(s.to) && s.from.Before(x.to) })
}

// describe describes a metric and its series. before has series of the metric that are known;
// it may be nil.
func (d *deriver) describe(s *source, before *knownSeries) *description {
	out := &description{hash: s.hash, fixed: s.fixed, desc: *s.desc, oneLine: d.r.Meta().OneLine(s.desc.PMID), help: d.r.Meta().Help(s.desc.PMID)}
	histograms := naming.HoldsHistograms(d.r.Meta(), s.desc)
	for i := range s.states {
		state := &s.states[i]
		metric, _, _ := d.r.MetricAt(s.desc, state.from)
		m, ok := d.describer.Describe(metric)
		if !ok || !s.desc.Type.IsNumeric() && !histograms {
			continue
		}
		out.sample, out.family, out.native, out.target = m.Sample, m.Family, m.Native, m.Target
		if s.desc.InDom == pcp.InDomNull {
			d.add(out, &m, &history.Series{Metric: metric, Inst: meta.Instance{ID: pcp.InstNull}}, false, seriesOf{})
			continue
		}
		out.unknown = out.unknown || len(s.insts) == 0
		for j := range s.insts {
			inst := &s.insts[j]
			if !state.during(inst) {
				continue
			}
			of := seriesOf{i, inst.hash}
			if before != nil && before.metric == s.fixed {
				if id, known := before.ids[of]; known {
					out.series = append(out.series, describedSeries{of: of, id: id, known: true})
					continue
				}
			}
			d.add(out, &m, &history.Series{Metric: metric, Inst: inst.inst, Labels: inst.labels}, inst.twin, of)
		}
	}
	return out
}

// add adds a series to a description, unless Prometheus cannot hold it.
func (d *deriver) add(out *description, m *flatten.Description, s *history.Series, twin bool, of seriesOf) {
	labels, err := d.describer.Labels(m, s, twin)
	if err != nil {
		return
	}
	p := prom.Series{Name: m.Sample, Labels: labels}
	if p.Fits() {
		out.series = append(out.series, describedSeries{name: m.Sample, labels: labels, of: of})
	}
}
