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

// Find moves to the next record of at most maxRecord bytes that valid accepts,
// and reports whether there is one. length is the length word of the damaged record at the
// current position. If it is right, the next record begins at that distance, unless a nearer
// record follows the trailer that belongs to another length: then the length word is damaged
// and the trailer is not. valid must not keep its argument.
func (w *Window) Find(maxRecord int, length int32, valid func(payload []byte) bool) bool {
	n := int(length)
	if n >= 8 && n <= maxRecord && len(w.Peek(n)) == n && w.stands(n, maxRecord, valid) {
		for at := 8; at < n; at++ {
			if w.stands(at, maxRecord, valid) {
				if w.Word(at-4) == int32(at) {
					n = at
				}
				break
			}
		}
		w.Pass(n)
		return true
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
