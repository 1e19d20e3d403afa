package archive

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// End returns the time of the last record that reading forward reaches.
func (r *Reader) End() (pcp.Timestamp, error) { return r.endUntil(nil) }

// endUntil is End that the error of stop ends, unless stop is nil.
func (r *Reader) endUntil(stop func() error) (pcp.Timestamp, error) {
	stop = halt.Either(r.opts.Stop, stop)
	for i := len(r.volumes) - 1; i >= 0; i-- {
		t, ok, err := r.lastStamp(r.volumes[i], stop)
		if err != nil {
			return pcp.Timestamp{}, err
		}
		if ok {
			return t, nil
		}
	}
	return r.header.Start, nil
}

// Ending returns the same as End or a cheaper estimate. If the last volume is
// compressed, and therefore complete, Ending trusts the last index entry for it
// instead of decompressing it, unless many records follow that entry, as in the
// archive of a logger that was killed, or its time does not suit its offset. The last record
// is at most about EndSlack later.
func (r *Reader) Ending() (pcp.Timestamp, error) {
	if t, _, ok := r.indexEnd(); ok {
		return t, nil
	}
	return r.End()
}

// EndSlack is the most by which the last record of an archive may be later than
// [Reader.Ending] says.
const EndSlack = 15 * time.Minute

// indexEnd returns the last time in the index if it is plausible: volumes grow steadily, so
// that the time since the entry before suits the bytes since then. The last record is at most
// slack later.
func (r *Reader) indexEnd() (t pcp.Timestamp, slack time.Duration, ok bool) {
	n := len(r.hints)
	if n == 0 {
		return t, 0, false
	}
	last, volume := &r.hints[n-1], r.volumes[len(r.volumes)-1]
	if volume.Compress == "" || int(last.Volume) != volume.Volume {
		return t, 0, false
	}
	first := IndexEntry{Stamp: r.header.Start, Volume: last.Volume, Data: int64(r.layout.HeaderSize)}
	for i := range r.hints[:n-1] {
		if h := &r.hints[i]; h.Volume == last.Volume {
			first = *h
			break
		}
	}
	before := &first
	if n > 1 && r.hints[n-2].Volume == last.Volume {
		before = &r.hints[n-2]
	}
	if !steady(&first, before, last) {
		return t, 0, false
	}
	slack, ok = r.afterIndex(volume, &first, last)
	return last.Stamp, slack, ok
}

// unsteady is by which factor the time between two index entries may differ from the usual
// time for as many bytes.
const unsteady = 4

// steady reports whether the time from one index entry to the last one is short, or as usual
// between the first entry of the volume and that one.
func steady(first, before, last *IndexEntry) bool {
	step := last.Stamp.Sub(before.Stamp).Seconds()
	usual := step // unknown
	if before.Data > first.Data {
		usual = float64(last.Data-before.Data) / float64(before.Data-first.Data) * before.Stamp.Sub(first.Stamp).Seconds()
	} else if step > EndSlack.Seconds() {
		return false
	}
	return max(step, usual) <= max(EndSlack.Seconds(), unsteady*min(step, usual))
}

// afterIndex estimates how long the records after the last index entry of a compressed volume
// take at most: twice as long as if they came as fast as those since the first entry. A normal
// end leaves one record there. ok is false if that is more than EndSlack, or cannot be told.
func (r *Reader) afterIndex(volume Member, first, last *IndexEntry) (slack time.Duration, ok bool) {
	f, err := r.open(volume)
	if err != nil {
		return EndSlack, true // who reads the volume finds out
	}
	defer f.Close()
	length, known := f.Length()
	switch {
	case !known:
		return EndSlack, true
	case length < last.Data:
		return 0, false // the entry is damaged
	case length == last.Data:
		return time.Second, true
	case last.Data <= first.Data:
		return 0, false
	}
	seconds := 2 * float64(length-last.Data) / float64(last.Data-first.Data) * last.Stamp.Sub(first.Stamp).Seconds()
	if seconds > EndSlack.Seconds() {
		return 0, false
	}
	return max(time.Second, time.Duration(seconds*float64(time.Second))), true
}

