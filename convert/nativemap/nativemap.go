// Package nativemap maps the series of exporters to PCP's own metrics. An archive
// then has PCP's names, numbers, types, units and instances, which pmrep, pmstat,
// pcp atop and views written for PCP ask for. A series that a map does not know
// stays an openmetrics metric.
//
// Each [Map] is a table in a file of this folder; [Names] lists them. The source of
// a metric is written in PromQL. A map needs only its linear part and evaluates no
// queries: it adds up samples as they come.
package nativemap

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

//go:embed *.tsv
var tables embed.FS

// Names returns the names of all maps.
func Names() []string {
	files, _ := tables.ReadDir(".") // cannot fail: the files are embedded
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".tsv"))
	}
	return names
}

// Chain returns the maps of the given names, to be asked in turn.
func Chain(names []string) (native.Chain, error) {
	var chain native.Chain
	for _, name := range names {
		m, err := New(name)
		if err != nil {
			return nil, err
		}
		chain = append(chain, m)
	}
	return chain, nil
}

// Map is the [native.Resolver] of one exporter. Several goroutines may use it at
// once.
type Map struct {
	table   *table
	byName  map[string][]termUse // of a series
	known   map[string][]*native.Metric
	metrics map[string]*native.Metric
}

// termUse is a term in the source of a row.
type termUse struct {
	row  *row
	part int
	term *term
}

// loaders return the maps by name, each made when it is first asked for.
var loaders = sync.OnceValue(func() map[string]func() (*Map, error) {
	all := map[string]func() (*Map, error){}
	for _, name := range Names() {
		all[name] = sync.OnceValues(func() (*Map, error) { return load(name) })
	}
	return all
})

// New returns the map of the given name, the same one at each call. The error lists the
// valid names.
func New(name string) (*Map, error) {
	load, ok := loaders()[name]
	if !ok {
		return nil, fmt.Errorf("no map %q: want %s", name, strings.Join(Names(), ", "))
	}
	return load()
}

func load(name string) (*Map, error) {
	file := name + ".tsv"
	text, err := tables.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return newMap(name, file, string(text))
}

// newMap makes the map of a table.
func newMap(name, file, text string) (*Map, error) {
	t, err := parseTable(file, text)
	if err != nil {
		return nil, err
	}
	m := &Map{table: t, byName: map[string][]termUse{}, metrics: map[string]*native.Metric{}}
	agent, err := labelset.New(labelset.Domain, labelset.String("agent", name))
	if err != nil {
		return nil, err
	}
	for _, r := range t.rows {
		if m.metrics[r.name] == nil {
			n := &native.Metric{Desc: r.desc, OneLine: r.help}
			n.Labels[labelset.AtDomain], n.Labels[labelset.AtInDom] = agent, t.indoms[r.desc.InDom].labels
			m.metrics[r.name] = n
		}
		for i := range r.terms {
			m.byName[r.terms[i].name] = append(m.byName[r.terms[i].name], termUse{r, r.terms[i].part, &r.terms[i]})
		}
	}
	m.known = map[string][]*native.Metric{}
	for series, names := range t.declared {
		for _, name := range names {
			n := len(m.known[series])
			for _, metric := range slices.Sorted(maps.Keys(m.metrics)) {
				if metric == name || strings.HasPrefix(metric, name+".") {
					m.known[series] = append(m.known[series], m.metrics[metric])
				}
			}
			if n == len(m.known[series]) {
				return nil, fmt.Errorf("%s: declared %s is not a metric", file, name)
			}
		}
	}
	return m, nil
}

// Places returns the places that a series of the exporter gives values to.
func (m *Map) Places(s *prom.Series) []native.Place {
	var places []native.Place
	for _, u := range m.byName[s.Name] {
		if !u.term.matches(s.Labels) {
			continue
		}
		p := native.Place{
			Metric: m.metrics[u.row.name], ID: pcp.InstNull,
			Pick: u.term.pick, Factor: u.term.factor, Combine: u.term.combine,
			Part: u.part, Parts: parts(u.row.terms),
		}
		if !u.row.fill(&p, s.Labels) {
			continue
		}
		if u.row.desc.InDom != pcp.InDomNull && !m.instance(&p, u.row, s.Labels) {
			continue
		}
		places = append(places, p)
	}
	if len(places) == 0 {
		return nil
	}
	for _, n := range m.known[s.Name] {
		places = append(places, native.Place{Metric: n, Known: true})
	}
	return places
}

// fill takes the value of a place from labels, if the row says so, and reports
// whether the series has them.
func (r *row) fill(p *native.Place, labels []prom.Label) bool {
	if len(r.text) == 0 {
		return true
	}
	text, ok := r.text.expand(labels)
	if r.desc.Type == pcp.TypeString {
		p.Text = text
		return ok
	}
	n, whole := parseID(text)
	p.Pick = func(float64) (float64, bool) { return float64(n), true }
	return ok && whole
}

// instance fills in the instance of a place, and reports whether the series has
// the labels for it.
func (m *Map) instance(p *native.Place, r *row, labels []prom.Label) bool {
	var ok bool
	if p.Instance, ok = r.instance.expand(labels); !ok || p.Instance == "" {
		return false
	}
	if id, ok := r.id.expand(labels); ok {
		if n, ok := parseID(id); ok {
			p.ID = n
		}
	}
	p.Labels = m.table.indoms[r.desc.InDom].instanceLabels(labels)
	return true
}
