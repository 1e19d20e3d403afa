package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// hosts are the archives that operands name, one timeline for each host. It is
// how every verb opens archives, and names what cannot be read of them.
type hosts struct {
	s    streams
	sets []*store.Set
	bad  []store.Problem // of archives whose host is not known
	// living takes a last archive that ends inside a record to be one that is
	// still being written, which needs no mention.
	living bool
	single bool // one archive was named as such
	names  flatten.HostNames
	zones  zoneFlags
}

// openHosts opens what operands name. It fails if an operand names nothing, or
// no archive can be read.
func openHosts(s streams, operands []string) (*hosts, error) {
	paths := splitOperands(operands)
	h := &hosts{s: s, single: len(paths) == 1 && !isFolder(paths[0])}
	var all []string
	for _, path := range paths {
		switch {
		case !namesArchive(path):
			return nil, noArchive(path)
		case !isFolder(path):
			all = append(all, path)
			continue
		}
		dirs, bad := folders(path)
		all, h.bad = append(all, dirs...), append(h.bad, bad...)
	}
	sets, bad, err := store.OpenSets(all, nil)
	switch {
	case errors.Is(err, fs.ErrNotExist) || len(all) == 0:
		return nil, cmp.Or(h.unusable(), noArchive(paths[0]))
	case err != nil:
		return nil, err
	}
	h.sets, h.bad = sets, append(h.bad, bad...)
	if h.single && len(h.sets) == 1 {
		for range h.sets[0].Readers() {
			continue // it names what is wrong with the only archive
		}
	}
	return h, h.unusable()
}

// only returns the archives of the only host, for verbs that write one archive.
func (h *hosts) only() (*store.Set, error) {
	if len(h.sets) > 1 {
		return nil, usageError{fmt.Errorf("archives of %d hosts, among them %s and %s: name those of one host", len(h.sets), h.sets[0].Host(), h.sets[1].Host())}
	}
	return h.sets[0], nil
}

// readers yields the archives of all hosts.
func (h *hosts) readers() iter.Seq[*archive.Reader] {
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
func (h *hosts) Header() *archive.Header {
	first := h.sets[0].Header()
	for _, set := range h.sets {
		if set.Header().Start.Before(first.Start) {
			first = set.Header()
		}
	}
	return first
}

// End returns the time of the last record of all.
func (h *hosts) End() (end pcp.Timestamp, err error) {
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

// Location returns the time zone asked for, or that of the first host.
func (h *hosts) Location() *time.Location { return h.zoneOf(h.sets[0]) }

// zoneOf returns the time zone asked for, or that of a host's archives.
func (h *hosts) zoneOf(set *store.Set) *time.Location { return h.zones.or(set.Location()) }

// clashes returns what hosts call themselves alike in the archives of a time, and
// names it.
func (h *hosts) clashes(from, to pcp.Timestamp) *flatten.HostClashes {
	clashes := h.names.Clashes(h.sets, from, to)
	for _, line := range clashes.Lines() {
		fmt.Fprintln(h.s.err, line)
	}
	return clashes
}

// unusable returns why nothing at all can be read, as far as it is known; nil if
// something can.
func (h *hosts) unusable() error {
	var all []error
	for _, p := range h.bad {
		all = append(all, p.Err)
	}
	for _, set := range h.sets {
		skipped := map[string]bool{}
		for _, p := range set.Problems() {
			if p.Skipped {
				skipped[p.Archive] = true
				all = append(all, p.Err)
			}
		}
		if slices.ContainsFunc(set.Archives(), func(a store.Archive) bool { return !skipped[a.Base] }) {
			return nil
		}
	}
	return errors.Join(all...)
}

// sayProblems names on standard error what could not be read so far, and returns
// errSkipped if there is anything.
func (h *hosts) sayProblems() error {
	return h.say(func(store.Problem) bool { return true })
}

// saySkipped is sayProblems for verbs that tell themselves how far they read.
func (h *hosts) saySkipped() error {
	return h.say(func(p store.Problem) bool { return p.Skipped })
}

func (h *hosts) say(worth func(store.Problem) bool) error {
	problems := slices.Clone(h.bad)
	for _, set := range h.sets {
		for _, p := range set.Problems() {
			if h.living && errors.Is(p.Err, pcp.ErrUnfinished) && set.IsLast(p.Archive) {
				continue
			}
			problems = append(problems, p)
		}
	}
	problems = slices.DeleteFunc(problems, func(p store.Problem) bool { return !worth(p) })
	for _, p := range problems {
		fmt.Fprintln(h.s.err, problemText(p))
	}
	if len(problems) > 0 {
		return errSkipped
	}
	return nil
}

// problemText says what is wrong with an archive and what became of it.
func problemText(p store.Problem) string {
	var d *archive.Damage
	switch {
	case p.Skipped:
		return fmt.Sprintf("%v; nothing of %s was used", p.Err, p.Archive)
	case errors.As(p.Err, &d):
		return d.Error() // which says that
	}
	return fmt.Sprintf("%v; what precedes it was used", p.Err)
}

// timeline is an archive, or those of a host.
type timeline interface {
	Header() *archive.Header
	End() (pcp.Timestamp, error)
	Location() *time.Location
}

// roughly is a timeline whose end is known without decompressing data.
type roughly struct{ *store.Set }

// End returns about when the last record was written.
func (r roughly) End() (pcp.Timestamp, error) { return r.Ending() }
