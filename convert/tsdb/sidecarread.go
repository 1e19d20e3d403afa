package tsdb

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// book is what is known of metrics beyond what their series say.
type book struct {
	families map[string]*convert.Family // by the name of samples
	hosts    map[string]*bookHost       // by name or, without one, their context's text
	natives  map[string][]*bookMetric   // by the name of samples
	aliases  map[string]string          // see Reader.Host
}

// bookHost is what one archive had.
type bookHost struct {
	context labelset.Set
	metrics map[pcp.PMID]*bookMetric
	byName  map[instanceKey]*bookInstance
	byID    map[instanceKey]*bookInstance
}

type instanceKey struct {
	indom pcp.InDomID
	id    pcp.InstID // or
	name  string
}

type bookInstance struct {
	inst   meta.Instance
	labels labelset.Set
}

// bookMetric is a PCP metric of a host.
type bookMetric struct {
	host   *bookHost
	metric *archive.Metric
}

// read adds what a block's sidecar says. What is known already stays: a metric
// is described once.
func (b *book) read(s *sidecar) error {
	for _, f := range s.Families {
		for _, sample := range f.Samples {
			b.family(sample, convert.Family{Name: f.Name, Type: f.Type, Unit: f.Unit, Help: f.Help})
		}
	}
	for i := range s.Hosts {
		if err := b.host(&s.Hosts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) family(sample string, f convert.Family) {
	if b.families == nil {
		b.families = map[string]*convert.Family{}
	}
	if _, known := b.families[sample]; !known {
		b.families[sample] = &f
	}
}

// host adds the metrics and instances of an archive.
func (b *book) host(s *sidecarHost) error {
	context, err := s.Context.restore(labelset.Context)
	if err != nil {
		return err
	}
	if b.hosts == nil {
		b.hosts, b.natives, b.aliases = map[string]*bookHost{}, map[string][]*bookMetric{}, map[string]string{}
	}
	key := cmp.Or(context.Text(labelHostname), context.JSON())
	h, ok := b.hosts[key]
	if ok && context.Len() > h.context.Len() {
		h.context = context // a host's labels came to be known while it was recorded
	}
	if !ok {
		h = &bookHost{
			context: context, metrics: map[pcp.PMID]*bookMetric{},
			byName: map[instanceKey]*bookInstance{}, byID: map[instanceKey]*bookInstance{},
		}
		b.hosts[key] = h
	}
	for i := range s.Metrics {
		if err := b.metric(h, &s.Metrics[i]); err != nil {
			return err
		}
	}
	for _, in := range s.InDoms {
		for _, inst := range in.Instances {
			set, err := inst.Labels.restore(labelset.Instances)
			if err != nil {
				return err
			}
			known := &bookInstance{meta.Instance{ID: inst.ID, Name: inst.Name}, set}
			byName, byID := instanceKey{in.ID, 0, inst.Name}, instanceKey{in.ID, inst.ID, ""}
			h.byName[byName] = cmp.Or(h.byName[byName], known)
			h.byID[byID] = cmp.Or(h.byID[byID], known)
		}
	}
	return nil
}

func (b *book) metric(h *bookHost, s *sidecarMetric) error {
	if s.Name == "" || !s.Type.IsNumeric() {
		return nil
	}
	m := &archive.Metric{Name: s.Name, OneLine: s.OneLine, Help: s.Help, Desc: &meta.Desc{
		PMID: s.PMID, Type: s.Type, InDom: s.InDom, Sem: s.Sem, Units: pcp.UnitsFromWord(s.Units), Names: []string{s.Name},
	}}
	m.Labels[0] = h.context
	for i, l := range []sidecarLabels{s.Domain, s.Indom, s.Cluster, s.Item} {
		var err error
		if m.Labels[i+1], err = l.restore(labelset.Levels[i+1]); err != nil {
			return err
		}
	}
	if known := h.metrics[s.PMID]; known != nil {
		if known.metric.Desc.Conflict(m.Desc) == "" && known.metric.Name == m.Name && labelCount(m) > labelCount(known.metric) {
			*known.metric = *m
		}
		return nil
	}
	if alias := m.Labels[3].Text(labelHostname); alias != "" {
		b.aliases[alias] = h.context.Text(labelHostname)
	}
	known := &bookMetric{h, m}
	h.metrics[s.PMID] = known
	b.natives[s.Sample] = append(b.natives[s.Sample], known)
	return nil
}

func labelCount(m *archive.Metric) int {
	n := 0
	for _, set := range m.Labels {
		n += set.Len()
	}
	return n
}

// settle gives all metrics of a host the same context.
func (b *book) settle() {
	for _, h := range b.hosts {
		for _, m := range h.metrics {
			m.metric.Labels[0] = h.context
		}
	}
}

// series returns a series with what is known of it.
func (b *book) series(lset labels.Labels, id int) *convert.PromSeries {
	s := promSeries(lset, id)
	if f, ok := b.families[s.Name]; ok {
		s.Family = f
		s.Sem = convert.SemanticsOf(s.Name, *f)
	} else {
		s.Sem = convert.SemanticsOf(s.Name, convert.Family{Name: s.Name})
	}
	if m := b.native(s.Name, lset); m != nil {
		if member := m.host.member(m.metric, lset); member != nil {
			s.Origin, s.Member, s.Sem = m.metric, member, m.metric.Desc.Sem
		}
	}
	return s
}

// native returns the PCP metric of a series: of several hosts', the one whose
// context fits best.
func (b *book) native(name string, lset labels.Labels) *bookMetric {
	var best *bookMetric
	most := -1
	for _, m := range b.natives[name] {
		n := 0
		for l := range m.host.context.All() {
			if lset.Get(strings.ReplaceAll(l.Name, ".", "_")) == l.Text() {
				n++
			}
		}
		if n > most {
			best, most = m, n
		}
	}
	return best
}

// member returns the instance that a series is of, nil if the host has none such.
func (h *bookHost) member(m *archive.Metric, lset labels.Labels) *archive.Series {
	s := &archive.Series{Metric: m, Inst: meta.Instance{ID: pcp.InstNull}}
	if m.Desc.InDom == pcp.InDomNull {
		return s
	}
	inst := h.byName[instanceKey{m.Desc.InDom, 0, lset.Get("instname")}]
	if id, err := parseInst(lset.Get("instid")); err == nil {
		inst = h.byID[instanceKey{m.Desc.InDom, id, ""}]
	}
	if inst == nil {
		return nil
	}
	s.Inst, s.Labels = inst.inst, inst.labels
	return s
}

// labelHostname is the context label that tells hosts apart.
const labelHostname = "hostname"

// Hosts returns the hosts of the archives that the blocks were made of, as far
// as their sidecars tell, sorted.
func (r *Reader) Hosts() []string {
	found := map[string]bool{}
	for _, h := range r.book.hosts {
		if name := h.context.Text(labelHostname); name != "" {
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Context returns the context labels of a host's archive, as far as a sidecar
// tells.
func (r *Reader) Context(host string) labelset.Set {
	if h := r.book.hosts[host]; h != nil {
		return h.context
	}
	return labelset.Set{}
}

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
	b.family(sample, convert.Family{Name: familyName(sample, typ), Type: typ, Unit: unit, Help: help})
}

// familyName returns the name of the family that a sample of a type is of. The
// log of a server does not have it.
func familyName(sample, typ string) string {
	var suffixes []string
	switch typ {
	case convert.TypeHistogram:
		suffixes = []string{"_bucket", "_sum", "_count", "_created"}
	case convert.TypeGaugeHistogram:
		suffixes = []string{"_bucket", "_gsum", "_gcount"}
	case convert.TypeSummary:
		suffixes = []string{"_sum", "_count", "_created"}
	}
	for _, suffix := range suffixes {
		if base, ok := strings.CutSuffix(sample, suffix); ok && base != "" {
			return base
		}
	}
	return sample
}
