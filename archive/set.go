package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Set is several archives of one host, read as one timeline. Their versions may
// differ, and so may what they say of a metric: each archive keeps its own
// descriptors, so that one metric may come as several [Metric] values. A damaged
// archive is used as far as it goes and named in Problems. Archives that overlap
// are read side by side. A Set may be used from several goroutines; each
// sequence it returns belongs to one.
type Set struct {
	opts  ReadOptions
	items []*item // by start

	mu       sync.Mutex // of problems
	problems []Problem

	loading sync.Mutex
	loaded  []*item // with metadata, least recently used first
}

// item is an archive of a Set.
type item struct {
	label *Reader // without metadata
	full  *Reader // nil: not loaded

	indexed, ended sync.Once
	end            pcp.Timestamp
	endErr         error
}

// Problem says what of an archive is missing in a Set and why.
type Problem struct {
	Archive string // base path
	Skipped bool   // nothing of it is used
	Err     error  // wraps a [*pcp.FormatError], which tells file and offset, if it is damage
}

// String returns the archive, what becomes of it, and the reason.
func (p Problem) String() string {
	what := "read as far as it goes"
	if p.Skipped {
		what = "left out"
	}
	return fmt.Sprintf("archive %s: %s: %v", p.Archive, what, p.Err)
}

// HostsError says that archives of several hosts were given where those of one
// are needed. [OpenSets] tells them apart.
type HostsError struct {
	Hosts []string // sorted
}

// Error lists the hosts.
func (e *HostsError) Error() string {
	return fmt.Sprintf("archives of %d hosts: %s", len(e.Hosts), strings.Join(e.Hosts, ", "))
}

// OpenSet opens archives, each named by its base or by any of its files, or by
// a folder: all archives in it. It reads their labels; metadata is read when it
// is needed. The error is a [*HostsError] if they are not of one host, and wraps
// [fs.ErrNotExist] if there are none. A nil o means defaults.
func OpenSet(paths []string, o *ReadOptions) (*Set, error) {
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

// OpenSets opens archives as OpenSet does and returns a Set for each host, by
// name, and the archives that belong to none because their label cannot be read.
func OpenSets(paths []string, o *ReadOptions) ([]*Set, []Problem, error) {
	opts := o.withDefaults()
	bases, err := expand(paths, opts)
	if err != nil {
		return nil, nil, err
	}
	var problems []Problem
	byHost := map[string]*Set{}
	for _, base := range bases {
		r, err := newReader(base, opts)
		if err == nil {
			err = r.loadHeader()
		}
		if err != nil {
			problems = append(problems, Problem{Archive: base, Skipped: true, Err: err})
			continue
		}
		s, ok := byHost[r.header.Host]
		if !ok {
			s = &Set{opts: opts}
			byHost[r.header.Host] = s
		}
		s.items = append(s.items, &item{label: r})
	}
	sets := make([]*Set, 0, len(byHost))
	for _, s := range byHost {
		slices.SortStableFunc(s.items, func(a, b *item) int {
			return cmp.Or(a.label.header.Start.Compare(b.label.header.Start), strings.Compare(a.label.base, b.label.base))
		})
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b *Set) int { return strings.Compare(a.Host(), b.Host()) })
	return sets, problems, nil
}

// expand replaces folders by the archives in them and leaves out repetitions.
func expand(paths []string, o ReadOptions) (bases []string, err error) {
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
			found, err := archivesIn(path, o)
			if err != nil {
				return nil, err
			}
			for _, base := range found {
				add(base)
			}
			continue
		}
		base, _, err := Members(path)
		if err != nil {
			base = path // named in Problems
		}
		add(base)
	}
	if len(bases) == 0 {
		return nil, fmt.Errorf("no archive in %s: %w", strings.Join(paths, ", "), fs.ErrNotExist)
	}
	return bases, nil
}

// archivesIn returns the bases of the archives in a folder: of all metadata
// files, and of volumes without metadata if they begin with an archive label,
// for many other files end in a number.
func archivesIn(dir string, o ReadOptions) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	hasMeta, volume := map[string]bool{}, map[string]Member{}
	for _, e := range entries {
		base, m, ok := splitMember(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		base = filepath.Join(dir, base)
		switch m.Role {
		case RoleMeta:
			hasMeta[base] = true
		case RoleData:
			m.Path = filepath.Join(dir, e.Name())
			volume[base] = m
		}
	}
	bases := make([]string, 0, len(hasMeta))
	for base := range hasMeta {
		bases = append(bases, base)
	}
	for base, m := range volume {
		r := Reader{opts: o}
		if hasMeta[base] {
			continue
		}
		if f, _, err := r.openAt(m, int32(m.Volume), leastBuffer); err == nil {
			f.Close()
			bases = append(bases, base)
		}
	}
	slices.Sort(bases)
	return bases, nil
}

