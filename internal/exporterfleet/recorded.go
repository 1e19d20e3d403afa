package exporterfleet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/store"
)

// Record is a scrape in an archive.
type Record struct {
	Scrape  int64 // 0 if the scrape failed
	Values  int
	Time    time.Time
	Archive string
}

// Recorded returns the scrapes that the archives in a folder hold, by the instance label
// of their target. They are in the order of their times. A record whose values are not of
// the same scrape is an error.
func Recorded(dir string) (map[string][]Record, error) {
	bases, err := store.Find([]string{dir})
	if err != nil {
		return nil, err
	}
	all := map[string][]Record{}
	options := (&archive.ReadOptions{}).Shared()
	for _, base := range bases {
		if err := recordedIn(base, options, all); err != nil {
			return nil, fmt.Errorf("%s: %w", base, err)
		}
	}
	for _, records := range all {
		slices.SortStableFunc(records, func(a, b Record) int { return a.Time.Compare(b.Time) })
	}
	return all, nil
}

func recordedIn(base string, options *archive.ReadOptions, all map[string][]Record) error {
	r, err := archive.Open(base, options)
	if err != nil {
		return err
	}
	ours := func(d *meta.Desc) bool {
		return strings.Contains(d.Name(), "."+MetricPrefix) || strings.HasSuffix(d.Name(), ".control.up")
	}
	for step, err := range r.Steps(history.Query{Metrics: ours}) {
		if err != nil {
			return err
		}
		values := map[string]*Record{} // by instance; a step has several targets where they share an archive
		for i := range step.Metrics {
			mv := &step.Metrics[i]
			if len(mv.Points) == 0 {
				continue
			}
			if strings.HasSuffix(mv.Metric.Name, ".control.up") {
				failedIn(mv, step.Stamp.Time(), base, all)
				continue
			}
			instance := mv.Metric.Labels[labelset.AtCluster].Text("instance")
			rec := values[instance]
			for j := range mv.Points {
				v, ok := mv.Points[j].Value.Number(mv.Metric.Desc.Type)
				if rec == nil {
					rec = &Record{Scrape: int64(v), Time: step.Stamp.Time(), Archive: base}
					values[instance] = rec
				}
				if !ok || int64(v) != rec.Scrape {
					return fmt.Errorf("record at %s: values of scrape %d and of another", step.Stamp, rec.Scrape)
				}
				rec.Values++
			}
		}
		for instance, rec := range values {
			all[instance] = append(all[instance], *rec)
		}
	}
	if warnings := r.Warnings(); len(warnings) > 0 {
		return fmt.Errorf("damaged: %w", warnings[0])
	}
	return nil
}

// failedIn adds the scrapes that failed according to the metric up.
func failedIn(up *history.MetricValues, at time.Time, base string, all map[string][]Record) {
	for _, p := range up.Points {
		if v, ok := p.Value.Number(up.Metric.Desc.Type); ok && v == 0 {
			instance := p.Series.Labels.Text("instance")
			all[instance] = append(all[instance], Record{Time: at, Archive: base})
		}
	}
}

// Config returns a scrape configuration of Prometheus for the targets first to end-1.
func (f *Fleet) Config(job string, first, end int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- job_name: %s\n  static_configs:\n", job)
	for i := first; i < end; i++ {
		group, _ := json.Marshal(f.Group(i)) // JSON is YAML; strings cannot fail
		fmt.Fprintf(&b, "  - %s\n", group)
	}
	return b.String()
}
