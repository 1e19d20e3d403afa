package catalogue

import (
	"hash/maphash"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Metric is a metric of a host as one or more archives describe it. If descriptor, texts,
// labels or instances differ between archives, each version is a Metric of its own. A Metric
// is immutable.
type Metric struct {
	*Description

	hash    digest
	series  []uint32 // in the index; empty if Sample is ""
	aliased []alias  // series under further names
	unknown bool     // whether the archive lacks a description of the instances
}

// Description is what a Metric has in common with the Metrics of other hosts and versions.
type Description struct {
	Desc    meta.Desc
	OneLine string
	Help    string // long help text, or the one-line text if there is no other
	// Sample is the name of the samples in Prometheus. It is "" for metrics without samples:
	// texts, events, and metrics without a name.
	Sample string
	Family prom.Family
	// Native reports whether the metric is PCP's own. Other metrics came from Prometheus.
	Native bool
}

// alias is a further name of a metric and the series under it.
type alias struct {
	pcp, prom string
	series    []uint32
}

// description is a Metric with its own copies of texts and series.
type description struct {
	hash          digest
	desc          meta.Desc
	oneLine, help string
	sample        string
	family        prom.Family
	native        bool
	unknown       bool
	target        []prom.Label
	series        []describedSeries
	fixed         digest // see knownSeries.metric; zero if it is not known
}

// describedSeries is a series with the labels that it has without clashes of hosts. labels
// does not include the name.
type describedSeries struct {
	name   string
	labels []prom.Label
	of     seriesOf // zero for a series that is not known by its source
	id     uint32   // in the index if known is set; then name and labels are missing
	known  bool
}

// seriesOf tells the series of one metric apart by all that their labels depend on beside the
// metric: the state of the metric and that of the instance.
type seriesOf struct {
	state    int
	instance digest
}

// knownSeries are the series of a metric as an archive had them, for the archives that
// follow: most have the same instances.
type knownSeries struct {
	metric digest // all that the labels depend on beside the instances
	ids    map[seriesOf]uint32
}

// group is a set of metrics that usually change together. All archives with equal
// descriptions of the metrics share the group.
type group struct {
	hash    digest
	metrics []*Metric
	holder  cachedir.Key // the cache entry that holds the group; "" if none does
}

// hashGroup returns the hash of a group.
func hashGroup(all []*source) digest {
	b := make([]byte, 0, len(all)*len(digest{}))
	for _, s := range all {
		b = append(b, s.hash[:]...)
	}
	return sum(b)
}

// text returns the shared copy of a text.
func (t *tables) text(s string) string {
	if known, ok := t.texts[s]; ok {
		return known
	}
	t.texts[s] = s
	return s
}

// metric finds or adds the Metric of a description. The caller holds t.mu.
func (t *tables) metric(h *host, d *description) *Metric {
	if m := t.metrics[d.hash]; m != nil {
		return m
	}
	m := &Metric{hash: d.hash, Description: t.description(d), unknown: d.unknown, series: make([]uint32, 0, len(d.series))}
	origin := t.index.origin(d.native, d.target)
	found := &knownSeries{metric: d.fixed}
	if d.fixed != (digest{}) && d.desc.InDom != pcp.InDomNull {
		found.ids = make(map[seriesOf]uint32, len(d.series))
		h.series[d.desc.PMID] = found
	}
	for i := range d.series {
		s := &d.series[i]
		if !s.known {
			s.id = t.index.add(promLabels(s), h.number, origin)
		}
		if found.ids != nil {
			found.ids[s.of] = s.id
		}
		m.series = appendNew(m.series, s.id)
	}
	t.metrics[d.hash] = m
	h.addNames(t.index, m)
	return m
}

// description finds or adds the Description of a description. Hosts of one kind have nearly
// all in common.
func (t *tables) description(d *description) *Description {
	same := struct {
		id                            pcp.PMID
		name, oneLine, help, typeName string
	}{d.desc.PMID, d.desc.Name(), d.oneLine, d.help, d.family.Type}
	hash := maphash.Comparable(t.seed, same)
	known := t.described[hash]
	if known != nil && known.is(d) {
		return known
	}
	m := &Description{
		Desc: d.desc, OneLine: t.text(d.oneLine), Help: t.text(d.help), Sample: t.text(d.sample), Native: d.native,
		Family: prom.Family{Name: t.text(d.family.Name), Type: t.text(d.family.Type), Unit: t.text(d.family.Unit), Help: t.text(d.family.Help)},
	}
	m.Desc.Names = make([]string, len(d.desc.Names))
	for i, name := range d.desc.Names {
		m.Desc.Names[i] = t.text(name)
	}
	t.described[hash] = m
	return m
}

// is reports whether m is the Description of d.
func (m *Description) is(d *description) bool {
	return m.Desc.PMID == d.desc.PMID && m.Desc.Type == d.desc.Type && m.Desc.InDom == d.desc.InDom && m.Desc.Sem == d.desc.Sem &&
		m.Desc.Units == d.desc.Units && slices.Equal(m.Desc.Names, d.desc.Names) &&
		m.OneLine == d.oneLine && m.Help == d.help && m.Sample == d.sample && m.Family == d.family && m.Native == d.native
}

// appendNew appends a series, unless it equals the last one.
func appendNew(all []uint32, id uint32) []uint32 {
	if n := len(all); n > 0 && all[n-1] == id {
		return all
	}
	return append(all, id)
}

// promLabels returns the labels of a series with its name.
func promLabels(s *describedSeries) labels.Labels {
	b := labels.NewScratchBuilder(len(s.labels) + 1)
	b.Add(model.MetricNameLabel, s.name)
	for _, l := range s.labels {
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	return b.Labels()
}

// addNames registers the names that a metric has in Prometheus, and adds its series under
// further names.
func (h *host) addNames(x *index, m *Metric) {
	if m.Sample == "" {
		return
	}
	others := h.named[m.Sample]
	h.named[m.Sample] = append(others, m)
	if !m.Native {
		h.alias(x, m)
		return
	}
	// Without rivals, all native metrics before this one have the same name.
	if before := slices.IndexFunc(others, func(other *Metric) bool { return other.Native }); before >= 0 {
		h.rivals = h.rivals || others[before].Desc.Name() != m.Desc.Name()
	}
	more := len(h.further[m.Sample])
	for _, other := range m.Desc.Names[1:] {
		if name := naming.PrometheusName(other); name != m.Sample {
			h.further[m.Sample] = withName(h.further[m.Sample], furtherName{other, name})
		}
	}
	if len(h.further[m.Sample]) == more {
		h.alias(x, m)
		return
	}
	for _, other := range h.named[m.Sample] {
		h.alias(x, other)
	}
}

// alias adds the series of a metric under those further names that it lacks.
func (h *host) alias(x *index, m *Metric) {
	for _, name := range h.further[m.Sample][len(m.aliased):] {
		a := alias{pcp: name.pcp, prom: name.prom}
		for _, id := range m.series {
			if x.labels[id].Get(model.MetricNameLabel) == m.Sample {
				ls := labels.NewBuilder(x.labels[id]).Set(model.MetricNameLabel, name.prom).Labels()
				a.series = appendNew(a.series, x.add(ls, h.number, x.origins[id]))
			}
		}
		m.aliased = append(m.aliased, a)
	}
}

// furtherName is a name of a metric beside its first one.
type furtherName struct{ pcp, prom string }

// withText appends a text, unless the list contains it.
func withText(all []string, text string) []string {
	if slices.Contains(all, text) {
		return all
	}
	return append(all, text)
}

// withName appends a name, unless the list contains it.
func withName(all []furtherName, name furtherName) []furtherName {
	if slices.Contains(all, name) {
		return all
	}
	return append(all, name)
}
