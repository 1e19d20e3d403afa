package read

import (
	"math"
	"slices"
)

// window holds the samples of a stretch of time. They arrive sorted by series and leave
// sorted by time.
type window struct {
	start, end int64   // [start, end), at most maxWindow long
	slots      []int32 // the row of each time, counted from 1; grows up to maxWindow
	times      []int32 // slots that have a row
	rows       [][]entry
	blobs      [][]byte     // data of the entries with isBlob
	used       int          // number of rows in use
	count      int          // number of samples, plus rowCost for each row
	bound      int          // count above which end moves towards start
	ahead      []aheadEntry // samples of later windows
}

// entry is a sample in the row of its time. For histograms and exemplars, the bits of v
// are the index of their data in blobs.
type entry struct {
	id uint32 // ID of the series, with flags for entries that are not numbers
	v  float64
}

const (
	isHistogram = 1 << 31
	isExemplars = 1 << 30 // the entry has the exemplars of the previous sample of the series in the row
	isBlob      = isHistogram | isExemplars
)

const (
	entrySize = 16
	rowCost   = 4 // number of entries that need as much memory as the head and the slot of a row
)

// maxWindow is the maximum length of a window in milliseconds. Each millisecond has a
// slot, so finding the row of a time needs no search.
const maxWindow = 1 << 20

// open makes the window begin at start.
func (w *window) open(start, width int64, bound int) {
	width = min(max(width, 1), maxWindow)
	if start > math.MaxInt64-width {
		width = math.MaxInt64 - start
	}
	w.start, w.end, w.bound = start, start+width, bound
}

// add puts a sample into the row of its time.
func (w *window) add(id uint32, t int64, v float64) {
	slot := t - w.start
	if slot >= int64(len(w.slots)) {
		w.grow(slot)
	}
	row := w.slots[slot]
	if row == 0 {
		row = w.row(slot)
	}
	w.rows[row-1] = append(w.rows[row-1], entry{id, v})
	w.count++
}

// grow makes room for a slot. Few windows have samples at all their times, so slots
// are allocated when a sample needs them.
func (w *window) grow(slot int64) {
	const least = 1 << 10
	n := min(max(2*int64(len(w.slots)), slot+1, least), maxWindow)
	w.slots = append(w.slots, make([]int32, n-int64(len(w.slots)))...)
}

// addBlob adds a histogram or exemplars; the flags of id tell which. The window keeps
// data.
func (w *window) addBlob(id uint32, t int64, data []byte) {
	w.add(id, t, math.Float64frombits(uint64(len(w.blobs))))
	w.blobs = append(w.blobs, data)
	w.count += 2 + len(data)/entrySize
}

// blob returns the data of an entry, nil for a number.
func (w *window) blob(e entry) []byte {
	if e.id&isBlob == 0 {
		return nil
	}
	return w.blobs[math.Float64bits(e.v)]
}

// row adds a row for a slot.
func (w *window) row(slot int64) int32 {
	if w.used == len(w.rows) {
		w.rows = append(w.rows, nil)
	}
	w.used++
	w.count += rowCost
	w.slots[slot] = int32(w.used)
	w.times = append(w.times, int32(slot))
	return int32(w.used)
}

// full reports whether the window has more samples than its bound. If so, it raises the
// bound, because a window of one row cannot be divided.
func (w *window) full() bool {
	if w.count <= w.bound {
		return false
	}
	w.bound += w.bound / 2
	return true
}

// halve moves the window's end towards its start. Samples beyond the new end stay until
// settle moves them.
func (w *window) halve() {
	if w.end-w.start > 1 {
		w.end = w.start + (w.end-w.start)/2
	}
}

// settle sorts the rows by time, and moves rows beyond the end to the next window. Few
// windows have such rows.
func (w *window) settle(next *window) {
	slices.Sort(w.times)
	n := len(w.times)
	for ; n > 0 && w.start+int64(w.times[n-1]) >= w.end; n-- {
		slot := w.times[n-1]
		for _, e := range w.rows[w.slots[slot]-1] {
			next.ahead = append(next.ahead, aheadEntry{w.start + int64(slot), e, w.blob(e)})
		}
		w.slots[slot] = 0
	}
	w.times = w.times[:n]
}

// aheadEntry is a sample that an earlier window could not keep.
type aheadEntry struct {
	t int64
	entry
	blob []byte
}

// take adds the entries of earlier windows that belong to this one.
func (w *window) take() {
	kept := w.ahead[:0]
	for _, a := range w.ahead {
		switch {
		case a.t >= w.end:
			kept = append(kept, a)
		case a.id&isBlob != 0:
			w.addBlob(a.id, a.t, a.blob)
		default:
			w.add(a.id, a.t, a.v)
		}
	}
	w.ahead = kept
}

// each calls f with every row, by ascending time.
func (w *window) each(f func(t int64, row []entry) error) error {
	for _, slot := range w.times {
		if err := f(w.start+int64(slot), w.rows[w.slots[slot]-1]); err != nil {
			return err
		}
	}
	return nil
}

// reset drops all samples. It keeps the memory of the rows for reuse.
func (w *window) reset() {
	for _, slot := range w.times {
		w.slots[slot] = 0
	}
	for i := range w.rows {
		if i < w.used {
			w.rows[i] = w.rows[i][:0]
		} else {
			w.rows[i] = nil
		}
	}
	clear(w.blobs)
	w.blobs = w.blobs[:0]
	w.times, w.used, w.count = w.times[:0], 0, 0
}
