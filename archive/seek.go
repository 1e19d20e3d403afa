package archive

import (
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// start returns the volumes to read for steps from t on, and the offset in the
// first one; zero means from its beginning. It relies only on records being in
// order of time.
func (r *Reader) start(t pcp.Timestamp) ([]Member, int64) {
	if !t.After(r.header.Start) {
		return r.volumes, 0 // nothing to skip
	}
	at, offset := 0, int64(0)
	hint, covered := seekHint(r.hints, t, func(volume int32, data int64) bool {
		for i, m := range r.volumes {
			if m.Volume == int(volume) && data >= int64(r.layout.HeaderSize) {
				if place, ok := r.earlierAt(m, data, t); ok {
					at, offset = i, place
					return true
				}
			}
		}
		return false
	})
	if covered && r.hints[len(r.hints)-1].Stamp.After(hint.Stamp) {
		return r.volumes[at:], offset
	}
	// The index is missing or ends before t: look at where later volumes begin. Two records
	// must be earlier than t, because the time of one may be damaged.
	early := 0
	for i := len(r.volumes) - 1; i > at; i-- {
		if early += r.beginsBefore(r.volumes[i], t); early > 1 {
			return r.volumes[i:], 0
		}
	}
	return r.volumes[at:], offset
}

// beginsBefore returns how many of the first two records of a volume are earlier than t.
func (r *Reader) beginsBefore(m Member, t pcp.Timestamp) (n int) {
	s, err := r.volumeIn(m, 0, leastBuffer, unnoted, nil)
	if err != nil || s == nil {
		return 0
	}
	defer s.f.Close()
	for range 2 {
		frame, err := s.frames.next()
		if err != nil {
			break
		}
		if stamp, ok := r.stamp(frame); ok && stamp.Before(t) {
			n++
		}
	}
	return n
}

// earlierAt reports whether a whole record earlier than t begins at offset, so
// that reading may skip the records before it. from is the offset at which to
// read the volume. It is the beginning of the volume if reaching offset would
// decompress everything before it; earlierAt then checks the first record.
func (r *Reader) earlierAt(m Member, offset int64, t pcp.Timestamp) (from int64, ok bool) {
	s, err := r.volumeIn(m, 0, leastBuffer, unnoted, nil)
	if err != nil || s == nil {
		return 0, false
	}
	defer s.f.Close()
	frames := s.frames
	if s.f.d.Seekable() && offset > s.first {
		from = offset
		frames = s.f.frames(offset, leastBuffer)
	}
	frame, err := frames.next()
	if err != nil {
		return 0, false
	}
	stamp, ok := r.stamp(frame)
	return from, ok && stamp.Before(t)
}

// stamp returns the time of a data record.
func (r *Reader) stamp(frame Frame) (pcp.Timestamp, bool) {
	d := wire.NewDec(pcp.KindResult, frame.Payload)
	t := r.layout.Stamp(&d)
	return t, d.Err() == nil
}
