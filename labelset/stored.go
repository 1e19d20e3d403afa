package labelset

import "iter"

// StoredLabel is a label of the binary form. The offsets and lengths in bytes
// locate its name and value in the set's text; a damaged archive may hold wrong
// ones. Flags include the level.
type StoredLabel struct {
	NameOffset, NameLength   int
	ValueOffset, ValueLength int
	Flags                    uint8
}

// Stored yields the position and the stored form of each label in the order of
// the binary form. It serves tools that inspect archives; other callers use
// [Set.All].
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
