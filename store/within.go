package store

import "github.com/pcparchive/pcparchive/pcp"

// Within lists the archives that may have values between two times, both inclusive, by
// ascending start: those that may have records then, and those of whose values some may still
// hold, because they overlap an archive with records. It opens none, and omits archives that
// could not be opened.
func (s *Set) Within(from, to pcp.Timestamp) []Archive {
	in := make([]bool, len(s.items))
	first := pcp.MaxTime // earliest start of those with records
	for i, it := range s.items {
		start := it.label.Header().Start
		in[i] = !start.After(to) && it.inUse() && !it.surelyEndedBefore(from, s.stop)
		if in[i] && start.Before(first) {
			first = start
		}
	}
	var all []Archive
	for i, it := range s.items {
		if in[i] || it.inUse() && !it.label.Header().Start.After(to) && !it.surelyEndedBefore(first, s.stop) {
			all = append(all, it.archive())
		}
	}
	return all
}

// surelyEndedBefore reports whether the archive has no record at or after a time.
func (it *item) surelyEndedBefore(t pcp.Timestamp, stop func() error) bool {
	if !it.label.Header().Start.Before(t) {
		return false
	}
	end, err := it.ending(stop)
	it.ends.Lock()
	defer it.ends.Unlock()
	return err == nil && it.exact && end.Before(t)
}
