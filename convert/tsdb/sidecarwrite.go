package tsdb

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// writeSidecar writes the file into the folder of a block that starts at a time.
func writeSidecar(dir string, start int64, live []*series) error {
	f, err := os.Create(filepath.Join(dir, SidecarName))
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetEscapeHTML(false)
	err = enc.Encode(newSidecar(start, live))
	return errors.Join(err, f.Sync(), f.Close())
}

// newSidecar describes the series of a block.
func newSidecar(start int64, live []*series) *sidecar {
	w := sidecarWriter{
		start: start, file: &sidecar{Format: sidecarFormat, Version: sidecarVersion, Families: []sidecarFamily{}},
		families: map[familyKey]int{}, samples: map[sampleKey]bool{},
		hosts: map[string]int{}, metrics: map[metricKey]int{}, indoms: map[indomKey]int{}, members: map[memberKey]int{},
	}
	for _, e := range live {
		w.add(e)
	}
	return w.file
}

// sidecarWriter keeps where in the file things are.
type sidecarWriter struct {
	file     *sidecar
	start    int64
	families map[familyKey]int
	samples  map[sampleKey]bool
	hosts    map[string]int
	metrics  map[metricKey]int
	indoms   map[indomKey]int
	members  map[memberKey]int

	last      *history.Metric // looked up last, and where it is
	lastPlace [2]int
}

type (
	familyKey struct{ name, typ, unit, help string }
	sampleKey struct {
		family int
		sample string
	}
	metricKey struct {
		sample, name, oneLine, help string
		pmid                        pcp.PMID
		typ                         pcp.Type
		indom                       pcp.InDomID
		sem                         pcp.Semantics
		units                       pcp.Units
		labels                      [5]string
	}
	indomKey struct {
		host int
		id   pcp.InDomID
	}
	memberKey struct {
		indom  indomKey
		inst   meta.Instance
		labels string
	}
)

// add describes a series.
func (w *sidecarWriter) add(e *series) {
	p := e.prom
	if f := p.Family; f != nil {
		w.family(p.Name, f)
	}
	from := w.start
	for _, was := range p.Earlier {
		if was.Until > from {
			w.series(e, was.PCPMetric, was.PCPSeries, from)
			from = was.Until
		}
	}
	w.series(e, p.PCPMetric, p.PCPSeries, from)
}

// family describes the family of samples.
func (w *sidecarWriter) family(sample string, f *prom.Family) {
	key := familyKey{f.Name, f.Type, f.Unit, f.Help}
	i, ok := w.families[key]
	if !ok {
		i = len(w.file.Families)
		w.families[key] = i
		w.file.Families = append(w.file.Families, sidecarFamily{Name: f.Name, Type: f.Type, Unit: f.Unit, Help: f.Help})
	}
	if !w.samples[sampleKey{i, sample}] {
		w.samples[sampleKey{i, sample}] = true
		w.file.Families[i].Samples = append(w.file.Families[i].Samples, sample)
	}
}

// series notes what a series was made of from a time on.
func (w *sidecarWriter) series(e *series, origin *history.Metric, member *history.Series, from int64) {
	if origin == nil || member == nil {
		return
	}
	if w.last != origin {
		w.last, w.lastPlace = origin, w.metric(e.prom.Name, origin)
	}
	host, at := w.lastPlace[0], w.lastPlace[1]
	s := sidecarSeries{Labels: labels.StableHash(e.lset), Text: e.prom.TextLabel}
	if from > w.start {
		s.From = from
	}
	if id := origin.Desc.InDom; id != pcp.InDomNull {
		s.Instance = w.member(indomKey{host, id}, member)
	}
	m := &w.file.Hosts[host].Metrics[at]
	m.Series = append(m.Series, s)
}

// metric finds a metric, or describes it: the place of its host, and its own
// there.
func (w *sidecarWriter) metric(sample string, m *history.Metric) [2]int {
	context := setKey(m.Labels[labelset.AtContext])
	host, ok := w.hosts[context]
	if !ok {
		host = len(w.file.Hosts)
		w.hosts[context] = host
		w.file.Hosts = append(w.file.Hosts, sidecarHost{Context: labelsToSidecar(m.Labels[labelset.AtContext])})
	}
	d, h := m.Desc, &w.file.Hosts[host]
	key := keyOf(sample, m)
	i, ok := w.metrics[key]
	if !ok {
		i = len(h.Metrics)
		w.metrics[key] = i
		h.Metrics = append(h.Metrics, sidecarMetric{
			Sample: sample, Name: m.Name, Names: furtherNames(m), PMID: d.PMID, Type: d.Type, InDom: d.InDom, Sem: d.Sem, Units: d.Units.Word(),
			OneLine: m.OneLine, Help: m.Help,
			Domain: labelsToSidecar(m.Labels[labelset.AtDomain]), Indom: labelsToSidecar(m.Labels[labelset.AtInDom]),
			Cluster: labelsToSidecar(m.Labels[labelset.AtCluster]), Item: labelsToSidecar(m.Labels[labelset.AtItem]),
		})
	}
	return [2]int{host, i}
}

// furtherNames returns the names of a metric beside the one that it goes by.
func furtherNames(m *history.Metric) []string {
	return slices.DeleteFunc(slices.Clone(m.Desc.Names), func(name string) bool { return name == m.Name })
}

// member finds an instance of a domain, or describes it.
func (w *sidecarWriter) member(in indomKey, s *history.Series) int {
	h := &w.file.Hosts[in.host]
	at, ok := w.indoms[in]
	if !ok {
		at = len(h.InDoms)
		w.indoms[in] = at
		h.InDoms = append(h.InDoms, sidecarInDom{ID: in.id})
	}
	key := memberKey{in, s.Inst, setKey(s.Labels)}
	i, ok := w.members[key]
	if !ok {
		i = len(h.InDoms[at].Instances)
		w.members[key] = i
		inst := sidecarInstance{ID: s.Inst.ID, Name: s.Inst.Name, Labels: labelsToSidecar(s.Labels)}
		if !utf8.ValidString(inst.Name) {
			inst.Name, inst.Bytes = "", []byte(inst.Name)
		}
		h.InDoms[at].Instances = append(h.InDoms[at].Instances, inst)
	}
	return i
}

// keyOf is equal for metrics that are described alike.
func keyOf(sample string, m *history.Metric) metricKey {
	d := m.Desc
	key := metricKey{
		sample: sample, name: m.Name, oneLine: m.OneLine, help: m.Help,
		pmid: d.PMID, typ: d.Type, indom: d.InDom, sem: d.Sem, units: d.Units,
	}
	for i, set := range m.Labels {
		key.labels[i] = setKey(set)
	}
	return key
}

// setKey is equal for label sets that are.
func setKey(set labelset.Set) string {
	return string(labelset.Instance{Set: set}.AppendBinary(nil))
}
