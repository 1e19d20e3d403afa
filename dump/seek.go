package dump

import (
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// walker yields data records in one direction, from a time on, as the reference
// does. It uses the index as the reference uses it, wrong entries included: what
// the reference finds there is what it prints.
type walker struct {
	*cursor
	decoder *archive.ResultDecoder
	back    bool
	origin  pcp.Timestamp // records on the wrong side of it are passed over

	r      *archive.Reader
	parts  map[int][]archive.Stretch // what is whole of damaged volumes, by position
	faults []error                   // damage that was passed over
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

// step returns the record that follows in a direction.
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

// next returns the next record that is not older (newer, going back) than the
// one before it; io.EOF after the last.
func (w *walker) next() (frame, *archive.Result, error) {
	for {
		f, res, err := w.step(w.back)
		if err != nil && w.pass(f, err) {
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

// seek places the walker before the first record from t on: at an index entry,
// and from there, if the entry is on the wrong side of t, by reading against the
// direction. From entries on the right side the reference only reads on.
func (w *walker) seek(entries []archive.IndexEntry, t pcp.Timestamp) {
	w.origin = t
	i, where := w.choose(entries, t)
	used := -1
	if where != nowhere {
		used = w.jump(entries, i)
	}
	if used < 0 {
		w.toEdge()
		return
	}
	onWrongSide := where == above || used != i // where it might hide records that are wanted
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

// toEdge places the walker where its direction begins.
func (w *walker) toEdge() {
	w.close()
	w.at = -1
	if w.back {
		w.at = len(w.vols)
	}
}

// jump goes to index entry i or, where its volume is missing, to the next of
// another volume. It returns the entry, -1 for none.
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
		if v := w.volume(e.Volume); v >= 0 && w.use(v) == nil {
			w.off = e.Data
			return i
		}
		failed = e.Volume
	}
	return -1
}

// where says how an index entry lies to a time.
type where uint8

const (
	nowhere where = iota // there is no entry
	exact                // at the time
	first                // after it, and no entry is before it
	above                // after it
	below                // before it
)

// choose returns the entry at t or, of the two around it, the nearer.
func (w *walker) choose(entries []archive.IndexEntry, t pcp.Timestamp) (int, where) {
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
		return at, above // of volumes that are not there, as jump would find
	case before < 0:
		return at, first
	case at >= 0 && !beyond && entries[at].Stamp.Sub(t) <= t.Sub(entries[before].Stamp):
		return at, above
	}
	return before, below
}

// volume returns the position of a volume, -1 if there is none of that number.
func (w *walker) volume(number int32) int {
	for i, m := range w.vols {
		if m.Volume == int(number) {
			return i
		}
	}
	return -1
}

// sizeOf returns the size of a volume's content, 0 if it cannot be had.
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

// atEnd reports whether err is the end of the records.
func atEnd(err error) bool { return errors.Is(err, io.EOF) }
