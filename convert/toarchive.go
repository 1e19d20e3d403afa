package convert

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// ToArchive is the [history.Sink] that writes steps to an archive. It writes the
// metadata of a metric with its first value, and again when it changes, in the
// order of PCP's own logger.
type ToArchive struct {
	a       *archive.Appender
	metrics map[pcp.PMID]*writtenMetric
	every   time.Duration               // least time between two label records of one domain
	late    map[pcp.PMID]*writtenMetric // metrics whose labels are not written yet
}

// scratch is the memory in which a step becomes a result. Sinks of many archives share it.
type scratch struct {
	res    archive.Result
	values []history.Value
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// free keeps the memory for the next step, unless it is exceptionally large.
func (m *scratch) free() {
	const most = 1 << 16 // values
	if cap(m.values) <= most {
		scratches.Put(m)
	}
}

// writtenMetric is the metadata that the archive has for a metric.
type writtenMetric struct {
	metric *history.Metric
	indom  *meta.InDom
	labels *meta.Labels
	// labelled is the time of the last label record of the instances.
	labelled pcp.Timestamp
	due      *meta.Labels // labels that are not written yet
}

// NewToArchive returns a Sink that owns a.
func NewToArchive(a *archive.Appender) *ToArchive {
	return &ToArchive{a: a, metrics: map[pcp.PMID]*writtenMetric{}}
}

// Last returns the time of the archive's last record; ok is false before the
// first.
func (s *ToArchive) Last() (t pcp.Timestamp, ok bool) { return s.a.Last() }

// Put writes a step. In a continued archive it first writes a mark, see
// [archive.Appender.Resume]. If the step is earlier than the last one, Put writes
// nothing and the error wraps [archive.ErrOrder].
func (s *ToArchive) Put(step *history.Step) error {
	if step.Mark {
		return s.a.Mark(step.Stamp)
	}
	if len(step.Metrics) == 0 {
		return nil
	}
	if last, ok := s.a.Last(); ok && step.Stamp.Before(last) {
		return fmt.Errorf("step at %s: %w %s", step.Stamp, archive.ErrOrder, last)
	}
	if err := s.a.Resume(step.Stamp); err != nil {
		return err
	}
	m := scratches.Get().(*scratch)
	defer m.free()
	n := 0
	for i := range step.Metrics {
		n += len(step.Metrics[i].Points)
	}
	m.res.Stamp, m.res.Sets, m.values = step.Stamp, m.res.Sets[:0], slices.Grow(m.values[:0], n) // sets hold parts of it
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		if err := s.describe(mv, step.Stamp); err != nil {
			return err
		}
		start := len(m.values)
		typ := mv.Metric.Desc.Type
		for j := range mv.Points {
			v := mv.Points[j].Value
			if v.Type == pcp.TypeUnknown && typ == pcp.TypeFloat && v.Data == nil {
				v.Type = typ // very old archives have floats without a block
			}
			m.values = append(m.values, v)
		}
		m.res.Sets = append(m.res.Sets, archive.ValueSet{
			PMID: mv.Metric.Desc.PMID, Err: mv.Err,
			Format: archive.FormatOf(mv.Metric.Desc.Type), Values: m.values[start:len(m.values):len(m.values)],
		})
	}
	return s.a.Append(&m.res)
}

// Flush makes all steps so far visible to readers of the files.
func (s *ToArchive) Flush() error { return s.a.Flush() }

// Size returns the size of all files in bytes.
func (s *ToArchive) Size() int64 { return s.a.Size() }

// Written returns the number of bytes of the steps before compression, and the share of
// them that remains after compression; see [archive.Appender.Written].
func (s *ToArchive) Written() (bytes int64, share float64) { return s.a.Written() }

// Close completes the archive.
func (s *ToArchive) Close() error { return errors.Join(s.labelLate(), s.a.Close()) }

