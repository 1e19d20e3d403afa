package store

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// LabelRecord is a label record of a host.
type LabelRecord struct {
	*meta.Labels
	// Names are the names of the instances of each entry of Sets; "" if the record is
	// of another level or the name is not known.
	Names []string
}

// same reports whether two records assign the same labels to the same instances.
func (r LabelRecord) same(o LabelRecord) bool {
	return slices.Equal(r.Names, o.Names) && slices.EqualFunc(r.Sets, o.Sets, func(a, b labelset.Instance) bool {
		return a.Inst == b.Inst && a.Err == b.Err && (a.Set.Invalid() == nil) == (b.Set.Invalid() == nil) &&
			slices.Equal(slices.Collect(a.Set.All()), slices.Collect(b.Set.All()))
	})
}

// labelSubject is the owner of label records.
type labelSubject struct {
	level labelset.Level
	ident uint32
}

// LabelRecords yields the label records of all archives, except those that repeat
// the labels of an earlier archive. A metric, or the name of a subtree, selects the
// records that apply to it; "" selects all.
func (s *Set) LabelRecords(metric string) iter.Seq[LabelRecord] {
	return func(yield func(LabelRecord) bool) {
		earlier := map[labelSubject]LabelRecord{} // last record of earlier archives
		for r := range s.Readers() {
			latest := map[labelSubject]LabelRecord{}
			for rec := range labelRecords(r.Meta(), metric) {
				subject := labelSubject{rec.Level, rec.Ident}
				before, ok := earlier[subject]
				latest[subject] = rec
				if ok && rec.same(before) {
					continue
				}
				delete(earlier, subject)
				if !yield(rec) {
					return
				}
			}
			maps.Copy(earlier, latest)
		}
	}
}

// LabelRecordsAt is LabelRecords for the records in force at a time, according to
// the last archive that had begun and those that overlap it.
func (s *Set) LabelRecordsAt(metric string, at pcp.Timestamp) iter.Seq[LabelRecord] {
	return func(yield func(LabelRecord) bool) {
		seen := map[labelSubject][]LabelRecord{}
		for _, r := range s.describing(at) {
			for rec := range labelRecords(r.Meta(), metric) {
				subject := labelSubject{rec.Level, rec.Ident}
				now, _ := r.Meta().LabelsAt(rec.Level, rec.Ident, at)
				if now != rec.Labels || slices.ContainsFunc(seen[subject], rec.same) {
					continue
				}
				seen[subject] = append(seen[subject], rec)
				if !yield(rec) {
					return
				}
			}
		}
	}
}

// labelRecords yields the label records of an archive that apply to a metric or a
// subtree.
func labelRecords(store *meta.Store, metric string) iter.Seq[LabelRecord] {
	return func(yield func(LabelRecord) bool) {
		subjects := labelSubjects(store, metric)
		for l := range store.AllLabels() {
			if metric != "" && !subjects[labelSubject{l.Level, l.Ident}] {
				continue
			}
			if !yield(LabelRecord{l, instanceNames(store, l)}) {
				return
			}
		}
	}
}

// labelSubjects returns the owners of the labels that metrics of a name have.
func labelSubjects(store *meta.Store, metric string) map[labelSubject]bool {
	subjects := map[labelSubject]bool{}
	for d := range store.Metrics() {
		if d.Matches(metric) {
			for _, level := range labelset.Levels {
				subjects[labelSubject{level, history.LabelIdent(level, d)}] = true
			}
		}
	}
	return subjects
}

func instanceNames(store *meta.Store, l *meta.Labels) []string {
	names := make([]string, len(l.Sets))
	if l.Level != labelset.Instances {
		return names
	}
	in, _ := store.InDomAt(pcp.InDomID(l.Ident), l.Stamp)
	if in == nil {
		return names
	}
	for i, set := range l.Sets {
		inst, _ := in.Lookup(set.Inst)
		names[i] = inst.Name
	}
	return names
}

// SeriesLabels are the labels of a series as a client of PCP sees them.
type SeriesLabels struct {
	Metric string // the name; a metric with several names has an entry for each
	Series *history.Series
	Labels labelset.Set // merged of all levels
}

// MergedLabels yields the labels of every series that the last archive begun by the given
// time and those that overlap it describe. A metric, or the name of a subtree, selects
// series; "" selects all.
func (s *Set) MergedLabels(metric string, at pcp.Timestamp) iter.Seq2[SeriesLabels, error] {
	return func(yield func(SeriesLabels, error) bool) {
		seen := map[history.SeriesID]bool{}
		for _, r := range s.describing(at) {
			for d := range r.Meta().Metrics() {
				names := d.NamesBelow(metric)
				if len(names) == 0 {
					continue
				}
				merged, err := mergedLabels(r, d, at)
				if err != nil {
					yield(SeriesLabels{}, fmt.Errorf("%s: %w", d.Name(), err))
					return
				}
				merged = slices.DeleteFunc(merged, func(l SeriesLabels) bool {
					id := l.Series.Metric.SeriesID(l.Series.Inst.ID)
					known := seen[id]
					seen[id] = true
					return known
				})
				if !yieldNamed(names, merged, yield) {
					return
				}
			}
		}
	}
}

// yieldNamed yields the labels of the series of a metric under each of its names.
func yieldNamed(names []string, series []SeriesLabels, yield func(SeriesLabels, error) bool) bool {
	for _, name := range names {
		for _, l := range series {
			l.Metric = name
			if !yield(l, nil) {
				return false
			}
		}
	}
	return true
}

// mergedLabels returns the labels of every series of a metric.
func mergedLabels(r *archive.Reader, d *meta.Desc, at pcp.Timestamp) (all []SeriesLabels, err error) {
	for _, series := range r.SeriesAt(d, at) {
		labels, err := series.Merged()
		if err != nil {
			return nil, err
		}
		all = append(all, SeriesLabels{Series: series, Labels: labels})
	}
	return all, nil
}

// DescribingAt returns the archives that describe metrics at a time, by ascending start: the
// last one that had begun and those that overlap it. It returns none before the first
// archive begins.
func (s *Set) DescribingAt(t pcp.Timestamp) []*archive.Reader {
	last := s.lastBegun(t)
	if last < 0 {
		return nil
	}
	return slices.Collect(s.Between(s.items[last].label.Header().Start, t))
}

// describing is DescribingAt, but returns the first archive before it begins.
func (s *Set) describing(t pcp.Timestamp) []*archive.Reader {
	if all := s.DescribingAt(t); len(all) > 0 {
		return all
	}
	if r := s.first().load(s.stop); r != nil {
		return []*archive.Reader{r}
	}
	return nil
}
