package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/parallel"
	"github.com/pcparchive/pcparchive/pcp"
)

// newHosts returns Hosts without archives.
func newHosts(paths []string, o *archive.ReadOptions) *Hosts {
	opts := o.Shared()
	return &Hosts{paths: paths, opts: opts, kept: &keeper{limit: opts.KeepMetadata}, bases: map[string]string{}}
}

// found is an archive that was found in one state.
type found struct {
	base  string
	state *archive.State // nil if it is not known
	item  *item          // nil if the label cannot be read
	err   error          // why item is nil
}

// fill opens the archives with the given bases and forms the Sets. It takes over
// the archives of former Hosts, which may be nil, as far as they did not change.
func (h *Hosts) fill(ctx context.Context, bases []string, former *Hosts) error {
	all := make([]*found, len(bases))
	err := parallel.Do(len(bases), func(i int) error {
		var before *found
		if former != nil {
			before = former.found[bases[i]]
		}
		all[i] = h.look(bases[i], before)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	h.found = make(map[string]*found, len(bases))
	for _, f := range all {
		h.found[f.base] = f
	}
	h.group(all, former)
	return nil
}

// sameError reports whether both archives failed to open in the same way.
func (f *found) sameError(before *found) bool {
	return before != nil && before.err != nil && f.err != nil && f.err.Error() == before.err.Error()
}

// isDamage reports whether trying again to open an archive is of no use as long as
// its files do not change.
func isDamage(err error) bool {
	var fe *pcp.FormatError
	return errors.As(err, &fe)
}

// look returns an archive in its present state. It returns before, which may be nil,
// if that has not changed.
func (h *Hosts) look(base string, before *found) *found {
	f := &found{base: base}
	var known *archive.State
	if before != nil {
		known = before.state
	}
	f.state, f.err = h.opts.Listing.State(base, known)
	switch {
	case f.sameError(before):
		return before
	case f.err != nil:
		return f
	case f.state == known && (before.item != nil || isDamage(before.err)):
		return before
	case known != nil && before.item != nil:
		if f.item = before.item.grown(f.state); f.item != nil {
			return f
		}
	}
	if f.item = h.memory.item(f.state, h.opts, h.kept); f.item != nil {
		return f
	}
	var label *archive.Reader
	label, f.err = archive.OpenState(f.state, h.opts)
	switch {
	case f.err == nil:
		f.item = &item{state: f.state, label: label, kept: h.kept}
	case f.sameError(before):
		return before
	}
	return f
}

// group forms a Set for each host. Where nothing changed it takes the Set of the
// former Hosts, which may be nil.
func (h *Hosts) group(all []*found, former *Hosts) {
	byHost := map[string]*Set{}
	for _, f := range all {
		if f.item == nil {
			h.unassigned = append(h.unassigned, Problem{Archive: f.base, Skipped: true, Err: f.err})
			continue
		}
		host := f.item.label.Header().Host
		if byHost[host] == nil {
			byHost[host] = &Set{stop: h.opts.Stop}
		}
		byHost[host].items = append(byHost[host].items, f.item)
	}
	for host, s := range byHost {
		slices.SortStableFunc(s.items, func(a, b *item) int {
			return cmp.Or(a.label.Header().Start.Compare(b.label.Header().Start), strings.Compare(a.label.Base(), b.label.Base()))
		})
		if before := former.set(host); before != nil && slices.Equal(before.items, s.items) {
			s = before
		}
		h.sets = append(h.sets, s)
	}
	slices.SortFunc(h.sets, func(a, b *Set) int { return strings.Compare(a.Host(), b.Host()) })
	if len(h.sets) > 1 {
		h.sets = slices.DeleteFunc(h.sets, func(s *Set) bool {
			if s.readable() {
				return false
			}
			h.unassigned = append(h.unassigned, s.Problems()...)
			return true
		})
	}
}

// set returns the Set of a host, nil if there is none.
func (h *Hosts) set(host string) *Set {
	if h == nil {
		return nil
	}
	i := slices.IndexFunc(h.sets, func(s *Set) bool { return s.Host() == host })
	if i < 0 {
		return nil
	}
	return h.sets[i]
}
