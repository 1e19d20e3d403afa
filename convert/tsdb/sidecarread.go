package tsdb

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// book is what is known of metrics beyond what their series say.
type book struct {
	families map[string]*prom.Family // by the name of samples
	series   map[uint64][]madeOf     // by the hash of their labels; ascending by time
	metrics  map[metricKey]*history.Metric
	contexts map[string]labelset.Set // of hosts
	aliases  map[string]string       // see Reader.Host
}

// madeOf is what a series was made of from a time on.
type madeOf struct {
	from   int64
	metric *history.Metric
	member *history.Series
	sample string
	text   string // the label that holds it
}

// read adds what the sidecar of a block says that starts at a time.
func (b *book) read(s *sidecar, start int64) error {
	for _, f := range s.Families {
		for _, sample := range f.Samples {
			b.family(sample, prom.Family{Name: f.Name, Type: f.Type, Unit: f.Unit, Help: f.Help})
		}
	}
	if b.series == nil {
		b.series, b.metrics = map[uint64][]madeOf{}, map[metricKey]*history.Metric{}
		b.contexts, b.aliases = map[string]labelset.Set{}, map[string]string{}
	}
	for i := range s.Hosts {
		if err := b.host(&s.Hosts[i], start); err != nil {
			return err
		}
	}
	return nil
}

// family notes the first description of a sample's family.
func (b *book) family(sample string, f prom.Family) {
	if b.families == nil {
		b.families = map[string]*prom.Family{}
	}
	if _, known := b.families[sample]; !known {
		b.families[sample] = &f
	}
}

// host adds the metrics of an archive.
func (b *book) host(s *sidecarHost, start int64) error {
	context, err := s.Context.restore(labelset.Context)
	if err != nil {
		return err
	}
	name := context.Text(labelHostname)
	if context.Len() > b.contexts[name].Len() {
		b.contexts[name] = context // a host's labels came to be known while it was recorded
	}
	members := map[pcp.InDomID][]*history.Series{}
	for _, in := range s.InDoms {
		for _, inst := range in.Instances {
			set, err := inst.Labels.restore(labelset.Instances)
			if err != nil {
				return err
			}
			members[in.ID] = append(members[in.ID], &history.Series{Inst: meta.Instance{ID: inst.ID, Name: cmp.Or(inst.Name, string(inst.Bytes))}, Labels: set})
		}
	}
	for i := range s.Metrics {
		if err := b.metric(&s.Metrics[i], context, members, start); err != nil {
			return fmt.Errorf("metric %q: %w", s.Metrics[i].Name, err)
		}
	}
	return nil
}

// metric adds a metric and its series.
func (b *book) metric(s *sidecarMetric, context labelset.Set, members map[pcp.InDomID][]*history.Series, start int64) error {
	if s.Name == "" || !s.Type.IsNumeric() && s.Type != pcp.TypeString {
		return nil
	}
	m := &history.Metric{Name: s.Name, OneLine: s.OneLine, Help: s.Help, Desc: &meta.Desc{
		PMID: s.PMID, Type: s.Type, InDom: s.InDom, Sem: s.Sem, Units: pcp.UnitsFromWord(s.Units), Names: append([]string{s.Name}, s.Names...),
	}}
	m.Labels[labelset.AtContext] = context
	for i, l := range []sidecarLabels{s.Domain, s.Indom, s.Cluster, s.Item} {
		var err error
		if m.Labels[i+1], err = l.restore(labelset.Levels[i+1]); err != nil {
			return err
		}
	}
	key := keyOf(s.Sample, m)
	if known := b.metrics[key]; known != nil {
		m = known // so that those who keep what they derived from it do so once
	}
	b.metrics[key] = m
	if alias := m.Labels[labelset.AtCluster].Text(labelHostname); alias != "" {
		b.aliases[alias] = context.Text(labelHostname)
	}
	single := &history.Series{Metric: m, Inst: meta.Instance{ID: pcp.InstNull}}
	for _, series := range s.Series {
		member := single
		if s.InDom != pcp.InDomNull {
			all := members[s.InDom]
			if series.Instance < 0 || series.Instance >= len(all) {
				return fmt.Errorf("instance %d of %d: %w", series.Instance, len(all), pcp.ErrRange)
			}
			member = all[series.Instance]
		}
		b.note(series.Labels, madeOf{cmp.Or(series.From, start), m, member, s.Sample, series.Text})
	}
	return nil
}

