package sidecar

import (
	"encoding/json"
	"errors"
	"iter"
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

// Write writes the file into the folder of a block. The block starts at the given
// time in milliseconds and has the given series.
func Write(dir string, start int64, all iter.Seq2[*prom.Series, labels.Labels]) error {
	f, err := os.Create(filepath.Join(dir, FileName))
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetEscapeHTML(false)
	err = enc.Encode(newContents(start, all))
	return errors.Join(err, f.Sync(), f.Close())
}

// newContents describes the series of a block.
func newContents(start int64, all iter.Seq2[*prom.Series, labels.Labels]) *contents {
	w := writer{
		start: start, file: &contents{Format: formatName, Version: formatVersion, Families: []familyEntry{}},
		families: map[familyKey]int{}, samples: map[sampleKey]bool{},
		hosts: map[string]int{}, metrics: map[metricKey]int{}, indoms: map[indomKey]int{}, members: map[memberKey]int{},
	}
	for p, lset := range all {
		w.add(p, lset)
	}
	return w.file
}

// writer builds the contents. Its maps hold the index of each entry.
type writer struct {
	file     *contents
	start    int64
	families map[familyKey]int
	samples  map[sampleKey]bool
	hosts    map[string]int
	metrics  map[metricKey]int
	indoms   map[indomKey]int
	members  map[memberKey]int

	last      *history.Metric // the last argument of metric
	lastPlace [2]int          // result of metric for last
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
func (w *writer) add(p *prom.Series, lset labels.Labels) {
	if f := p.Family; f != nil {
		w.family(p.Name, f)
	}
	from := w.start
	for _, was := range p.Earlier {
		if was.Until > from {
			w.series(p, lset, was.PCPMetric, was.PCPSeries, from)
			from = was.Until
		}
	}
	w.series(p, lset, p.PCPMetric, p.PCPSeries, from)
}

// family adds the family of a sample.
func (w *writer) family(sample string, f *prom.Family) {
	key := familyKey{f.Name, f.Type, f.Unit, f.Help}
	i, ok := w.families[key]
	if !ok {
		i = len(w.file.Families)
		w.families[key] = i
		w.file.Families = append(w.file.Families, familyEntry{Name: f.Name, Type: f.Type, Unit: f.Unit, Help: f.Help})
	}
	if !w.samples[sampleKey{i, sample}] {
		w.samples[sampleKey{i, sample}] = true
		w.file.Families[i].Samples = append(w.file.Families[i].Samples, sample)
	}
}

// series adds the origin that a series has from a time on.
func (w *writer) series(p *prom.Series, lset labels.Labels, origin *history.Metric, member *history.Series, from int64) {
	if origin == nil || member == nil {
		return
	}
	if w.last != origin {
		w.last, w.lastPlace = origin, w.metric(p.Name, origin)
	}
	host, at := w.lastPlace[0], w.lastPlace[1]
	s := seriesEntry{Labels: labels.StableHash(lset), Text: p.TextLabel}
	if from > w.start {
		s.From = from
	}
	if id := origin.Desc.InDom; id != pcp.InDomNull {
		s.Instance = w.member(indomKey{host, id}, member)
	}
	m := &w.file.Hosts[host].Metrics[at]
	m.Series = append(m.Series, s)
}

// metric finds or adds a metric. It returns the indexes of the host and of the
// metric in the host.
func (w *writer) metric(sample string, m *history.Metric) [2]int {
	context := setKey(m.Labels[labelset.AtContext])
	host, ok := w.hosts[context]
	if !ok {
		host = len(w.file.Hosts)
		w.hosts[context] = host
		w.file.Hosts = append(w.file.Hosts, hostEntry{Context: newLabelsEntry(m.Labels[labelset.AtContext])})
	}
	d, h := m.Desc, &w.file.Hosts[host]
	key := keyOf(sample, m)
	i, ok := w.metrics[key]
	if !ok {
		i = len(h.Metrics)
		w.metrics[key] = i
		h.Metrics = append(h.Metrics, metricEntry{
			Sample: sample, Name: m.Name, Names: furtherNames(m), PMID: d.PMID, Type: d.Type, InDom: d.InDom, Sem: d.Sem, Units: d.Units.Word(),
			OneLine: m.OneLine, Help: m.Help,
			Domain: newLabelsEntry(m.Labels[labelset.AtDomain]), Indom: newLabelsEntry(m.Labels[labelset.AtInDom]),
			Cluster: newLabelsEntry(m.Labels[labelset.AtCluster]), Item: newLabelsEntry(m.Labels[labelset.AtItem]),
		})
	}
	return [2]int{host, i}
}

// furtherNames returns the names of a metric without m.Name.
func furtherNames(m *history.Metric) []string {
	return slices.DeleteFunc(slices.Clone(m.Desc.Names), func(name string) bool { return name == m.Name })
}

// member finds or adds an instance of a domain and returns its index.
func (w *writer) member(in indomKey, s *history.Series) int {
	h := &w.file.Hosts[in.host]
	at, ok := w.indoms[in]
	if !ok {
		at = len(h.InDoms)
		w.indoms[in] = at
		h.InDoms = append(h.InDoms, indomEntry{ID: in.id})
	}
	key := memberKey{in, s.Inst, setKey(s.Labels)}
	i, ok := w.members[key]
	if !ok {
		i = len(h.InDoms[at].Instances)
		w.members[key] = i
		inst := instanceEntry{ID: s.Inst.ID, Name: s.Inst.Name, Labels: newLabelsEntry(s.Labels)}
		if !utf8.ValidString(inst.Name) {
			inst.Name, inst.Bytes = "", []byte(inst.Name)
		}
		h.InDoms[at].Instances = append(h.InDoms[at].Instances, inst)
	}
	return i
}

// keyOf returns a key that is equal for metrics with equal descriptions.
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

// setKey returns a key that is equal for equal label sets.
func setKey(set labelset.Set) string {
	return string(labelset.Instance{Set: set}.AppendBinary(nil))
}
