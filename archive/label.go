package archive

import (
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// OpenLabel opens an archive as [Open] does, but reads its label alone. Of the
// Reader only Base, Header, Location and FindEnd may be used. A nil o means
// defaults.
func OpenLabel(path string, o *ReadOptions) (*Reader, error) {
	r, err := newReader(path, o.withDefaults())
	if err != nil {
		return nil, err
	}
	if err := r.loadHeader(); err != nil {
		return nil, err
	}
	if err := r.metaLabel(); err != nil {
		return nil, err
	}
	return r, nil
}

// MetadataSize returns how many bytes of metadata were read.
func (r *Reader) MetadataSize() int64 { return r.metaSize }

// Notify hands what Warnings has so far, and from now on each further one, to
// tell.
func (r *Reader) Notify(tell func(error)) { r.notes.pass(tell) }

// FindEnd returns the time of the last whole record or, unless exact, about that
// time as far as [Reader.Ending] knows it; known reports whether it is exact. Of an
// archive that OpenLabel opened the index is read for that and not kept.
func (r *Reader) FindEnd(exact bool) (end pcp.Timestamp, known bool, err error) {
	if r.index != nil && r.store == nil {
		_ = r.loadIndex() // without it there are no hints
		defer func() { r.entries, r.hints = nil, nil }()
	}
	if end, ok := r.indexEnd(); ok && !exact {
		return end, false, nil
	}
	end, err = r.End()
	return end, true, err
}

// metaLabel makes sure that the metadata file is not empty or that of another
// archive.
func (r *Reader) metaLabel() error {
	f, err := r.open(r.meta)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.metaSource(f, leastBuffer, unnoted).beginMeta(r)
}

// ArchivesIn returns the base paths of the archives in a folder: of all metadata
// files, and of volumes without metadata if they begin with an archive label,
// for many other files end in a number. A nil o means defaults.
func ArchivesIn(dir string, o *ReadOptions) ([]string, error) {
	opts := o.Shared()
	dir, _ = filepath.Split(filepath.Join(dir, "any")) // as it stands before the names of members
	found, err := opts.Listing.list(dir)
	if err != nil {
		return nil, err
	}
	isArchive := func(members []Member) bool {
		if slices.ContainsFunc(members, func(m Member) bool { return m.Role == RoleMeta }) {
			return true
		}
		i := slices.IndexFunc(members, func(m Member) bool { return m.Role == RoleData })
		if i < 0 {
			return false
		}
		r := Reader{opts: *opts}
		f, _, err := r.openAt(members[i], int32(members[i].Volume), leastBuffer)
		if err != nil {
			return false
		}
		f.Close()
		return true
	}
	var bases []string
	for base, members := range found {
		if isArchive(members) {
			bases = append(bases, dir+base)
		}
	}
	slices.Sort(bases)
	return bases, nil
}