// note adds what a series was made of.
func (b *book) note(hash uint64, m madeOf) {
	all := b.series[hash]
	i := len(all)
	for i > 0 && all[i-1].from > m.from {
		i--
	}
	b.series[hash] = slices.Insert(all, i, m)
}

// of returns what is known of a series and what it is made of in the course of
// time.
func (b *book) of(lset labels.Labels, id int) (*prom.Series, []madeOf) {
	s := promSeries(lset, id)
	if f, ok := b.families[s.Name]; ok {
		s.Family = f
		s.Sem = naming.SemanticsOf(s.Name, *f)
	} else {
		s.Sem = naming.SemanticsOf(s.Name, prom.Family{Name: s.Name})
	}
	made := b.series[labels.StableHash(lset)]
	if len(made) == 0 || made[0].sample != s.Name {
		return s, nil
	}
	made[0].become(s)
	return s, made[1:]
}

// first returns a series as it is made at first.
func (b *book) first(lset labels.Labels) *prom.Series {
	s, _ := b.of(lset, 0)
	return s
}

// become makes a series what it is from then on.
func (m *madeOf) become(s *prom.Series) {
	s.PCPMetric, s.PCPSeries, s.Sem, s.TextLabel = m.metric, m.member, m.metric.Desc.Sem, m.text
}

// labelHostname is the context label that tells hosts apart.
const labelHostname = "hostname"

// Hosts returns the hosts of the archives that the blocks were made of, as far
// as their sidecars tell, sorted.
func (r *Reader) Hosts() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.book.contexts)), func(name string) bool { return name == "" })
}

// HasNativeLabel reports whether a PCP metric that a series of the blocks is made of
// has a label of a name. The health of scrapes does not count.
func (r *Reader) HasNativeLabel(name string) bool {
	for _, m := range r.book.metrics {
		for _, set := range m.Labels {
			if _, ok := set.Lookup(name); ok && !naming.IsHealth(m.Desc.PMID) {
				return true
			}
		}
	}
	for _, all := range r.book.series {
		for _, made := range all {
			if _, ok := made.member.Labels.Lookup(name); ok && !naming.IsHealth(made.metric.Desc.PMID) {
				return true
			}
		}
	}
	return false
}

// Context returns the context labels of a host's archive, as far as a sidecar
// tells.
func (r *Reader) Context(host string) labelset.Set { return r.book.contexts[host] }

// Host returns the host of whose archive a series with this label hostname was
// made. That is the label's value unless a sidecar says that a metric recorded
// there had the label of another host, which it was about.
func (r *Reader) Host(hostname string) string {
	if _, own := r.book.aliases[hostname]; own && !slices.Contains(r.Hosts(), hostname) {
		return r.book.aliases[hostname]
	}
	return hostname
}

// learn notes what the log of a server says of a sample's name, unless more is
// known already.
func (b *book) learn(sample, typ, unit, help string) {
	b.family(sample, prom.Family{Name: familyName(sample, typ), Type: typ, Unit: unit, Help: help})
}

// familyName returns the name of the family that a sample of a type is of. The
// log of a server does not have it.
func familyName(sample, typ string) string {
	var suffixes []string
	switch typ {
	case prom.TypeHistogram:
		suffixes = []string{"_bucket", "_sum", "_count", "_created"}
	case prom.TypeGaugeHistogram:
		suffixes = []string{"_bucket", "_gsum", "_gcount"}
	case prom.TypeSummary:
		suffixes = []string{"_sum", "_count", "_created"}
	}
	for _, suffix := range suffixes {
		if base, ok := strings.CutSuffix(sample, suffix); ok && base != "" {
			return base
		}
	}
	return sample
}
