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

// matchesName reports whether a metric is meant by a pattern: its name or PMID,
// the name of a subtree it lies in, or a pattern for its name with *, ? and [].
func matchesName(d *meta.Desc, pattern string) bool {
	if d.PMID.String() == pattern {
		return true
	}
	return slices.ContainsFunc(d.Names, func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok || meta.Matches(name, pattern)
	})
}

// checkPatterns refuses patterns that mean nothing in any input: a misspelt
// name must not make an archive without it.
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

// wants reports whether the patterns mean a metric.
func (o *Options) wants(d *meta.Desc) bool {
	return len(o.Metrics) == 0 || slices.ContainsFunc(o.Metrics, func(p string) bool { return matchesName(d, p) })
}

// selects reports whether the options leave anything out.
func (o *Options) selects() bool {
	return len(o.Metrics) > 0 || len(o.Labels) > 0 || !o.Start.IsZero() || !o.End.IsZero()
}

// fitNames returns a descriptor without the names that no archive can hold.
func fitNames(d *meta.Desc) *meta.Desc {
	bad := func(name string) bool { return name == "" || strings.ContainsRune(name, 0) }
	if !slices.ContainsFunc(d.Names, bad) {
		return d
	}
	fit := *d
	fit.Names = slices.DeleteFunc(slices.Clone(d.Names), bad)
	return &fit
}

// The metrics by which a logger tells, in the first record of an archive and in
// the last, which run of the daemon it talks to.
var (
	daemonPID = pcp.NewPMID(2, 0, 23)
	daemonSeq = pcp.NewPMID(2, 0, 24)
)

// daemon is a run of the daemon.
type daemon struct{ pid, seq uint64 }

// daemonOf returns the run that a record names, if it is a prologue or epilogue.
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
