package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/internal/fileid"
	"github.com/pcparchive/pcparchive/internal/halt"
)

// State describes the files of an archive at one time: their names, identities, sizes
// and times of change. A Reader that was opened
// by [OpenState] reads the archive as it was then.
type State struct {
	base  string
	files []fileState // in the order of their names
}

// fileState is a file of a State.
type fileState struct {
	Member
	info fs.FileInfo
}

// same reports whether a file has not changed.
func (f fileState) same(info fs.FileInfo) bool {
	return fileid.Same(f.info, info) && os.SameFile(f.info, info)
}

// Base returns the archive's path without a member's suffix.
func (s *State) Base() string { return s.base }

// Files yields the paths of the files and what the file system says about them.
func (s *State) Files(yield func(path string, info fs.FileInfo) bool) {
	for _, f := range s.files {
		if !yield(f.Path, f.info) {
			return
		}
	}
}

// State returns the present state of the archive with a base path. It returns
// known, which may be nil, if that is still the state: then it calls stat for each
// file, and reads no folder unless it changed.
func (fs *Listing) State(base string, known *State) (*State, error) {
	dir, name := filepath.Split(base)
	members, err := fs.list(dir)
	if err != nil {
		return nil, err
	}
	listed := members[name]
	if known != nil && known.holds(listed) {
		return known, nil
	}
	s := stateOf(base, listed)
	for tries := 0; tries < 10 && (len(s.files) < len(listed) || incomplete(s.members())); tries++ {
		before := s
		all, _, err := listFolder(dir, func(base string) bool { return base == name })
		if err != nil {
			return nil, err
		}
		if s = stateOf(base, all[name]); slices.EqualFunc(before.files, s.files, func(a, b fileState) bool { return a.Path == b.Path }) {
			break
		}
	}
	return s, nil
}

// stateOf returns the state of those files that are regular.
func stateOf(base string, listed []Member) *State {
	s := &State{base: base, files: make([]fileState, 0, len(listed))}
	for _, m := range listed {
		if info, err := os.Stat(m.Path); err == nil && info.Mode().IsRegular() {
			m.Size = info.Size()
			s.files = append(s.files, fileState{m, info})
		}
	}
	return s
}

// holds reports whether the files listed are those of s and have not changed.
func (s *State) holds(listed []Member) bool {
	if len(s.files) != len(listed) {
		return false
	}
	for i, m := range listed {
		if s.files[i].Path != m.Path {
			return false
		}
		if info, err := os.Stat(m.Path); err != nil || !s.files[i].same(info) {
			return false
		}
	}
	return true
}

// members returns the files as they were listed.
func (s *State) members() []Member {
	all := make([]Member, len(s.files))
	for i, f := range s.files {
		all[i] = f.Member
	}
	return all
}

// find returns the state of the file with a path.
func (s *State) find(path string) (fileState, bool) {
	if s == nil {
		return fileState{}, false
	}
	i := slices.IndexFunc(s.files, func(f fileState) bool { return f.Path == path })
	if i < 0 {
		return fileState{}, false
	}
	return s.files[i], true
}

// Grew reports whether s may be a later state of the same recording: its metadata,
// index and last volume may be longer, and there may be further volumes. A file of the same
// length that has changed was written anew.
func (s *State) Grew(from *State) bool {
	last := -1
	for _, f := range from.files {
		last = max(last, f.Volume)
	}
	for _, f := range from.files {
		now, ok := s.find(f.Path)
		switch {
		case ok && now.same(f.info):
		case !ok || !os.SameFile(f.info, now.info) || now.Size <= f.Size:
			return false
		case f.Compress != "" || f.Role == RoleData && f.Volume < last:
			return false
		}
	}
	for _, f := range s.files {
		if _, known := from.find(f.Path); !known && (f.Role == RoleMeta || f.Role == RoleData && f.Volume <= last) {
			return false
		}
	}
	return true
}

// OpenState opens an archive as [OpenLabel] does, and reads it no further than it
// reached in a state. A nil o means defaults.
func OpenState(s *State, o *ReadOptions) (*Reader, error) {
	return withLabel(stateReader(s, o))
}

// stateReader returns a Reader of the files of a state, which it does not open.
func stateReader(s *State, o *ReadOptions) (*Reader, error) {
	if len(s.files) == 0 {
		return nil, noFile(s.base, filepath.Base(s.base))
	}
	opts := o.withDefaults()
	opts.state = s
	return readerOf(s.base, s.base, arrange(withoutForeign(s.members())), opts)
}