// Host returns the name of the host.
func (s *Set) Host() string { return s.Header().Host }

// Header returns the label of the earliest archive.
func (s *Set) Header() *Header { return s.items[0].label.header }

// Location returns the time zone of the earliest archive, as [Reader.Location]
// does.
func (s *Set) Location() *time.Location { return s.items[0].label.Location() }

// Archive is an archive of a Set.
type Archive struct {
	Base   string
	Header *Header
}

// Archives lists the archives by their start.
func (s *Set) Archives() []Archive {
	all := make([]Archive, len(s.items))
	for i, it := range s.items {
		all[i] = Archive{it.label.base, it.label.header}
	}
	return all
}

// Readers yields the archives by their start, opened, for questions about their
// metadata. One that cannot be opened is left out and named in Problems.
func (s *Set) Readers() iter.Seq[*Reader] {
	return func(yield func(*Reader) bool) {
		for _, it := range s.items {
			if r := s.load(it); r != nil && !yield(r) {
				return
			}
		}
	}
}

// Between is Readers, but yields only the archives that may hold records of the
// times from one to another, both inclusive.
func (s *Set) Between(from, to pcp.Timestamp) iter.Seq[*Reader] {
	return func(yield func(*Reader) bool) {
		for i, it := range s.items {
			if it.label.header.Start.After(to) || s.over(i, from) {
				continue
			}
			if r := s.load(it); r != nil && !yield(r) {
				return
			}
		}
	}
}

// End returns the time of the last whole record of the Set.
func (s *Set) End() (pcp.Timestamp, error) {
	var end pcp.Timestamp
	for i, it := range slices.Backward(s.items) {
		if s.over(i, end) {
			continue
		}
		t, err := it.lastTime()
		if err != nil {
			return end, err
		}
		end = later(end, t)
	}
	return end, nil
}

// Ending is End as far as [Reader.Ending] knows it.
func (s *Set) Ending() (pcp.Timestamp, error) {
	var end pcp.Timestamp
	for _, it := range slices.Backward(s.items) {
		t, err := it.ending()
		if err != nil {
			return end, err
		}
		end = later(end, t)
	}
	return end, nil
}

// Problems returns what was met so far: by opening the Set, and by reading. The
// same is named once, however often it is met.
func (s *Set) Problems() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// name adds a problem.
func (s *Set) name(p Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := func(q Problem) bool { return q.Archive == p.Archive && q.Err.Error() == p.Err.Error() }
	if !slices.ContainsFunc(s.problems, same) {
		s.problems = append(s.problems, p)
	}
}

// load returns an archive with its metadata, nil if it cannot be opened. The
// metadata of archives used last is kept up to KeepMetadata bytes.
func (s *Set) load(it *item) *Reader {
	s.loading.Lock()
	defer s.loading.Unlock()
	if i := slices.Index(s.loaded, it); i >= 0 {
		s.loaded = append(slices.Delete(s.loaded, i, i+1), it)
		return it.full
	}
	r, err := open(it.label.base, s.opts)
	if err != nil {
		s.name(Problem{Archive: it.label.base, Skipped: true, Err: err})
		return nil
	}
	for _, w := range r.Warnings() {
		s.name(Problem{Archive: r.base, Err: w})
	}
	it.full = r
	s.loaded = append(s.loaded, it)
	s.forget()
	return r
}

// forget gives up metadata beyond KeepMetadata bytes, but for that used last.
func (s *Set) forget() {
	kept := int64(0)
	for i := len(s.loaded) - 1; i >= 0; i-- {
		kept += s.loaded[i].full.metaSize
		if kept > s.opts.KeepMetadata && i < len(s.loaded)-1 {
			for _, old := range s.loaded[:i+1] {
				old.full = nil
			}
			s.loaded = slices.Delete(s.loaded, 0, i+1)
			return
		}
	}
}

// lastTime returns the time of the last whole record.
func (it *item) lastTime() (pcp.Timestamp, error) {
	it.index()
	it.ended.Do(func() { it.end, it.endErr = it.label.End() })
	return it.end, it.endErr
}

// index reads the index, if there is a good one.
func (it *item) index() {
	r := it.label
	it.indexed.Do(func() {
		if r.index != nil && r.loadIndex() != nil {
			r.entries = nil
		}
	})
}

// ending returns about when an archive ends: see [Reader.Ending].
func (it *item) ending() (pcp.Timestamp, error) {
	it.index()
	if t, ok := it.label.indexEnd(); ok {
		return t, nil
	}
	return it.lastTime()
}

// over reports whether an archive certainly has no record from t on: another has
// begun by then, and it ended before as far as ending knows.
func (s *Set) over(i int, t pcp.Timestamp) bool {
	if i+1 == len(s.items) || s.items[i+1].label.header.Start.After(t) {
		return false
	}
	end, err := s.items[i].ending()
	return err == nil && end.Before(t)
}
