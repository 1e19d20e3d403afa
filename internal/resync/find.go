package resync

const (
	// longest bounds the length of a record that is looked for after damage.
	longest = 16 << 20
	// perByte bounds the bytes decoded to tell records from bytes that only look
	// like one, in multiples of the bytes read.
	perByte = 16
)

// Lengths are the words before and after a damaged record, as far as they are
// known; other values are zero. If one of the two is right, the next record
// stands at that distance.
type Lengths [2]int32

// Find goes to the next place where a record of at most maxRecord bytes stands
// that valid accepts, and reports whether there is one. What valid is given is
// borrowed. A damaged length leaves the other one; a damaged trailer leaves the
// next record where it should be.
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

// FindHere is Find, but the record may also stand at the first byte that was not
// passed.
func (w *Window) FindHere(maxRecord int, valid func(payload []byte) bool) bool {
	for len(w.Peek(4)) == 4 {
		if w.effort > perByte*(w.Off+Buffer) {
			return false // crafted to keep us busy
		}
		if w.stands(0, maxRecord, valid) {
			return true
		}
		w.Pass(1)
	}
	return false
}

// stands reports whether a record that valid accepts stands at bytes ahead, or
// the file ends there.
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
