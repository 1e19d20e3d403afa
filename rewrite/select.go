package rewrite

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// matchesName reports whether a pattern selects a metric. A pattern is the metric's name or
// PMID, the name of a subtree, or a name with *, ? and [].
func matchesName(d *meta.Desc, pattern string) bool {
	if d.PMID.String() == pattern {
		return true
	}
	return slices.ContainsFunc(d.Names, func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok || meta.Matches(name, pattern)
	})
}

// checkPatterns rejects a pattern that selects no metric of any input, so that a misspelt
// name does not silently lose a metric.
func checkPatterns(patterns []string, in []*archive.Reader) error {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("metric pattern %q: %w", p, err)
		}
		found := slices.ContainsFunc(in, func(r *archive.Reader) bool {
			for d := range r.Meta().Metrics() {
				if matchesName(d, p) {
					return true
				}
			}
			return false
		})
		if !found {
			return fmt.Errorf("metric pattern %q: %w", p, ErrNoMetric)
		}
	}
	return nil
}

// patterns returns all patterns of metrics.
func (o *Options) patterns() []string {
	all := slices.Clone(o.Metrics)
	for _, in := range o.Instances {
		if in.Metric != "" {
			all = append(all, in.Metric)
		}
	}
	return all
}

// wants reports whether the patterns select a metric.
func (o *Options) wants(d *meta.Desc) bool {
	all := len(o.Metrics) == 0
	for _, in := range o.Instances {
		if in.Metric != "" && matchesName(d, in.Metric) {
			return true
		}
		all = all && in.Metric == ""
	}
	return all || slices.ContainsFunc(o.Metrics, func(p string) bool { return matchesName(d, p) })
}

// selects reports whether the options select a part of the records.
func (o *Options) selects() bool {
	return len(o.Metrics) > 0 || len(o.Labels) > 0 || len(o.Instances) > 0 || o.Records > 0 || !o.Start.IsZero() || !o.End.IsZero()
}

// validNames returns d without the names that an archive cannot hold.
func validNames(d *meta.Desc) *meta.Desc {
	bad := func(name string) bool { return name == "" || strings.ContainsRune(name, 0) }
	if !slices.ContainsFunc(d.Names, bad) {
		return d
	}
	fit := *d
	fit.Names = slices.DeleteFunc(slices.Clone(d.Names), bad)
	return &fit
}

// Metrics that identify a run of the daemon. A logger writes their values into the first
// record of an archive (prologue) and the last (epilogue).
var (
	daemonPID = pcp.NewPMID(2, 0, 23)
	daemonSeq = pcp.NewPMID(2, 0, 24)
)

// daemon identifies a run of the daemon.
type daemon struct{ pid, seq uint64 }

// daemonOf returns the run that a prologue or epilogue names. ok is false for other
// records.
func daemonOf(r *archive.Result) (d daemon, ok bool) {
	found := 0
	for i := range r.Sets {
		s := &r.Sets[i]
		if len(s.Values) != 1 {
			continue
		}
		switch s.PMID {
		case daemonPID:
			d.pid = s.Values[0].Bits
			found++
		case daemonSeq:
			d.seq = s.Values[0].Bits
			found++
		}
	}
	return d, found == 2
}
