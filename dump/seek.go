package dump

import (
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// walker yields the data records of an archive in one direction from a time on. It uses
// the index exactly as pmdumplog does, even wrong entries, so that both print the
// same records.
type walker struct {
	*cursor
	decoder *archive.ResultDecoder
	back    bool          // yield records from the newest to the oldest
	origin  pcp.Timestamp // time of the last record; records on its wrong side are skipped

	r      *archive.Reader
	parts  map[int][]archive.Stretch // intact stretches of damaged volumes, by index in vols
	faults []error                   // damage that was skipped
}

func newWalker(r *archive.Reader, back bool) (*walker, error) {
	v := r.Header().Version
	decoder, err := archive.NewResultDecoder(v)
	if err != nil {
		return nil, err
	}
	var volumes []archive.Member
	for _, m := range r.Members() {
		if m.Role == archive.RoleData {
			volumes = append(volumes, m)
		}
	}
	return &walker{cursor: newCursor(volumes, v), decoder: decoder, back: back, r: r, parts: map[int][]archive.Stretch{}}, nil
}

// step returns the next record in the given direction.
func (w *walker) step(back bool) (frame, *archive.Result, error) {
	move := w.cursor.next
	if back {
		move = w.prev
	}
	f, err := move()
	if err != nil {
		return f, nil, err
	}
	res, err := w.decoder.Decode(f.payload)
	if err != nil {
		var fe *pcp.FormatError
		if errors.As(err, &fe) {
			at := *fe
			at.File, at.Offset = f.pos.File, f.pos.Offset+4+fe.Offset
			err = &at
		}
		return f, nil, err
	}
	return f, res, nil
}

// next returns the next record that is not older, or going back not newer, than its
// predecessor. It returns io.EOF after the last record.
func (w *walker) next() (frame, *archive.Result, error) {
	for {
		f, res, err := w.step(w.back)
		if err != nil && w.skipDamage(f, err) {
			continue
		}
		if err != nil {
			return f, nil, err
		}
		if w.wrongSide(res.Stamp) {
			continue
		}
		w.origin = res.Stamp
		return f, res, nil
	}
}

func (w *walker) wrongSide(t pcp.Timestamp) bool {
	if w.back {
		return t.After(w.origin)
	}
	return t.Before(w.origin)
}

// seek moves the walker before the first record from t on. It jumps to an index entry
// near t. If records to list may lie behind that entry, it then reads against the
// direction until t. It leaves the other cases to next, as pmdumplog does.
func (w *walker) seek(entries []archive.IndexEntry, t pcp.Timestamp) {
	w.origin = t
	i, where := w.nearestEntry(entries, t)
	used := -1
	if where != nowhere {
		used = w.jump(entries, i)
	}
	if used < 0 {
		w.toEdge()
		return
	}
	onWrongSide := where == above || used != i // it may hide records to list
	if w.back {
		onWrongSide = where == below || where == exact
	}
	if !onWrongSide {
		return
	}
	for {
		_, res, err := w.step(!w.back)
		if err != nil || w.wrongSide(res.Stamp) {
			return
		}
	}
}

// toEdge moves the walker to the edge of the archive where its direction begins.
func (w *walker) toEdge() {
	w.close()
	w.at = -1
	if w.back {
		w.at = len(w.vols)
	}
}

// jump moves to the position of index entry i or, if the entry's volume cannot be
// opened, of the next entry for another volume. It returns the index of the entry used,
// or -1 if there is none.
func (w *walker) jump(entries []archive.IndexEntry, i int) int {
	step := 1
	if w.back {
		step = -1
	}
	for failed := int32(-1); i >= 0 && i < len(entries); i += step {
		e := entries[i]
		if e.Volume == failed {
			continue
		}
		if v := w.volume(e.Volume); v >= 0 && w.openVolume(v) == nil {
			w.off = e.Data
			return i
		}
		failed = e.Volume
	}
	return -1
}

// entryPosition is the position of an index entry relative to a time.
type entryPosition uint8

const (
	nowhere entryPosition = iota // there is no entry
	exact                        // the entry is at the time
	first                        // the entry is after the time, and no entry is before it
	above                        // the entry is after the time
	below                        // the entry is before the time
)

// nearestEntry returns the index of the entry at t, or of the nearer one of the two
// entries around t.
func (w *walker) nearestEntry(entries []archive.IndexEntry, t pcp.Timestamp) (int, entryPosition) {
	lowest, highest := int32(w.vols[0].Volume), int32(w.vols[len(w.vols)-1].Volume)
	highestSize := w.sizeOf(len(w.vols) - 1)
	before, at, beyond := -1, -1, false
	for i, e := range entries {
		if e.Volume < lowest {
			continue
		}
		beyond = e.Volume == highest && e.Data > highestSize
		if beyond || !e.Stamp.Before(t) {
			at = i
			break
		}
		before = i
	}
	switch {
	case at < 0 && before < 0:
		return 0, nowhere
	case at >= 0 && !beyond && entries[at].Stamp == t:
		return at, exact
	case before < 0 && at > 0:
		return at, above // entries for missing volumes precede it; jump handles them
	case before < 0:
		return at, first
	case at >= 0 && !beyond && entries[at].Stamp.Sub(t) <= t.Sub(entries[before].Stamp):
		return at, above
	}
	return before, below
}

// volume returns the index in vols of the volume with a number, or -1.
func (w *walker) volume(number int32) int {
	for i, m := range w.vols {
		if m.Volume == int(number) {
			return i
		}
	}
	return -1
}

// sizeOf returns the decompressed size of volume i in bytes, or 0 if it cannot be opened.
func (w *walker) sizeOf(i int) int64 {
	if i == w.at && w.src != nil {
		return w.src.Size()
	}
	src, err := openSource(w.vols[i])
	if err != nil {
		return 0
	}
	defer src.Close()
	return src.Size()
}

// atEnd reports whether err means the end of the records.
func atEnd(err error) bool { return errors.Is(err, io.EOF) }
