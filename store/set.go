package store

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// Set is several archives of one host, read as one timeline. Their versions may
// differ, and so may what they say of a metric: each archive keeps its own
// descriptors, so that one metric may come as several [history.Metric] values. A damaged
// archive is used but for the damage, which Problems names. Archives that overlap
// are read side by side. A Set may be used from several goroutines; each
// sequence it returns belongs to one.
type Set struct {
	opts  *archive.ReadOptions
	items []*item // by start
	kept  *keeper

	mu       sync.Mutex // of problems
	problems []Problem
	named    map[string]bool // texts of problems
}

// Problem says what of an archive is missing in a Set and why.
type Problem struct {
	Archive string // base path
	Skipped bool   // nothing of it is used
	Err     error  // wraps a [*pcp.FormatError], which tells file and offset, if it is damage
}

// String returns the archive, what becomes of it, and the reason.
func (p Problem) String() string {
	what := "read but for damage"
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

// Host returns the name of the host.
func (s *Set) Host() string { return s.items[0].label.Header().Host }

// Header returns the label of the earliest archive that can be read.
func (s *Set) Header() *archive.Header { return s.first().label.Header() }

// Location returns the time zone of the earliest archive that can be read, as
// [archive.Reader.Location] does.
func (s *Set) Location() *time.Location { return s.first().label.Location() }

// first returns the earliest archive that can be read, or the earliest if none
// can be.
func (s *Set) first() *item {
	for _, it := range s.items {
		if s.readable(it) {
			return it
		}
	}
	return s.items[0]
}

// Last returns the archive that begins last of those that can be opened, nil if
// none can be.
func (s *Set) Last() *archive.Reader {
	for _, it := range slices.Backward(s.items) {
		if r := s.load(it); r != nil {
			return r
		}
	}
	return nil
}

// IsLast reports whether an archive, by its base path, is what Last returns.
func (s *Set) IsLast(base string) bool {
	r := s.Last()
	return r != nil && r.Base() == base
}

// Archive is an archive of a Set.
type Archive struct {
	Base   string
	Header *archive.Header
}

// Archives lists the archives by their start, without those that are known to be
// left out. It opens none.
func (s *Set) Archives() []Archive {
	all := make([]Archive, 0, len(s.items))
	for _, it := range s.items {
		if it.inUse() {
			all = append(all, Archive{it.label.Base(), it.label.Header()})
		}
	}
	return all
}

// Readers yields the archives by their start, opened, for questions about their
// metadata. One that cannot be opened is left out and named in Problems.
func (s *Set) Readers() iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		for _, it := range s.items {
			if r := s.load(it); r != nil && !yield(r) {
				return
			}
		}
	}
}

// Between is Readers, but yields only the archives that may hold records of the
// times from one to another, both inclusive.
func (s *Set) Between(from, to pcp.Timestamp) iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		for i, it := range s.items {
			if it.label.Header().Start.After(to) || s.over(i, from) {
				continue
			}
			if r := s.load(it); r != nil && !yield(r) {
				return
			}
		}
	}
}

// End returns the time of the last whole record of the archives that can be read.
func (s *Set) End() (pcp.Timestamp, error) {
	var end pcp.Timestamp
	for i, it := range slices.Backward(s.items) {
		if s.over(i, end) {
			continue
		}
		t, err := it.lastTime()
		if err == nil && !t.After(end) {
			continue
		}
		if !s.readable(it) {
			continue // it ends nothing
		}
		if err != nil {
			return end, err
		}
		end = t
	}
	return end, nil
}

// Ending is End as far as [archive.Reader.Ending] knows it.
func (s *Set) Ending() (pcp.Timestamp, error) {
	var end pcp.Timestamp
	for _, it := range slices.Backward(s.items) {
		t, err := it.ending()
		if err == nil && !t.After(end) || !s.readable(it) {
			continue
		}
		if err != nil {
			return end, err
		}
		end = t
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
	text := p.Archive + ": " + archive.DamageKey(p.Err)
	if s.named[text] {
		return
	}
	if s.named == nil {
		s.named = map[string]bool{}
	}
	s.named[text] = true
	s.problems = append(s.problems, p)
}

// over reports whether an archive certainly has no record from t on: another that
// can be read has begun by then, and it ended before as far as ending knows.
func (s *Set) over(i int, t pcp.Timestamp) bool {
	if i+1 == len(s.items) || s.items[i+1].label.Header().Start.After(t) {
		return false
	}
	end, err := s.items[i].ending()
	return err == nil && end.Before(t) && s.begun(t) > i
}

// begun returns the place of the last archive that has begun by t and can be
// read, -1 if there is none. It tries the one of which t probably is.
func (s *Set) begun(t pcp.Timestamp) int {
	i := sort.Search(len(s.items), func(i int) bool { return s.items[i].label.Header().Start.After(t) })
	for i--; i >= 0 && !s.readable(s.items[i]); i-- {
	}
	return i
}
