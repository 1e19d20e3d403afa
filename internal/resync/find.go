package resync

const (
	// longest is the greatest length of a record that a search accepts.
	longest = 16 << 20
	// perByte limits the bytes decoded to distinguish records from bytes that
	// only resemble one, as a multiple of the bytes read.
	perByte = 16
	// stopEvery is the number of bytes after which a search asks whether to stop.
	stopEvery = 64 << 10
)

// Lengths are the length words before and after a damaged record; zero means
// unknown. If one of them is right, the next record begins at that distance.
type Lengths [2]int32

// Find moves to the next record of at most maxRecord bytes that valid accepts,
// and reports whether there is one. It tries the known lengths first: if one
// length word is damaged, the other still leads to the next record. valid must
// not keep its argument.
func (w *Window) Find(maxRecord int, known Lengths, valid func(payload []byte) bool) bool {
	for _, n := range known {
		if n >= 8 && int64(n) <= int64(maxRecord) && len(w.Peek(int(n))) == int(n) && w.stands(int(n), maxRecord, valid) {
			w.Pass(int(n))
			return true
		}
	}
	w.Pass(len(w.Peek(1)))
	return w.FindHere(maxRecord, valid)
}

// FindHere does the same as Find, but also accepts a record at the current
// position.
func (w *Window) FindHere(maxRecord int, valid func(payload []byte) bool) bool {
	for n := 0; len(w.Peek(4)) == 4; n++ {
		if n%stopEvery == 0 && w.Stop != nil && w.Stop() {
			return false
		}
		if w.effort > perByte*(w.Off+Buffer) {
			return false // the file is crafted to waste time
		}
		if w.stands(0, maxRecord, valid) {
			return true
		}
		w.Pass(1)
	}
	return false
}

// stands reports whether a record that valid accepts, or the end of the file,
// is at distance at.
func (w *Window) stands(at, maxRecord int, valid func([]byte) bool) bool {
	have := len(w.Peek(at+4)) - at
	if have < 4 {
		return have == 0 && at > 0 && w.Err == nil
	}
	n := int(w.Word(at))
	if n < 16 || n > min(longest, maxRecord) || len(w.Peek(at+n)) < at+n || w.Word(at+n-4) != int32(n) {
		return false
	}
	w.effort += int64(n)
	return valid(w.mem[w.lo+at+4 : w.lo+at+n-4])
}
