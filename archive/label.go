package archive

import (
	"errors"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// OpenLabel opens an archive as [Open] does but reads only its label. Only the
// methods Base, Header, Location and FindEnd of the Reader may be used. A nil o
// means defaults.
func OpenLabel(path string, o *ReadOptions) (*Reader, error) {
	return withLabel(newReader(path, o.withDefaults()))
}

// withLabel reads the label of an archive, unless err says that it has no Reader.
func withLabel(r *Reader, err error) (*Reader, error) {
	if err == nil {
		err = r.loadHeader()
	}
	if err == nil {
		err = r.metaLabel()
		r.opened = true
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// MetadataSize returns the number of bytes of metadata read.
func (r *Reader) MetadataSize() int64 { return r.metaSize }

// Notify calls report for each error in Warnings and for each further one.
func (r *Reader) Notify(report func(error)) { r.notes.pass(report) }

// FindEnd returns the time of the last whole record, or an estimate as
// [Reader.Ending] does unless exact is set. The last record is at most slack later; zero
// means that end is exact.
// In an archive opened by OpenLabel, FindEnd reads the index but does not keep
// it. The error of stop, unless stop is nil, ends the search, as that of [ReadOptions].Stop does.
func (r *Reader) FindEnd(exact bool, stop func() error) (end pcp.Timestamp, slack time.Duration, err error) {
	if r.index != nil && r.store == nil {
		_ = r.loadIndex() // without an index there are no hints
		defer func() { r.entries, r.hints = nil, nil }()
	}
	if end, slack, ok := r.indexEnd(); ok && !exact {
		return end, slack, nil
	}
	end, err = r.endUntil(stop)
	return end, 0, err
}

// metaLabel returns an error if the metadata file is empty or belongs to
// another archive.
func (r *Reader) metaLabel() error {
	f, err := r.open(r.meta)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.metaSource(f, leastBuffer, unnoted).beginMeta(r)
}

// ArchivesIn returns the base paths of the archives in a folder. It finds them
// by their metadata files, and by volumes without metadata if these begin with
// an archive label, because many other files end in a number. A nil o means
// defaults.
func ArchivesIn(dir string, o *ReadOptions) ([]string, error) {
	opts := o.Shared()
	return opts.Listing.archivesIn(prefix(dir), opts)
}

// archivesIn does the work of ArchivesIn. It keeps the answer as long as the folder
// does not change, unless a volume is still empty.
func (fs *Listing) archivesIn(dir string, o *ReadOptions) ([]string, error) {
	f, err := fs.folder(dir)
	if err != nil {
		return nil, err
	}
	fs.mu.Lock()
	bases, known := f.bases, f.counted
	fs.mu.Unlock()
	if known {
		return slices.Clone(bases), nil
	}
	settled := true
	for base, members := range f.members {
		ok, again := isArchive(members, o)
		settled = settled && !again
		if ok {
			bases = append(bases, dir+base)
		}
	}
	slices.Sort(bases)
	fs.mu.Lock()
	f.bases, f.counted = slices.Clone(bases), settled
	fs.mu.Unlock()
	return bases, nil
}

// isArchive reports whether files that are named as those of an archive are one.
// again reports that the answer may change without a change of the folder.
func isArchive(members []Member, o *ReadOptions) (ok, again bool) {
	if slices.ContainsFunc(members, func(m Member) bool { return m.Role == RoleMeta }) {
		return true, false
	}
	i := slices.IndexFunc(members, func(m Member) bool { return m.Role == RoleData })
	if i < 0 {
		return false, false
	}
	r := Reader{opts: *o}
	f, _, err := r.openAt(members[i])
	if err != nil {
		return false, !isDamage(err) || errors.Is(err, pcp.ErrUnfinished) || errors.Is(err, ErrNoData)
	}
	f.Close()
	return true, false
}

// Label returns the label of an archive opened by [OpenState], as a file has it. It
// returns nil if opening met damage, so that [OpenLabelled] would not be the same.
func (r *Reader) Label() []byte {
	if len(r.Warnings()) > 0 {
		return nil
	}
	return appendHeader(nil, r.layout, r.header, r.header.Volume)
}

// OpenLabelled returns the same as [OpenState] without reading a file. The label is that
// of an archive in the same state.
func OpenLabelled(s *State, label []byte, o *ReadOptions) (*Reader, error) {
	r, err := stateReader(s, o)
	if err != nil {
		return nil, err
	}
	if len(label) < 8 {
		return nil, &pcp.FormatError{Kind: pcp.KindHeader, Err: pcp.ErrTruncated}
	}
	r.header, r.layout, err = decodeHeader(label[4 : len(label)-4])
	if err != nil {
		return nil, err
	}
	return r, nil
}
