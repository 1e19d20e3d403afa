package query

import (
	"maps"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// measured is a metric whose pace is measured.
type measured struct {
	names []string
	times []int64 // of its first records, ms
}

// measure passes on the paces of an archive's metrics. It reads the first minutes of the
// archive, and more only for metrics that are recorded seldom.
func measure(stop func() error, r *archive.Reader, allows func(string) bool, add func(string, time.Duration)) error {
	all := map[pcp.PMID]*measured{}
	for d := range r.Meta().Metrics() {
		if d.Sem == pcp.SemDiscrete || !d.Type.IsNumeric() && !naming.HoldsHistograms(r.Meta(), d) {
			continue
		}
		if names := promNames(r.Meta(), d); slices.ContainsFunc(names, allows) {
			all[d.PMID] = &measured{names: names}
		}
	}
	for _, span := range []time.Duration{DefaultLookback, columns.PaceTime} {
		marks, err := timesIn(stop, r, all, span)
		if err != nil {
			return err
		}
		for id, m := range all {
			if len(m.times) < columns.PaceRecords && span < columns.PaceTime {
				m.times = nil
				continue
			}
			for _, name := range m.names {
				add(name, columns.Pace(m.times, marks))
			}
			delete(all, id)
		}
	}
	return nil
}

// timesIn reads the times of the first records of metrics at the beginning of an archive,
// and its marks.
func timesIn(stop func() error, r *archive.Reader, all map[pcp.PMID]*measured, span time.Duration) (marks []pcp.Timestamp, _ error) {
	left := len(all)
	if left == 0 {
		return nil, nil
	}
	q := history.Query{To: r.Header().Start.Add(span), PMIDs: slices.Collect(maps.Keys(all)), Stop: stop}
	q.Metrics = func(d *meta.Desc) bool { return all[d.PMID] != nil }
	for step, err := range r.Steps(q) {
		if err != nil {
			return marks, stop() // who reads the values reports damage
		}
		if step.Mark {
			marks = append(marks, step.Stamp)
		}
		t := step.Stamp.Milli()
		for i := range step.Metrics {
			m := all[step.Metrics[i].Metric.Desc.PMID]
			n := len(m.times)
			if len(step.Metrics[i].Points) == 0 || n == columns.PaceRecords || n > 0 && m.times[n-1] >= t {
				continue
			}
			if m.times = append(m.times, t); n+1 == columns.PaceRecords {
				left--
			}
		}
		if left == 0 {
			return marks, nil
		}
	}
	return marks, stop()
}
