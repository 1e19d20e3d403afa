package tsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// SidecarName is the file in a block's folder that keeps what a block has no
// place for: types, help and units of families, and what PCP metrics the series
// were made of. Prometheus, Thanos and Mimir pass over it.
const SidecarName = "pcparchive.json"

const (
	sidecarFormat  = "pcparchive block metadata"
	sidecarVersion = 1
)

// sidecar is the contents of the file.
type sidecar struct {
	Format   string          `json:"format"`
	Version  int             `json:"version"`
	Families []sidecarFamily `json:"families"`
	Hosts    []sidecarHost   `json:"hosts,omitempty"`
}

// sidecarFamily is a family and the names of its samples in the block.
type sidecarFamily struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Unit    string   `json:"unit,omitempty"`
	Help    string   `json:"help,omitempty"`
	Samples []string `json:"samples"`
}

// sidecarHost is the PCP metrics of an archive, which its context labels tell
// from those of others.
type sidecarHost struct {
	Context sidecarLabels   `json:"context"`
	Metrics []sidecarMetric `json:"metrics"`
	InDoms  []sidecarInDom  `json:"indoms,omitempty"`
}

// sidecarMetric is a PCP metric; its numbers are those of the archive format.
type sidecarMetric struct {
	Sample  string        `json:"sample"` // __name__ of its series
	Name    string        `json:"name"`
	PMID    pcp.PMID      `json:"pmid"`
	Type    pcp.Type      `json:"type"`
	InDom   pcp.InDomID   `json:"indom"`
	Sem     pcp.Semantics `json:"semantics"`
	Units   uint32        `json:"units"`
	OneLine string        `json:"oneline,omitempty"`
	Help    string        `json:"help,omitempty"`
	// Labels of the levels domain, instance domain, cluster and item.
	Domain  sidecarLabels `json:"domainLabels,omitzero"`
	Indom   sidecarLabels `json:"indomLabels,omitzero"`
	Cluster sidecarLabels `json:"clusterLabels,omitzero"`
	Item    sidecarLabels `json:"itemLabels,omitzero"`
}

// sidecarInDom is the instances that have series in the block.
type sidecarInDom struct {
	ID        pcp.InDomID       `json:"id"`
	Instances []sidecarInstance `json:"instances"`
}

type sidecarInstance struct {
	ID     pcp.InstID    `json:"id"`
	Name   string        `json:"name"`
	Labels sidecarLabels `json:"labels,omitzero"`
}

// sidecarLabels is a label set, and which of its labels are optional.
type sidecarLabels struct {
	Set      json.RawMessage `json:"set,omitempty"`
	Optional []string        `json:"optional,omitempty"`
}

func labelsToSidecar(set labelset.Set) sidecarLabels {
	var out sidecarLabels
	if set.Len() == 0 {
		return out
	}
	out.Set = json.RawMessage(set.JSON())
	for l := range set.All() {
		if l.Flags&labelset.Optional != 0 {
			out.Optional = append(out.Optional, l.Name)
		}
	}
	return out
}

// restore undoes labelsToSidecar.
func (l sidecarLabels) restore(level labelset.Level) (labelset.Set, error) {
	if len(l.Set) == 0 {
		return labelset.Set{}, nil
	}
	set, err := labelset.Parse(string(l.Set), level)
	if err != nil || len(l.Optional) == 0 {
		return set, err
	}
	optional := map[string]bool{}
	for _, name := range l.Optional {
		optional[name] = true
	}
	var all []labelset.Label
	for label := range set.All() {
		if optional[label.Name] {
			label.Flags |= labelset.Optional
		}
		all = append(all, label)
	}
	return labelset.New(level, all...)
}

// newSidecar describes the series of a block.
func newSidecar(live []*series) *sidecar {
	w := sidecarWriter{
		file:     &sidecar{Format: sidecarFormat, Version: sidecarVersion, Families: []sidecarFamily{}},
		families: map[familyKey]int{}, samples: map[sampleKey]bool{},
		hosts: map[string]int{}, metrics: map[*archive.Metric]bool{}, known: map[metricKey]bool{},
		indoms: map[indomKey]int{}, members: map[memberKey]bool{},
	}
	for _, e := range live {
		w.add(e)
	}
	return w.file
}

