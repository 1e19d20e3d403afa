package sidecar

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Catalog describes series with the metadata of many blocks. The zero Catalog is
// empty.
type Catalog struct {
	families map[string]*prom.Family // by sample name
	series   map[uint64][]Origin     // by labels.StableHash, ascending by time
	metrics  map[metricKey]*history.Metric
	contexts map[string]labelset.Set // context labels by host
	aliases  map[string]string       // see Catalog.Host
}

// Origin is the PCP metric and instance from which a series was made, from a time on.
type Origin struct {
	From   int64 // first time in milliseconds
	metric *history.Metric
	member *history.Series
	sample string // name of the samples
	text   string // name of the label that holds the text of a text metric
}

// Add reads the file of the block in dir, if it has one. The block starts at the
// given time in milliseconds.
func (c *Catalog) Add(dir string, start int64) error {
	s, err := readFile(dir)
	if err != nil || s == nil {
		return err
	}
	for _, f := range s.Families {
		for _, sample := range f.Samples {
			c.family(sample, prom.Family{Name: f.Name, Type: f.Type, Unit: f.Unit, Help: f.Help})
		}
	}
	if c.series == nil {
		c.series, c.metrics = map[uint64][]Origin{}, map[metricKey]*history.Metric{}
		c.contexts, c.aliases = map[string]labelset.Set{}, map[string]string{}
	}
	for i := range s.Hosts {
		if err := c.host(&s.Hosts[i], start); err != nil {
			return err
		}
	}
	return nil
}

// family adds a description of a sample's family, unless the catalog already has one.
func (c *Catalog) family(sample string, f prom.Family) {
	if c.families == nil {
		c.families = map[string]*prom.Family{}
	}
	if _, known := c.families[sample]; !known {
		c.families[sample] = &f
	}
}

// host adds the metrics of one archive to the catalog.
func (c *Catalog) host(s *hostEntry, start int64) error {
	context, err := s.Context.restore(labelset.Context)
	if err != nil {
		return err
	}
	name := context.Text(labelHostname)
	if context.Len() > c.contexts[name].Len() {
		c.contexts[name] = context // the logger learned the host's labels during the recording
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
		if err := c.metric(&s.Metrics[i], context, members, start); err != nil {
			return fmt.Errorf("metric %q: %w", s.Metrics[i].Name, err)
		}
	}
	return nil
}

// metric adds a metric with its series.
func (c *Catalog) metric(s *metricEntry, context labelset.Set, members map[pcp.InDomID][]*history.Series, start int64) error {
	if s.Name == "" || !s.Type.IsNumeric() && s.Type != pcp.TypeString {
		return nil
	}
	m := &history.Metric{Name: s.Name, OneLine: s.OneLine, Help: s.Help, Desc: &meta.Desc{
		PMID: s.PMID, Type: s.Type, InDom: s.InDom, Sem: s.Sem, Units: pcp.UnitsFromWord(s.Units), Names: append([]string{s.Name}, s.Names...),
	}}
	m.Labels[labelset.AtContext] = context
	for i, l := range []labelsEntry{s.Domain, s.Indom, s.Cluster, s.Item} {
		var err error
		if m.Labels[i+1], err = l.restore(labelset.Levels[i+1]); err != nil {
			return err
		}
	}
	key := keyOf(s.Sample, m)
	if known := c.metrics[key]; known != nil {
		m = known // callers use the pointer as a key, so each metric has only one
	}
	c.metrics[key] = m
	if alias := m.Labels[labelset.AtCluster].Text(labelHostname); alias != "" {
		c.aliases[alias] = context.Text(labelHostname)
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
		c.note(series.Labels, Origin{cmp.Or(series.From, start), m, member, s.Sample, series.Text})
	}
	return nil
}

// note adds an origin to a series, which its hash identifies.
func (c *Catalog) note(hash uint64, m Origin) {
	all := c.series[hash]
	i := len(all)
	for i > 0 && all[i-1].From > m.From {
		i--
	}
	c.series[hash] = slices.Insert(all, i, m)
}

// Describe returns the series with the given labels, with its family and its first
// origin. later holds the origins that replace the first one, sorted by time.
func (c *Catalog) Describe(lset labels.Labels, id int) (s *prom.Series, later []Origin) {
	s = newSeries(lset, id)
	if f, ok := c.families[s.Name]; ok {
		s.Family = f
		s.Sem = naming.SemanticsOf(s.Name, *f)
	} else {
		s.Sem = naming.SemanticsOf(s.Name, prom.Family{Name: s.Name})
	}
	origins := c.series[labels.StableHash(lset)]
	if len(origins) == 0 || origins[0].sample != s.Name {
		return s, nil
	}
	origins[0].Apply(s)
	return s, origins[1:]
}

// newSeries returns a series with the given labels. It shares their strings.
func newSeries(lset labels.Labels, id int) *prom.Series {
	s := &prom.Series{ID: id, Labels: make([]prom.Label, 0, lset.Len())}
	lset.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
			s.Name = l.Value
		case l.Value != "":
			s.Labels = append(s.Labels, prom.Label(l))
		}
	})
	return s
}

// Apply sets the origin of a series.
func (o *Origin) Apply(s *prom.Series) {
	s.PCPMetric, s.PCPSeries, s.Sem, s.TextLabel = o.metric, o.member, o.metric.Desc.Sem, o.text
}

// labelHostname is the context label with the name of the host.
const labelHostname = "hostname"

// Hosts returns the sorted names of the hosts whose archives became the blocks.
func (c *Catalog) Hosts() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.contexts)), func(name string) bool { return name == "" })
}

// HasNativeLabel reports whether the PCP metric of a series has a label with the given
// name. Metrics about the health of scrapes do not count.
func (c *Catalog) HasNativeLabel(name string) bool {
	for _, m := range c.metrics {
		for _, set := range m.Labels {
			if _, ok := set.Lookup(name); ok && !naming.IsHealth(m.Desc.PMID) {
				return true
			}
		}
	}
	for _, all := range c.series {
		for _, made := range all {
			if _, ok := made.member.Labels.Lookup(name); ok && !naming.IsHealth(made.metric.Desc.PMID) {
				return true
			}
		}
	}
	return false
}

// Context returns the context labels of a host's archives.
func (c *Catalog) Context(host string) labelset.Set { return c.contexts[host] }

// Host returns the host whose archive holds the series with the given label hostname.
// Usually both names are equal. They differ for a metric that one host recorded about
// another host.
func (c *Catalog) Host(hostname string) string {
	if _, own := c.aliases[hostname]; own && !slices.Contains(c.Hosts(), hostname) {
		return c.aliases[hostname]
	}
	return hostname
}

// AddFamily adds the type, unit and help of a sample's family from the write-ahead log of
// a server. An earlier description takes precedence.
func (c *Catalog) AddFamily(sample, typ, unit, help string) {
	c.family(sample, prom.Family{Name: familyName(sample, typ), Type: typ, Unit: unit, Help: help})
}

// familyName returns the name of a sample's family, which a write-ahead log does not
// state.
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
