package rewrite

import (
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// inputMetric is a metric of an input, with the metadata in force from since on and before
// until.
type inputMetric struct {
	desc    *meta.Desc // nil if the input has no descriptor
	wanted  bool       // the copy keeps the metric
	defined bool       // descriptor and help are written
	fresh   bool       // the labels in force are written
	since   pcp.Timestamp
	until   pcp.Timestamp
	labels  [len(labelset.Levels)]*meta.Labels
	indom   *meta.InDom
	keep    map[pcp.InstID]bool // whether the matchers and lists select an instance
	lists   [][]string          // lists of names of instances; see Options.filtersOf
}

// metric returns a metric of the input.
func (s *input) metric(id pcp.PMID, o *Options) *inputMetric {
	m, ok := s.metrics[id]
	if !ok {
		m = &inputMetric{}
		s.metrics[id] = m
		if d, ok := s.r.Meta().Desc(id); ok {
			m.desc, m.wanted, m.lists = validNames(d), o.wants(d), o.filtersOf(d)
		} else {
			m.wanted = len(o.Metrics) == 0 && len(o.Labels) == 0 && len(o.Instances) == 0
		}
	}
	return m
}

// resolve sets the labels and the instance domain in force at t.
func (m *inputMetric) resolve(store *meta.Store, t pcp.Timestamp) {
	m.since, m.until = t, pcp.MaxTime
	shorten := func(until pcp.Timestamp) {
		if until.Before(m.until) {
			m.until = until
		}
	}
	for i, level := range labelset.Levels {
		if level == labelset.Instances && m.desc.InDom == pcp.InDomNull || level == labelset.InDom && m.desc.InDom == pcp.InDomNull {
			continue
		}
		l, until := store.LabelsAt(level, history.LabelIdent(level, m.desc), t)
		shorten(until)
		if l != m.labels[i] {
			m.labels[i], m.fresh = l, false
		}
	}
	in, until := store.InDomAt(m.desc.InDom, t)
	shorten(until)
	m.indom = in
	clear(m.keep)
}

// selects reports whether the matchers select an instance.
func (m *inputMetric) selects(inst pcp.InstID, matchers []Matcher) (bool, error) {
	if keep, ok := m.keep[inst]; ok {
		return keep, nil
	}
	var sets [len(labelset.Levels)]labelset.Set
	for i, l := range m.labels {
		id := pcp.InstNull
		if labelset.Levels[i] == labelset.Instances {
			id = inst
		}
		sets[i], _ = l.Find(id)
	}
	set, err := labelset.Merge(sets[:]...)
	if err != nil {
		return false, fmt.Errorf("labels of %s: %w", m.desc.Name(), err)
	}
	keep := true
	for _, names := range m.lists {
		keep = keep && (inst == pcp.InstNull || holdsInstance(names, inst, m.indom))
	}
	for i := range matchers {
		keep = keep && matchers[i].matches(set)
	}
	if m.keep == nil {
		m.keep = map[pcp.InstID]bool{}
	}
	m.keep[inst] = keep
	return keep, nil
}

// define writes the descriptor, the labels and the help of a metric in the order of
// pmlogger, unless they are written.
func (m *inputMetric) define(a *archive.Appender, store *meta.Store, t pcp.Timestamp) error {
	if !m.defined {
		if err := a.Define(m.desc); err != nil {
			return err
		}
	}
	if !m.fresh {
		for _, l := range m.labels {
			if l == nil {
				continue
			}
			now := *l
			now.Stamp = t
			if err := a.SetLabels(&now); err != nil {
				return err
			}
		}
		m.fresh = true
	}
	if m.defined {
		return nil
	}
	m.defined = true
	return m.help(a, store)
}

// help writes the help texts of a metric and of its instance domain.
func (m *inputMetric) help(a *archive.Appender, store *meta.Store) error {
	for _, typ := range [...]meta.TextType{
		meta.TextPMID | meta.TextOneLine, meta.TextInDom | meta.TextOneLine,
		meta.TextPMID | meta.TextHelp, meta.TextInDom | meta.TextHelp,
	} {
		ident := uint32(m.desc.PMID)
		if typ&meta.TextInDom != 0 {
			ident = uint32(m.desc.InDom)
		}
		if text, ok := store.Text(typ, ident); ok {
			if err := a.SetText(&meta.Text{Type: typ, Ident: ident, Text: text}); err != nil {
				return err
			}
		}
	}
	return nil
}