// sidecarWriter keeps what is in the file already.
type sidecarWriter struct {
	file     *sidecar
	families map[familyKey]int
	samples  map[sampleKey]bool
	hosts    map[string]int
	metrics  map[*archive.Metric]bool
	known    map[metricKey]bool
	indoms   map[indomKey]int
	members  map[memberKey]bool
}

type (
	familyKey struct{ name, typ, unit, help string }
	sampleKey struct {
		family int
		sample string
	}
	metricKey struct {
		host int
		pmid pcp.PMID
		name string
	}
	indomKey struct {
		host int
		id   pcp.InDomID
	}
	memberKey struct {
		indom indomKey
		inst  meta.Instance
	}
)

// add describes a series.
func (w *sidecarWriter) add(e *series) {
	p := e.prom
	if f := p.Family; f != nil {
		key := familyKey{f.Name, f.Type, f.Unit, f.Help}
		i, ok := w.families[key]
		if !ok {
			i = len(w.file.Families)
			w.families[key] = i
			w.file.Families = append(w.file.Families, sidecarFamily{Name: f.Name, Type: f.Type, Unit: f.Unit, Help: f.Help})
		}
		if !w.samples[sampleKey{i, p.Name}] {
			w.samples[sampleKey{i, p.Name}] = true
			w.file.Families[i].Samples = append(w.file.Families[i].Samples, p.Name)
		}
	}
	if p.Origin == nil || p.Member == nil {
		return
	}
	context := p.Origin.Labels[0].JSON()
	host, ok := w.hosts[context]
	if !ok {
		host = len(w.file.Hosts)
		w.hosts[context] = host
		w.file.Hosts = append(w.file.Hosts, sidecarHost{Context: labelsToSidecar(p.Origin.Labels[0])})
	}
	if !w.metrics[p.Origin] {
		w.metrics[p.Origin] = true
		w.metric(host, p.Name, p.Origin)
	}
	if d := p.Origin.Desc; d.InDom != pcp.InDomNull {
		w.member(indomKey{host, d.InDom}, p.Member)
	}
}

// metric describes a metric as it is met first.
func (w *sidecarWriter) metric(host int, sample string, m *archive.Metric) {
	d := m.Desc
	key := metricKey{host, d.PMID, sample}
	if w.known[key] {
		return
	}
	w.known[key] = true
	h := &w.file.Hosts[host]
	h.Metrics = append(h.Metrics, sidecarMetric{
		Sample: sample, Name: m.Name, PMID: d.PMID, Type: d.Type, InDom: d.InDom, Sem: d.Sem, Units: d.Units.Word(),
		OneLine: m.OneLine, Help: m.Help,
		Domain: labelsToSidecar(m.Labels[1]), Indom: labelsToSidecar(m.Labels[2]),
		Cluster: labelsToSidecar(m.Labels[3]), Item: labelsToSidecar(m.Labels[4]),
	})
}

// member describes an instance.
func (w *sidecarWriter) member(key indomKey, s *archive.Series) {
	if w.members[memberKey{key, s.Inst}] {
		return
	}
	w.members[memberKey{key, s.Inst}] = true
	h := &w.file.Hosts[key.host]
	i, ok := w.indoms[key]
	if !ok {
		i = len(h.InDoms)
		w.indoms[key] = i
		h.InDoms = append(h.InDoms, sidecarInDom{ID: key.id})
	}
	h.InDoms[i].Instances = append(h.InDoms[i].Instances, sidecarInstance{s.Inst.ID, s.Inst.Name, labelsToSidecar(s.Labels)})
}

// writeSidecar writes the file into a block's folder.
func writeSidecar(dir string, live []*series) error {
	f, err := os.Create(filepath.Join(dir, SidecarName))
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetEscapeHTML(false)
	err = enc.Encode(newSidecar(live))
	return errors.Join(err, f.Sync(), f.Close())
}

// readSidecar reads the file of a block; nil if that has none.
func readSidecar(dir string) (*sidecar, error) {
	text, err := os.ReadFile(filepath.Join(dir, SidecarName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &sidecar{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", SidecarName, err)
	}
	if s.Format != sidecarFormat || s.Version != sidecarVersion {
		return nil, fmt.Errorf("%s: unknown format %q, version %d", SidecarName, s.Format, s.Version)
	}
	return s, nil
}
