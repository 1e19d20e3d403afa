package columns

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// The records that tell how far apart those of a metric are: the first few of an archive,
// and of its first day alone.
const (
	PaceRecords = 5
	PaceTime    = 24 * time.Hour
)

// Pace returns the time between two records of a metric, from the times of its first
// records in an archive, in milliseconds and ascending: the longest such time, apart from
// one pause if there are three. Times with a mark between them do not count. Pace returns
// zero if there are not two records without a mark between them.
func Pace(times []int64, marks []pcp.Timestamp) time.Duration {
	var gaps []int64
	for i := 1; i < min(len(times), PaceRecords); i++ {
		marked := slices.ContainsFunc(marks, func(m pcp.Timestamp) bool { return times[i-1] <= m.Milli() && m.Milli() <= times[i] })
		if !marked {
			gaps = append(gaps, times[i]-times[i-1])
		}
	}
	slices.Sort(gaps)
	switch n := len(gaps); n {
	case 0:
		return 0
	case 1, 2:
		return time.Duration(gaps[n-1]) * time.Millisecond
	default:
		return time.Duration(gaps[n-2]) * time.Millisecond
	}
}

// firstTimes collects the times of the first records of a metric from its series. Each of
// these records has one of the first samples of some series.
type firstTimes struct {
	until int64
	all   []int64
	xor   chunkenc.XORChunk
	it    chunkenc.Iterator
}

// add adds a series. It uses the data of the first chunk.
func (f *firstTimes) add(s *Series) {
	if len(s.Chunks) == 0 {
		return
	}
	f.xor.Reset(s.Chunks[0].Data)
	f.it = f.xor.Iterator(f.it)
	for n := 0; n < PaceRecords && f.it.Next() == chunkenc.ValFloat; {
		t, v := f.it.At()
		if t > f.until {
			return
		}
		if !prom.IsStale(v) {
			f.all = append(f.all, t)
			n++
		}
	}
}

// pace returns the Pace of the metric.
func (f *firstTimes) pace(marks []pcp.Timestamp) time.Duration {
	slices.Sort(f.all)
	return Pace(slices.Compact(f.all), marks)
}

// Pace returns the time between two records of a metric, which name gives by its place in
// Names; see the function Pace. ok is false if the entry does not know it.
func (en *Entry) Pace(name int) (pace time.Duration, ok bool) {
	b := en.blocks.block(name)
	return b.pace, b.state == Kept
}
