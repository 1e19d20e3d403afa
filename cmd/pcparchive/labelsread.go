package main

import (
	"fmt"
	"iter"
	"maps"
	"reflect"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// labelRecords selects the label records of a host: all that say something new,
// or those in force at a time.
func labelRecords(set *store.Set, o labelsOptions, at pcp.Timestamp) []labelRecord {
	out := []labelRecord{}
	said := map[labelSubject][]labelsSet{} // by archives before
	for r := range begun(set, o.at != "", at) {
		store := r.Meta()
		now := map[labelSubject][]labelsSet{}
		wanted := wantedIdents(store, o.metric)
		for l := range store.AllLabels() {
			subject := labelSubject{l.Level, l.Ident}
			if wanted != nil && !wanted[subject] {
				continue
			}
			if o.at != "" {
				if now, _ := store.LabelsAt(l.Level, l.Ident, at); now != l {
					continue
				}
			}
			rec := describeRecord(store, l)
			rec.Host = set.Host()
			if before, ok := said[subject]; !ok || !reflect.DeepEqual(before, rec.Sets) {
				out = append(out, rec)
				delete(said, subject)
			}
			now[subject] = rec.Sets
		}
		maps.Copy(said, now)
	}
	return out
}

// begun yields the archives of a host or, if only is set, the last one that had
// begun at a time.
func begun(set *store.Set, only bool, at pcp.Timestamp) iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		var last *archive.Reader
		for r := range set.Readers() {
			if only && last != nil && r.Header().Start.After(at) {
				break
			}
			if last = r; !only && !yield(r) {
				return
			}
		}
		if only && last != nil {
			yield(last)
		}
	}
}

type labelSubject struct {
	level labelset.Level
	ident uint32
}

// wantedIdents returns what labels can belong to that metrics of a name see,
// nil for all.
func wantedIdents(store *meta.Store, name string) map[labelSubject]bool {
	if name == "" {
		return nil
	}
	wanted := map[labelSubject]bool{}
	for d := range store.Metrics() {
		if d.Matches(name) {
			for _, level := range labelset.Levels {
				wanted[labelSubject{level, history.LabelIdent(level, d)}] = true
			}
		}
	}
	return wanted
}

func describeRecord(store *meta.Store, l *meta.Labels) labelRecord {
	rec := labelRecord{Level: l.Level.String(), Ident: identText(l), Time: l.Stamp.Time(), Sets: []labelsSet{}}
	var in *meta.InDom
	if l.Level == labelset.Instances {
		in, _ = store.InDomAt(pcp.InDomID(l.Ident), l.Stamp)
	}
	for _, set := range l.Sets {
		out := labelsSet{Labels: outputLabels(set.Set, false)}
		if l.Level == labelset.Instances {
			id := int32(set.Inst)
			out.Instance = &id
			if in != nil {
				inst, _ := in.Lookup(set.Inst)
				out.Name = inst.Name
			}
		}
		if set.Err < 0 {
			out.Error = set.Err.Error()
		}
		if set.Invalid != nil {
			out.Error = set.Invalid.Error()
		}
		rec.Sets = append(rec.Sets, out)
	}
	return rec
}

// identText shows what a label record belongs to, in the notation of its level.
func identText(l *meta.Labels) string {
	switch l.Level {
	case labelset.Context:
		return ""
	case labelset.Domain:
		return fmt.Sprint(l.Ident)
	case labelset.InDom, labelset.Instances:
		return pcp.InDomID(l.Ident).String()
	case labelset.Cluster:
		id := pcp.PMID(l.Ident)
		return fmt.Sprintf("%d.%d", id.Domain(), id.Cluster())
	}
	return pcp.PMID(l.Ident).String()
}

func outputLabels(set labelset.Set, level bool) []labelOutput {
	out := []labelOutput{}
	for l := range set.All() {
		o := labelOutput{Name: l.Name, Value: jsonValue(l.Value)}
		if l.Flags&labelset.Optional != 0 {
			o.Flags = append(o.Flags, "optional")
		}
		if l.Flags&labelset.Compound != 0 {
			o.Flags = append(o.Flags, "compound")
		}
		if level {
			o.Level = l.Level.String()
		}
		out = append(out, o)
	}
	return out
}

// mergedOf merges the labels of every metric and instance at a time. What an
// archive no longer describes is not there.
func mergedOf(set *store.Set, name string, at pcp.Timestamp) ([]mergedLabels, error) {
	out := []mergedLabels{}
	for r := range begun(set, true, at) {
		for d := range r.Meta().Metrics() {
			names := d.NamesBelow(name)
			if len(names) == 0 {
				continue
			}
			of, err := mergedOfMetric(r, d, at)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.Name(), err)
			}
			for _, n := range names {
				for _, m := range of {
					m.Host, m.Metric = set.Host(), n
					out = append(out, m)
				}
			}
		}
	}
	return out, nil
}

// mergedOfMetric merges the labels of every instance of a metric at a time.
func mergedOfMetric(r *archive.Reader, d *meta.Desc, at pcp.Timestamp) (out []mergedLabels, err error) {
	for _, s := range r.SeriesAt(d, at) {
		labels, err := s.Merged()
		if err != nil {
			return nil, err
		}
		m := mergedLabels{Labels: outputLabels(labels, true)}
		if s.Inst.ID != pcp.InstNull {
			id := int32(s.Inst.ID)
			m.Instance, m.Name = &id, s.Inst.Name
		}
		out = append(out, m)
	}
	return out, nil
}
