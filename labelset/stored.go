package labelset

import "iter"

// StoredLabel is a label as the binary form holds it: two slices of the set's
// text, which may be wrong, and flags, which include the level.
type StoredLabel struct {
	NameOffset, NameLength   int
	ValueOffset, ValueLength int
	Flags                    uint8
}

// Stored yields the labels of s in the order and with the slices that the binary
// form has, for tools that inspect archives. Others want [Set.All].
func (s Set) Stored() iter.Seq2[int, StoredLabel] {
	return func(yield func(int, StoredLabel) bool) {
		for i, e := range s.onDisk() {
			l := StoredLabel{int(e.nameOff), int(e.nameLen), int(e.valueOff), int(e.valueLen), e.flags}
			if !yield(i, l) {
				return
			}
		}
	}
}
