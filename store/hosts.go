package store

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/similar"
	"github.com/pcparchive/pcparchive/pcp"
)

// Hosts are the archives of any number of hosts: a [Set] for each host, and the
// archives that cannot be assigned to a host.
//
// Hosts do not change: they read each archive no further than it reached when it was
// opened. [Hosts.Refresh] returns Hosts of what there is later.
type Hosts struct {
	sets       []*Set
	unassigned []Problem // archives whose label, and folders that, cannot be read

	paths []string // what Open was asked for; nil if others opened the Sets
	opts  *archive.ReadOptions
	kept  *keeper
	bases map[string]string // of the archives among paths
	found map[string]*found // by base path

	memory *memory // may be nil
}

// NewHosts returns Hosts of Sets that are open already, one for each host. There
// must be at least one Set. They cannot be refreshed.
func NewHosts(sets ...*Set) *Hosts { return &Hosts{sets: sets} }

// Open opens the archives that paths name: an archive by its base or by any of
// its files, and a folder for all archives in it and in the folders below it. It
// reads labels; metadata is read when it is needed, except that of an archive that
// is the only path. A nil o means defaults.
//
// Damage is no error: [Hosts.Problems] names it. Open returns a
// [*NotArchiveError] if a path names no archive, and the reasons of all archives
// if none can be read.
func Open(paths []string, o *archive.ReadOptions) (*Hosts, error) {
	return OpenRemembering(paths, o, nil)
}

// OpenRemembering does the same as [Open]. It takes the labels of archives that have not
// changed from a folder of derived data, in which [Hosts.Remember] keeps them. dir may be
// nil.
func OpenRemembering(paths []string, o *archive.ReadOptions, dir *cachedir.Dir) (*Hosts, error) {
	h := newHosts(paths, o)
	if !h.opts.Strict { // what is remembered does not tell all damage
		h.memory = recall(dir, paths)
	}
	if err := h.open(context.Background(), nil); err != nil {
		return nil, err
	}
	if len(paths) == 1 && !isFolder(paths[0]) && len(h.sets) == 1 {
		h.sets[0].readable() // finds out whether the only archive can be read
	}
	return h, h.Unusable()
}

// Sets returns the Sets, by the name of their host.
func (h *Hosts) Sets() []*Set { return h.sets }

// Only returns the Set of the only host, or a [*HostsError] if there are several.
func (h *Hosts) Only() (*Set, error) {
	if len(h.sets) == 1 {
		return h.sets[0], nil
	}
	e := &HostsError{}
	for _, s := range h.sets {
		e.Hosts = append(e.Hosts, s.Host())
	}
	return nil, e
}

// Readers yields the archives of all hosts, as [Set.Readers] does for one.
func (h *Hosts) Readers() iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		for _, set := range h.sets {
			for r := range set.Readers() {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// Header returns the label of the archive that begins first.
func (h *Hosts) Header() *archive.Header {
	first := h.sets[0].Header()
	for _, set := range h.sets {
		if set.Header().Start.Before(first.Start) {
			first = set.Header()
		}
	}
	return first
}

// End returns the time of the last record of all hosts.
func (h *Hosts) End() (end pcp.Timestamp, err error) {
	for _, set := range h.sets {
		t, err := set.End()
		if err != nil {
			return end, err
		}
		if t.After(end) {
			end = t
		}
	}
	return end, nil
}

// Location returns the time zone of the first host.
func (h *Hosts) Location() *time.Location { return h.sets[0].Location() }

// HasMetric reports whether an archive has a metric called name, or one in the
// subtree below name. Every archive with metrics has the name "".
func (h *Hosts) HasMetric(name string) bool {
	for r := range h.Readers() {
		for d := range r.Meta().Metrics() {
			if d.Matches(name) {
				return true
			}
		}
	}
	return false
}

// Problems returns what could not be read so far, first the archives and folders
// that belong to no host.
func (h *Hosts) Problems() []Problem {
	problems := slices.Clone(h.unassigned)
	for _, set := range h.sets {
		problems = append(problems, set.Problems()...)
	}
	return problems
}

// Unusable returns the problems of all archives if no archive can be read, and nil
// otherwise. It knows the archives that were opened so far.
func (h *Hosts) Unusable() error {
	var reasons []error
	for _, p := range h.unassigned {
		reasons = append(reasons, p.Err)
	}
	for _, set := range h.sets {
		skipped := map[string]bool{}
		for _, p := range set.Problems() {
			if p.Skipped {
				skipped[p.Archive] = true
				reasons = append(reasons, p.Err)
			}
		}
		if slices.ContainsFunc(set.Archives(), func(a Archive) bool { return !skipped[a.Base] }) {
			return nil
		}
	}
	return errors.Join(reasons...)
}

// SimilarMetrics returns a few names of metrics and subtrees that are similar to a
// name that does not exist.
func (h *Hosts) SimilarMetrics(name string) []string {
	return similar.Names(name, func(yield func(string) bool) {
		for r := range h.Readers() {
			for d := range r.Meta().Metrics() {
				for _, n := range d.Names {
					for at := range n {
						if n[at] == '.' && !yield(n[:at]) {
							return
						}
					}
					if !yield(n) {
						return
					}
				}
			}
		}
	})
}
