package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
)

// Refresh returns Hosts of what the paths of Open name now. changed reports whether
// that differs from h; if not, next is h. Sets and archives that have not changed
// are those of h, with all that they have loaded. Where an archive only grew,
// the new one takes over its metadata.
//
// If nothing changed, Refresh calls stat for each file and folder; it reads folders
// at least once a minute, because not every file system maintains their times.
//
// A query should use one Hosts from beginning to end. h remains valid: it reads each
// archive as far as it reached at the time of h, and reports a Problem for files that
// are gone or belong to another archive. The error is that of Open if there is no
// archive any more; a later Refresh of h may find some again.
func (h *Hosts) Refresh(ctx context.Context) (next *Hosts, changed bool, err error) {
	if h.paths == nil {
		return h, false, nil
	}
	next = &Hosts{paths: h.paths, opts: h.opts, kept: h.kept, bases: maps.Clone(h.bases), memory: h.memory}
	if err := next.open(ctx, h); err != nil {
		return nil, false, err
	}
	if next.same(h) {
		return h, false, nil
	}
	next.replace(h)
	return next, true, nil
}

// open opens the archives that the paths name. It takes over those of former Hosts,
// which may be nil, as far as they did not change.
func (h *Hosts) open(ctx context.Context, former *Hosts) error {
	if len(h.paths) == 0 {
		return notArchive("")
	}
	var all []string
	for _, path := range h.paths {
		switch {
		case isFolder(path):
			dirs, unreadable := folders(path, h.opts.Listing)
			all, h.unassigned = append(all, dirs...), append(h.unassigned, unreadable...)
		case former == nil && !Exists(path):
			return notArchive(path)
		default:
			all = append(all, path)
		}
	}
	h.opts.Listing.Freeze() // expand reads the folders that changed
	defer h.opts.Listing.Thaw()
	bases, err := h.expand(all)
	if err == nil {
		err = h.fill(ctx, bases, former)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(bases) == 0:
		return cmp.Or(h.Unusable(), notArchive(h.paths[0]))
	case err != nil:
		return err
	case len(h.sets) > 0:
		return nil
	case !slices.ContainsFunc(h.paths, Exists):
		return notArchive(h.paths[0])
	}
	return h.Unusable()
}

// expand replaces folders by the archives in them and drops duplicates.
func (h *Hosts) expand(paths []string) (bases []string, err error) {
	seen := map[string]bool{}
	folder, _ := os.Getwd()
	add := func(base string) {
		whole := base
		if !filepath.IsAbs(whole) {
			whole = filepath.Join(folder, whole)
		}
		if !seen[whole] {
			seen[whole] = true
			bases = append(bases, base)
		}
	}
	for _, path := range paths {
		if base, known := h.bases[path]; known {
			add(base)
			continue
		}
		if isFolder(path) {
			found, err := archive.ArchivesIn(path, h.opts)
			if err != nil {
				return nil, err
			}
			for _, base := range found {
				add(base)
			}
			continue
		}
		base, _, err := h.opts.Listing.Members(path)
		if err != nil {
			base = path // opening it fails and becomes a Problem
		} else {
			h.bases[path] = base
		}
		add(base)
	}
	return bases, nil
}

// same reports whether two Hosts of the same paths have the same archives.
func (h *Hosts) same(o *Hosts) bool {
	return maps.Equal(h.found, o.found) && slices.EqualFunc(h.unassigned, o.unassigned, func(a, b Problem) bool {
		return a.Archive == b.Archive && a.Err.Error() == b.Err.Error()
	})
}

// replace ends the use of the archives of former Hosts that h no longer has.
func (h *Hosts) replace(former *Hosts) {
	for base, before := range former.found {
		if before.item != nil && h.found[base] != before {
			h.kept.retire(before.item)
		}
	}
	for _, f := range h.found {
		if f.item != nil && f.item.lends() {
			f.item.load(nil) // counts the metadata taken over
		}
	}
}

// lends reports whether the item has the metadata of a former state to take over.
func (it *item) lends() bool {
	it.loading.Lock()
	defer it.loading.Unlock()
	return it.lent != nil
}

// grown returns the item of the archive in a later state if it only grew, else nil.
func (it *item) grown(s *archive.State) *item {
	label, ok := it.label.Grown(s)
	if !ok {
		return nil
	}
	next := &item{state: s, label: label, kept: it.kept}
	if full := it.kept.get(it); full != nil {
		next.lent, _ = full.Grown(s)
	}
	return next
}
