package scrape

import (
	"math"
	"time"
)

// Stats are the counts of a Recorder.
type Stats struct {
	Scrapes int64 // scrapes that ended
	Failed  int64 // scrapes that failed
	Samples int64 // recorded samples
	// Repeated counts samples with their own time that an earlier page had, too. They
	// are recorded once.
	Repeated int64
	Sources  int       // endpoints seen
	Series   int       // series that have not ended
	Bytes    int64     // size of the archive
	PerDay   int64     // bytes a day at the rate of this recording; zero if not known yet
	First    time.Time // time of the first recorded scrape
	Last     time.Time // time of the last recorded scrape
}

// Stats returns the counts so far.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.stats
	st.Bytes = r.sink.Size()
	perDay := 0.0
	for _, src := range r.sources {
		st.Series += src.mapped.Live()
		perDay += src.growth.perDay()
	}
	_, share := r.sink.Written()
	st.PerDay = int64(min(perDay*share, math.MaxInt64/2))
	if r.natives != nil {
		st.Series += r.natives.Live()
	}
	return st
}