// lastStamp returns the time of a volume's last whole record. ok is false if
// the volume has none. The error of stop, unless stop is nil, ends the search.
func (r *Reader) lastStamp(m Member, stop func() error) (t pcp.Timestamp, ok bool, err error) {
	s, err := r.volumeIn(m, 0, leastBuffer, unnoted, stop)
	if err != nil || s == nil {
		return t, false, err
	}
	defer s.f.Close()
	if t, ok := r.stampBefore(s.f); ok {
		return r.tailEnd(s.f, t), true, nil
	}
	// The volume does not end with a whole record, or its end is unknown: read
	// forward to the end.
	from, found := r.lastEntry(s.f)
	if !found {
		from = s.first
	}
	s.frames = s.f.frames(from, readBuffer)
	rd := resultDecoder{layout: r.layout, want: func(pcp.PMID) bool { return false }}
	var tail []pcp.Timestamp
	at := from
	for {
		if stop != nil {
			if err := stop(); err != nil {
				return t, ok, err
			}
		}
		frame, err := s.next()
		if err != nil {
			if errors.Is(err, io.EOF) || isDamage(err) { // a pass that reads on reports the damage
				err = nil
			}
			return r.latest(tail, s.f.pos(at)), len(tail) > 0, err
		}
		if res, err := rd.decode(frame.Payload); err == nil {
			if len(tail) > neighbours {
				tail = slices.Delete(tail, 0, 1)
			}
			tail, at = append(tail, res.Stamp), frame.Pos.Offset
		} else if s.strict {
			return r.latest(tail, s.f.pos(at)), len(tail) > 0, nil
		}
	}
}

// tailEnd returns the latest time of a file of which the last record has the time t. That is
// t, unless the records before it contradict it.
func (r *Reader) tailEnd(f *File, t pcp.Timestamp) pcp.Timestamp {
	end, _ := f.Length()
	var tail []pcp.Timestamp
	last := end
	for range neighbours + 1 {
		stamp, start, ok := r.stampUpTo(f, end)
		if !ok {
			break
		}
		if tail = append(tail, stamp); len(tail) == 1 {
			last = start
		}
		if end = start; len(tail) == 2 && inOrder(tail[1], tail[0]) && tail[0].Sub(tail[1]) <= leap {
			return t
		}
	}
	slices.Reverse(tail)
	if len(tail) == 0 {
		return t
	}
	return r.latest(tail, f.pos(last))
}

// stampUpTo returns the time of the record that ends at an offset, and where it begins.
func (r *Reader) stampUpTo(f *File, end int64) (t pcp.Timestamp, start int64, ok bool) {
	word := make([]byte, 4)
	if _, err := f.ReadAt(word, end-4); err != nil {
		return t, 0, false
	}
	n := int64(binary.BigEndian.Uint32(word))
	start = end - n
	if n < int64(8+r.layout.StampSize) || start < int64(r.layout.HeaderSize) {
		return t, 0, false
	}
	head := make([]byte, 4+r.layout.StampSize)
	if _, err := f.ReadAt(head, start); err != nil || int64(binary.BigEndian.Uint32(head)) != n {
		return t, 0, false
	}
	d := wire.NewDec(pcp.KindResult, head[4:])
	return r.layout.Stamp(&d), start, true
}

// latest returns the latest time of records, without those whose time is damaged. The last
// record is at pos.
func (r *Reader) latest(times []pcp.Timestamp, pos Pos) (t pcp.Timestamp) {
	if len(times) == 0 {
		return t
	}
	all := append(slices.Clip(times), r.boundAfter(pos)...)
	t = pcp.MinTime
	for i := range times {
		if r.opts.Strict && i < len(times)-1 || !r.opts.Strict && isOutlier(all, i) {
			continue
		}
		t = later(t, times[i])
	}
	return t
}

// lastEntry returns the last offset in a volume at which, according to the
// index and verified in the data, a record begins.
func (r *Reader) lastEntry(f *File) (offset int64, ok bool) {
	if !f.d.Seekable() {
		return 0, false
	}
	e, ok := seekHint(r.hints, pcp.MaxTime, func(volume int32, offset int64) bool {
		if int(volume) != f.Volume || offset < int64(r.layout.HeaderSize) {
			return false
		}
		frame, err := f.frames(offset, leastBuffer).next()
		if err != nil {
			return false
		}
		rd := resultDecoder{layout: r.layout}
		_, err = rd.decode(frame.Payload)
		return err == nil
	})
	return e.Data, ok
}

// stampBefore reads the last record of a file from its end, through its
// trailer.
func (r *Reader) stampBefore(f *File) (t pcp.Timestamp, ok bool) {
	size, ok := f.Length()
	if !ok || !f.d.Seekable() { // each step back would decompress the file again
		return t, false
	}
	_, start, ok := r.stampUpTo(f, size)
	if !ok {
		return t, false
	}
	frame, err := f.frames(start, leastBuffer).next()
	if err != nil {
		return t, false
	}
	rd := resultDecoder{layout: r.layout, want: func(pcp.PMID) bool { return false }}
	res, err := rd.decode(frame.Payload)
	if err != nil {
		return t, false
	}
	return res.Stamp, true
}
