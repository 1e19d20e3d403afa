package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
)

// OpenSet opens the archives of one host. Each path is the base of an archive,
// any of its files, or a folder, which stands for all archives in it. OpenSet
// reads only labels; a Set reads metadata when it is needed. A nil o means
// defaults. The error is a [*HostsError] if the archives are of several hosts,
// and wraps [fs.ErrNotExist] if there are none.
func OpenSet(paths []string, o *archive.ReadOptions) (*Set, error) {
	sets, problems, err := OpenSets(paths, o)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		all := make([]error, len(problems))
		for i, p := range problems {
			all[i] = p.Err
		}
		return nil, errors.Join(all...)
	}
	if len(sets) > 1 {
		e := &HostsError{}
		for _, s := range sets {
			e.Hosts = append(e.Hosts, s.Host())
		}
		return nil, e
	}
	sets[0].problems = append(sets[0].problems, problems...)
	return sets[0], nil
}

// OpenSets opens archives as OpenSet does and returns a Set for each host,
// sorted by host name. The problems list the archives without a Set: their
// label cannot be read, or no archive of their host can.
func OpenSets(paths []string, o *archive.ReadOptions) ([]*Set, []Problem, error) {
	opts := o.Shared()
	opts.Listing.Freeze()
	defer opts.Listing.Thaw()
	bases, err := expand(paths, opts)
	if err != nil {
		return nil, nil, err
	}
	kept := &keeper{limit: opts.KeepMetadata}
	var problems []Problem
	byHost := map[string]*Set{}
	for _, base := range bases {
		r, err := archive.OpenLabel(base, opts)
		if err != nil {
			problems = append(problems, Problem{Archive: base, Skipped: true, Err: err})
			continue
		}
		s, ok := byHost[r.Header().Host]
		if !ok {
			s = &Set{opts: opts, kept: kept}
			byHost[r.Header().Host] = s
		}
		s.items = append(s.items, &item{label: r})
	}
	sets := make([]*Set, 0, len(byHost))
	for _, s := range byHost {
		slices.SortStableFunc(s.items, func(a, b *item) int {
			return cmp.Or(a.label.Header().Start.Compare(b.label.Header().Start), strings.Compare(a.label.Base(), b.label.Base()))
		})
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b *Set) int { return strings.Compare(a.Host(), b.Host()) })
	if len(sets) > 1 {
		sets = slices.DeleteFunc(sets, func(s *Set) bool {
			if s.Last() != nil {
				return false
			}
			problems = append(problems, s.problems...)
			return true
		})
	}
	return sets, problems, nil
}

// expand replaces folders by the archives in them and drops duplicates.
func expand(paths []string, o *archive.ReadOptions) (bases []string, err error) {
	seen := map[string]bool{}
	add := func(base string) {
		whole, err := filepath.Abs(base)
		if err != nil {
			whole = filepath.Clean(base)
		}
		if !seen[whole] {
			seen[whole] = true
			bases = append(bases, base)
		}
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			found, err := archive.ArchivesIn(path, o)
			if err != nil {
				return nil, err
			}
			for _, base := range found {
				add(base)
			}
			continue
		}
		base, _, err := o.Listing.Members(path)
		if err != nil {
			base = path // opening it fails and becomes a Problem
		}
		add(base)
	}
	if len(bases) == 0 {
		return nil, fmt.Errorf("no archive in %s: %w", strings.Join(paths, ", "), fs.ErrNotExist)
	}
	return bases, nil
}