// describe writes the metadata of a metric that changed.
func (s *ToArchive) describe(mv *history.MetricValues, t pcp.Timestamp) error {
	w, ok := s.metrics[mv.Metric.Desc.PMID]
	if !ok {
		w = &writtenMetric{}
		s.metrics[mv.Metric.Desc.PMID] = w
	}
	if w.metric != mv.Metric {
		for _, param := range mv.Metric.Params {
			if err := s.describe(&history.MetricValues{Metric: param}, t); err != nil {
				return err
			}
		}
		if err := s.metric(mv.Metric, t); err != nil {
			return fmt.Errorf("metric %s: %w", mv.Metric.Name, err)
		}
		w.metric = mv.Metric
	}
	if w.indom != mv.InDom && mv.InDom != nil {
		in := *mv.InDom
		in.Stamp = t
		if err := s.a.SetInDom(&in); err != nil {
			return err
		}
		w.indom = mv.InDom
	}
	if w.labels != mv.Labels && mv.Labels != nil {
		if s.postpones(w, mv, t) {
			w.due = mv.Labels
			s.late[mv.Metric.Desc.PMID] = w
			return nil
		}
		return s.label(w, mv.Labels, t)
	}
	return nil
}

// label writes the labels of a metric's instances.
func (s *ToArchive) label(w *writtenMetric, labels *meta.Labels, t pcp.Timestamp) error {
	l := *labels
	l.Stamp = t
	if err := s.setLabels(&l); err != nil {
		return err
	}
	w.labels, w.labelled, w.due = labels, t, nil
	delete(s.late, w.metric.Desc.PMID)
	return nil
}

// SpareLabels makes the labels of a domain that changes all the time take less space: they
// are written at most once in a time. Readers find those of an instance that came between
// as [meta.Store.LateLabels] describes. It applies to the domains of recorders only.
func (s *ToArchive) SpareLabels(every time.Duration) {
	s.every, s.late = every, map[pcp.PMID]*writtenMetric{}
}

// postpones reports whether the new labels of a metric's instances are written later. The
// names of all new instances must tell their labels.
func (s *ToArchive) postpones(w *writtenMetric, mv *history.MetricValues, t pcp.Timestamp) bool {
	if s.every == 0 || w.labels == nil || t.Sub(w.labelled) >= s.every || mv.InDom == nil || !hasOwnDomain(mv.Metric) {
		return false
	}
	for _, in := range mv.Labels.Sets {
		if _, known := w.labels.Find(in.Inst); known {
			continue
		}
		inst, ok := mv.InDom.Lookup(in.Inst)
		if !ok || !meta.NameTells(inst, in.Set) {
			return false
		}
	}
	return true
}

// labelLate writes the labels that were postponed.
func (s *ToArchive) labelLate() error {
	last, ok := s.a.Last()
	if !ok {
		return nil
	}
	for _, w := range s.late {
		if err := s.label(w, w.due, last); err != nil {
			return err
		}
	}
	return nil
}

// Complete completes the archive when nothing will be appended, see
// [archive.Appender.Complete].
func (s *ToArchive) Complete() error { return errors.Join(s.labelLate(), s.a.Complete()) }

// metric writes the descriptor of a metric, its labels above the instances and its
// help texts.
func (s *ToArchive) metric(m *history.Metric, t pcp.Timestamp) error {
	if err := s.a.Define(m.Desc); err != nil {
		return err
	}
	for i, set := range m.Labels {
		level := labelset.Levels[i]
		if level == labelset.InDom && m.Desc.InDom == pcp.InDomNull {
			continue
		}
		err := s.setLabels(&meta.Labels{
			Stamp: t, Level: level, Ident: history.LabelIdent(level, m.Desc),
			Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
		})
		if err != nil {
			return err
		}
	}
	for _, text := range []meta.Text{
		{Type: meta.TextPMID | meta.TextOneLine, Text: m.OneLine},
		{Type: meta.TextPMID | meta.TextHelp, Text: m.Help},
	} {
		if text.Text == "" {
			continue
		}
		text.Ident = uint32(m.Desc.PMID)
		if err := s.a.SetText(&text); err != nil {
			return err
		}
	}
	return nil
}

// setLabels writes labels. It skips an empty set unless the archive has labels
// that the set removes.
func (s *ToArchive) setLabels(l *meta.Labels) error {
	labelled := func(in labelset.Instance) bool { return in.Set.Len() > 0 || in.Err != 0 }
	if !slices.ContainsFunc(l.Sets, labelled) && s.a.Labels(l.Level, l.Ident) == nil {
		return nil
	}
	return s.a.SetLabels(l)
}

// hasOwnDomain reports whether a metric comes from Prometheus and its instances are named
// by number and labels.
func hasOwnDomain(m *history.Metric) bool {
	_, ok := m.Labels[labelset.AtItem].Lookup("prom_name")
	return ok && meta.OwnDomain(m.Desc)
}
