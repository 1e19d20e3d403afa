package pmseries

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// records are the label records of a metric at a time, by level.
type records [labelset.MetricLevels]*meta.Labels

// describe returns the metrics of an archive, each as often as its labels changed.
func describe(r *archive.Reader, host string) []Metric {
	var all []Metric
	merged, sources := map[records]labelset.Set{}, map[*meta.Labels]ID{}
	for d := range r.Meta().Metrics() {
		labelled := d.InDom != pcp.InDomNull && hasInstanceLabels(r.Meta(), d.InDom)
		for _, s := range states(r, d) {
			labels, known := merged[s.records]
			if !known {
				labels = mergedLabels(s.sets)
				merged[s.records] = labels
			}
			source, known := sources[s.records[labelset.AtContext]]
			if !known {
				source = SourceID(s.sets[labelset.AtContext])
				sources[s.records[labelset.AtContext]] = source
			}
			for _, name := range d.Names {
				all = append(all, Metric{
					ID: MetricID(name, d, labels), Name: name, Source: source, Host: host, Labels: labels,
					PMID: d.PMID, InDom: d.InDom, Type: d.Type, Sem: d.Sem, Units: d.Units, labelled: labelled,
				})
			}
		}
	}
	return all
}

// state is a metric while its labels stay the same.
type state struct {
	records
	sets [labelset.MetricLevels]labelset.Set
}

// states returns the states of a metric, without the one before the first labels of the
// context: pmlogger writes them a moment after its first values.
func states(r *archive.Reader, d *meta.Desc) (all []state) {
	for t := r.Header().Start; ; {
		metric, found, until := r.MetricAt(d, t)
		if n := len(all); n == 0 || all[n-1].records != found {
			all = append(all, state{found, metric.Labels})
		}
		if until == pcp.MaxTime {
			break
		}
		t = until
	}
	if len(all) > 1 && all[0].records[labelset.AtContext] == nil {
		return all[1:]
	}
	return all
}

// mergedLabels merges the labels of levels; labels beyond the limits of a set are left out.
func mergedLabels(sets [labelset.MetricLevels]labelset.Set) labelset.Set {
	merged, err := labelset.Merge(sets[:]...)
	if err != nil {
		return sets[labelset.AtContext]
	}
	return merged
}

// hasInstanceLabels reports whether instances of a domain have labels.
func hasInstanceLabels(m *meta.Store, id pcp.InDomID) bool {
	for l := range m.LevelLabels(labelset.Instances) {
		if l.Ident == uint32(id) {
			return true
		}
	}
	return false
}
