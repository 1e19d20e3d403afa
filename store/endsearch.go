package store

import (
	"github.com/pcparchive/pcparchive/pcp"
)

// lastTime returns the time of the last whole record; see findEnd for stop.
func (it *item) lastTime(stop func() error) (pcp.Timestamp, error) { return it.findEnd(true, stop) }

// ending returns the approximate time at which the archive ends, as
// [archive.Reader.Ending] does; see findEnd for stop.
func (it *item) ending(stop func() error) (pcp.Timestamp, error) { return it.findEnd(false, stop) }

// endedBy returns a time at which the archive has certainly ended; see findEnd for stop.
func (it *item) endedBy(stop func() error) (pcp.Timestamp, error) {
	end, err := it.ending(stop)
	it.ends.Lock()
	defer it.ends.Unlock()
	if err == nil && !it.exact {
		end = end.Add(it.slack)
	}
	return end, err
}

// findEnd determines when the archive ends and remembers the result. It returns the error of
// stop, unless that is nil, as soon as there is one. The search goes on for others who wait
// for it. Another goroutine may call stop, but not after findEnd has returned.
func (it *item) findEnd(exact bool, stop func() error) (pcp.Timestamp, error) {
	for { // those for whom the estimate of another does not suffice look again
		if it.knowsEnd(exact) {
			it.ends.Lock()
			defer it.ends.Unlock()
			return it.end, it.endErr
		}
		_, err := it.search.Do(stop, func(stop func() error) (none struct{}, err error) {
			return none, it.searchEnd(exact, stop)
		})
		if err != nil {
			return pcp.Timestamp{}, err
		}
	}
}

// knowsEnd reports whether the end is known, if exact is true to the last record.
func (it *item) knowsEnd(exact bool) bool {
	it.ends.Lock()
	defer it.ends.Unlock()
	return it.exact || it.found && !exact
}

// searchEnd searches for the end unless another one found it meanwhile. It returns the error
// of stop if that ends the search.
func (it *item) searchEnd(exact bool, stop func() error) error {
	if it.knowsEnd(exact) {
		return nil
	}
	end, slack, err := it.label.FindEnd(exact, stop)
	if err != nil {
		if stopped := stop(); stopped != nil {
			return stopped
		}
	}
	it.ends.Lock()
	defer it.ends.Unlock()
	if !it.exact { // nobody has told the end meanwhile
		it.end, it.slack, it.found, it.endErr, it.exact = end, slack, true, err, slack == 0
	}
	return nil
}
