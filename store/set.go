package store

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/pcp"
)

// Set reads several archives of one host as one timeline. Archives that overlap
// are read side by side, and damaged ones up to and after the damage, which
// Problems lists.
//
// The archives may have different versions and describe a metric differently.
// Each keeps its own descriptors, so that one metric may occur as several
// [history.Metric] values.
//
// Several goroutines may use a Set; a sequence that it returns belongs to one
// goroutine.
type Set struct {
	items []*item      // by ascending start
	stop  func() error // see Until; may be nil
}

// Until returns a view of the Set for a question that the error of stop ends. The sequences of
// the view end soon after there is an error, and may then lack archives. So whoever uses the
// view must ask Stopped before trusting a result; [Set.Steps] and all other methods that return
// errors do that themselves. Loading that others wait for goes on. Other goroutines may call
// stop.
func (s *Set) Until(stop func() error) *Set { return &Set{s.items, halt.Either(s.stop, stop)} }

// Until returns views of Sets, as [Set.Until] does for one.
func Until(sets []*Set, stop func() error) []*Set {
	views := make([]*Set, len(sets))
	for i, s := range sets {
		views[i] = s.Until(stop)
	}
	return views
}

// Stopped returns the error that ends the question, if there is one.
func (s *Set) Stopped() error { return halt.Asked(s.stop) }

// Problem describes a part of a Set that cannot be read.
type Problem struct {
	Archive string // base path of the archive, or path of a folder that cannot be read
	Skipped bool   // the whole archive is left out
	Tail    bool   // the host's last archive ends inside a record, which may still be written
	Err     error  // reason; damage wraps a [*pcp.FormatError] with file and offset
}

// String returns the reason, which names the file, and the part of the archive that was
// used.
func (p Problem) String() string {
	var d *archive.Damage
	switch {
	case p.Skipped:
		return fmt.Sprintf("%v; left out %s", p.Err, p.Archive)
	case errors.As(p.Err, new(*defect.Error)):
		return fmt.Sprintf("%s: %v", p.Archive, p.Err)
	case errors.As(p.Err, &d):
		return d.Error() // names the part that was left out
	}
	return fmt.Sprintf("%v; used everything before it", p.Err)
}

// HostsError reports archives of several hosts where one host is required.
// [Hosts.Sets] returns the Sets of all.
type HostsError struct {
	Hosts []string // sorted
}

// Error lists the hosts.
func (e *HostsError) Error() string {
	return fmt.Sprintf("archives of %d hosts: %s", len(e.Hosts), strings.Join(e.Hosts, ", "))
}

// Host returns the name of the host.
func (s *Set) Host() string { return s.items[0].label.Header().Host }

// Header returns the label of the earliest readable archive.
func (s *Set) Header() *archive.Header { return s.first().label.Header() }

// MergedHeader returns the label for an archive that joins those of the Set: the
// label of the first archive, with the highest version of all.
func (s *Set) MergedHeader() archive.Header {
	var header archive.Header
	for r := range s.Readers() {
		if header.Host == "" {
			header = *r.Header()
		}
		header.Version = max(header.Version, r.Header().Version)
	}
	return header
}

// DataSize returns the size in bytes of the data volumes of all archives, as stored.
// It does not count archives whose files cannot be listed.
func (s *Set) DataSize() (bytes int64) {
	for _, a := range s.Archives() {
		_, members, err := archive.Members(a.Base)
		if err != nil {
			continue
		}
		for _, m := range members {
			if m.Role == archive.RoleData {
				bytes += m.Size
			}
		}
	}
	return bytes
}

// Location returns the time zone of the earliest readable archive; see
// [archive.Reader.Location].
func (s *Set) Location() *time.Location { return s.first().label.Location() }

// first returns the earliest readable archive, or the earliest archive if none
// is readable.
func (s *Set) first() *item {
	for _, it := range s.items {
		if it.readable(s.stop) {
			return it
		}
	}
	return s.items[0]
}

// Last returns the readable archive with the latest start, nil if no archive is
// readable.
func (s *Set) Last() *archive.Reader {
	for _, it := range slices.Backward(s.items) {
		if r := it.load(s.stop); r != nil {
			return r
		}
	}
	return nil
}

