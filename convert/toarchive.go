package convert

import (
	"fmt"
	"slices"

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
	res     archive.Result
	values  []history.Value
}

// writtenMetric is the metadata that the archive has for a metric.
type writtenMetric struct {
	metric *history.Metric
	indom  *meta.InDom
	labels *meta.Labels
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
	s.res.Stamp, s.res.Sets, s.values = step.Stamp, s.res.Sets[:0], s.values[:0]
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		if err := s.describe(mv, step.Stamp); err != nil {
			return err
		}
		start := len(s.values)
		for j := range mv.Points {
			s.values = append(s.values, mv.Points[j].Value)
		}
		s.res.Sets = append(s.res.Sets, archive.ValueSet{
			PMID: mv.Metric.Desc.PMID, Err: mv.Err,
			Format: archive.FormatOf(mv.Metric.Desc.Type), Values: s.values[start:],
		})
	}
	at := 0
	for i := range s.res.Sets { // s.values no longer moves
		set := &s.res.Sets[i]
		end := at + len(set.Values)
		set.Values = s.values[at:end:end]
		at = end
	}
	return s.a.Append(&s.res)
}

// Flush makes all steps so far visible to readers of the files.
func (s *ToArchive) Flush() error { return s.a.Flush() }

// Size returns the size of all files in bytes.
func (s *ToArchive) Size() int64 { return s.a.Size() }

// Written returns the number of bytes of the steps before compression, and the share of
// them that remains after compression; see [archive.Appender.Written].
func (s *ToArchive) Written() (bytes int64, share float64) { return s.a.Written() }

// Close completes the archive.
func (s *ToArchive) Close() error { return s.a.Close() }

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
		l := *mv.Labels
		l.Stamp = t
		if err := s.setLabels(&l); err != nil {
			return err
		}
		w.labels = mv.Labels
	}
	return nil
}

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