// Load returns a Reader of the same files with their metadata and index, for an
// archive opened by [OpenState].
func (r *Reader) Load() (*Reader, error) { return r.LoadUntil(nil) }

// LoadUntil is Load that ends with the error of stop, unless stop is nil.
func (r *Reader) LoadUntil(stop func() error) (*Reader, error) {
	full := &Reader{
		opts: r.opts, base: r.base, meta: r.meta, index: r.index, volumes: r.volumes, notes: &notes{}, skims: &skims{},
		header: r.header, layout: r.layout, // ignores files that belong to another archive
	}
	full.opts.Stop = halt.Either(r.opts.Stop, stop)
	err := full.load()
	full.opts.Stop = r.opts.Stop
	if err != nil {
		return nil, err
	}
	for _, damage := range r.Warnings() {
		full.warn(damage) // of the label, which full has as it was mended
	}
	return full, nil
}

// Grown returns a Reader of the archive in a later state, with the metadata of r and the
// records added since. ok is false if the archive did not just grow, so
// that it must be opened anew. A Reader opened by [OpenState] remains one without
// metadata.
func (r *Reader) Grown(s *State) (next *Reader, ok bool) {
	if r.opts.state == nil || !s.Grew(r.opts.state) {
		return nil, false
	}
	opts := r.opts
	opts.state = s
	next, err := readerOf(s.base, s.base, arrange(withoutForeign(s.members())), opts)
	if err != nil || next.loadHeader() != nil || *next.header != *r.header {
		return nil, false
	}
	if r.store == nil {
		return next, next.metaLabel() == nil
	}
	if next.index != nil && next.loadIndex() != nil {
		return nil, false
	}
	if !r.lendMeta(next) {
		return nil, false
	}
	r.lendNotes(next)
	next.skims = r.skims
	return next, true
}

// lendMeta gives next the metadata of r and adds the records written since. It returns
// false if the metadata must be read anew.
func (r *Reader) lendMeta(next *Reader) bool {
	before, _ := r.opts.state.find(r.meta.Path)
	now, ok := next.opts.state.find(next.meta.Path)
	next.store, next.metaSize, next.timeless = r.store, r.metaSize, r.timeless
	switch {
	case !ok || next.meta.Path != r.meta.Path:
		return false
	case now.same(before.info):
		return true
	case r.damagedIn(r.meta.Path):
		return false
	}
	f, err := next.open(next.meta)
	if err != nil {
		return false
	}
	defer f.Close()
	if f.Compressed() {
		return false
	}
	next.store = r.store.Clone()
	s := &metaPass{r: next}
	src := s.source(f, leastBuffer)
	if src.beginMeta(next) != nil {
		return false
	}
	src.frames = f.frames(r.metaSize, readBuffer)
	return s.add(src) == nil
}

// damagedIn reports whether damage of a file was found.
func (r *Reader) damagedIn(path string) bool {
	return slices.ContainsFunc(r.Warnings(), func(err error) bool {
		var d *Damage
		return errors.As(err, &d) && d.File == path
	})
}

// lendNotes gives next the damage of files that have not changed.
func (r *Reader) lendNotes(next *Reader) {
	for _, err := range r.Warnings() {
		var d *Damage
		if !errors.As(err, &d) {
			continue
		}
		before, ok := r.opts.state.find(d.File)
		if now, there := next.opts.state.find(d.File); ok && there && now.same(before.info) {
			next.warn(err)
		}
	}
}

// checkOwner returns an error if a file that is not, or not any more, one of the state belongs to
// another archive, which has taken the place of this one.
func (r *Reader) checkOwner(f *File) error {
	if r.opts.state == nil || f.same || r.header == nil {
		return nil
	}
	frame, err := f.frames(0, leastBuffer).next()
	if err != nil {
		return nil // the reader of the file finds the damage
	}
	if h, _, err := decodeHeader(frame.Payload); err == nil && (h.Host != r.header.Host || r.foreign(h)) {
		return fmt.Errorf("%s: another archive has taken the place of the one that was opened: %w", f.Path, fs.ErrNotExist)
	}
	return nil
}

// Compressed reports whether a file of the archive is compressed.
func (s *State) Compressed() bool {
	return slices.ContainsFunc(s.files, func(f fileState) bool { return f.Compress != "" })
}