// readable reports whether an archive can be read.
func (s *Set) readable() bool { return s.lastReadable() != nil }

// lastReadable is Last without the metadata.
func (s *Set) lastReadable() *item {
	for _, it := range slices.Backward(s.items) {
		if it.readable(s.stop) {
			return it
		}
	}
	return nil
}

// IsLast reports whether Last returns the archive with the given base path.
func (s *Set) IsLast(base string) bool {
	it := s.lastReadable()
	return it != nil && it.label.Base() == base
}

// Archive describes an archive of a Set.
type Archive struct {
	Base   string
	Header *archive.Header
	State  *archive.State // the state in which the Set reads the files
}

// archive describes the archive.
func (it *item) archive() Archive {
	return Archive{it.label.Base(), it.label.Header(), it.state}
}

// Archives lists the archives by ascending start. It opens none, and omits only
// those that already failed to open.
func (s *Set) Archives() []Archive {
	all := make([]Archive, 0, len(s.items))
	for _, it := range s.items {
		if it.inUse() {
			all = append(all, it.archive())
		}
	}
	return all
}

// Readers opens the archives and yields them by ascending start. An archive
// that cannot be opened is omitted and listed in Problems.
func (s *Set) Readers() iter.Seq[*archive.Reader] {
	return s.loaded(pcp.MinTime, pcp.MaxTime, nil)
}

// Between yields the archives that may hold records between two times, both
// inclusive, as Readers does.
func (s *Set) Between(from, to pcp.Timestamp) iter.Seq[*archive.Reader] {
	return s.loaded(from, to, func(i int) bool {
		return !s.items[i].label.Header().Start.After(to) && !s.endedBefore(i, from)
	})
}

// End returns the time of the last whole record of all readable archives.
// Finding it may take decoding a compressed volume; see Ending.
func (s *Set) End() (pcp.Timestamp, error) {
	var end pcp.Timestamp
	for i, it := range slices.Backward(s.items) {
		if s.endedBefore(i, end) {
			continue
		}
		t, err := it.lastTime(s.stop)
		if err := s.Stopped(); err != nil {
			return end, err
		}
		if err == nil && !t.After(end) || !it.readable(s.stop) {
			continue // an unreadable archive does not count
		}
		if err != nil {
			return end, err
		}
		end = t
	}
	return end, s.Stopped()
}

// Ending returns a cheaper estimate of End; see [archive.Reader.Ending].
func (s *Set) Ending() (pcp.Timestamp, error) {
	var end pcp.Timestamp
	for _, it := range slices.Backward(s.items) {
		t, err := it.ending(s.stop)
		if err := s.Stopped(); err != nil {
			return end, err
		}
		if err == nil && !t.After(end) || !it.readable(s.stop) {
			continue
		}
		if err != nil {
			return end, err
		}
		end = t
	}
	return end, s.Stopped()
}

// Problems lists the problems found so far, by opening and by reading the Set, by
// the order of the archives. It lists each problem once.
func (s *Set) Problems() []Problem {
	var problems []Problem
	for _, it := range s.items {
		it.mu.Lock()
		problems = append(problems, it.problems...)
		it.mu.Unlock()
	}
	for i, p := range problems {
		problems[i].Tail = errors.Is(p.Err, pcp.ErrUnfinished) && s.IsLast(p.Archive)
	}
	return problems
}

// endedBefore reports whether archive i certainly has no record from t on: it
// ended before t, and a later readable archive begins at or before t. If the question ends,
// it is not certain.
func (s *Set) endedBefore(i int, t pcp.Timestamp) bool {
	if i+1 == len(s.items) || s.items[i+1].label.Header().Start.After(t) {
		return false
	}
	end, err := s.items[i].endedBy(s.stop)
	return err == nil && end.Before(t) && s.lastBegun(t) > i
}

// lastBegun returns the index of the last readable archive that begins at or
// before t, -1 if there is none.
func (s *Set) lastBegun(t pcp.Timestamp) int {
	i := sort.Search(len(s.items), func(i int) bool { return s.items[i].label.Header().Start.After(t) })
	for i--; i >= 0 && !s.items[i].readable(s.stop); i-- {
	}
	return i
}
