package rewrite

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrTargets reports that one archive cannot hold the inputs.
var ErrTargets = errors.New("the archives overlap in time and have the same series of different exporters, which one archive cannot tell apart; give one of them, or 'export tsdb'")

// CheckTargets returns an error that wraps [ErrTargets] if archives that overlap in time come
// from different exporters and have series with the same numbers, among the metrics for
// which wants returns true.
func CheckTargets(in []*archive.Reader, wants func(*meta.Desc) bool) error {
	for i, a := range in {
		for _, b := range in[i+1:] {
			s, t := a.Target(), b.Target()
			if s == t || s == (history.Target{}) || t == (history.Target{}) || !overlap(a, b) {
				continue
			}
			if d := sharedSeries(a.Meta(), b.Meta(), wants); d != nil {
				return fmt.Errorf("%s of %s in %s and of %s in %s: %w", d.Name(), s, a.Base(), t, b.Base(), ErrTargets)
			}
		}
	}
	return nil
}

// matching returns the archives of which Labels may select a value.
func (o *Options) matching(in []*archive.Reader) []*archive.Reader {
	return slices.DeleteFunc(slices.Clone(in), func(r *archive.Reader) bool {
		labels := r.Target().Labels()
		return slices.ContainsFunc(o.Labels, func(m Matcher) bool {
			_, has := labels[m.Name]
			return has && !m.matchesText(labels[m.Name])
		})
	})
}

// overlap reports whether both archives have records at some time.
func overlap(a, b *archive.Reader) bool {
	if b.Header().Start.Before(a.Header().Start) {
		a, b = b, a
	}
	end, err := a.Ending()
	return err != nil || !end.Before(b.Header().Start)
}

// sharedSeries returns a metric of which both archives have a series with the same number,
// nil if there is none.
func sharedSeries(a, b *meta.Store, wants func(*meta.Desc) bool) *meta.Desc {
	domains := map[pcp.InDomID]bool{}
	for d := range a.Metrics() {
		other, ok := b.Desc(d.PMID)
		if !ok || !wants(d) {
			continue
		}
		shared := d.InDom == pcp.InDomNull || d.InDom != other.InDom
		if !shared {
			if _, known := domains[d.InDom]; !known {
				domains[d.InDom] = sharedInstance(a, b, d.InDom)
			}
			shared = domains[d.InDom]
		}
		if shared {
			return d
		}
	}
	return nil
}

// sharedInstance reports whether both archives have an instance of a domain.
func sharedInstance(a, b *meta.Store, id pcp.InDomID) bool {
	seen := map[pcp.InstID]bool{}
	for in := range a.InDomVersions(id) {
		for _, e := range in.Instances {
			seen[e.ID] = true
		}
	}
	for in := range b.InDomVersions(id) {
		for _, e := range in.Instances {
			if seen[e.ID] {
				return true
			}
		}
	}
	return false
}
