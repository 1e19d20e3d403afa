package safetext

import "encoding/binary"

// plain reports whether text has only printable ASCII characters and line feeds, as nearly
// all numbers in JSON do. It looks at eight bytes at a time.
func plain(text []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	bad := uint64(0)
	for ; len(text) >= 8; text = text[8:] {
		w := binary.LittleEndian.Uint64(text)
		low := w &^ tops
		printable := low + (0x80-0x20)*ones            // the top bit of a byte is set if it is 0x20 or more
		other := (low ^ '\n'*ones) + 0x7f*ones         // ... if it is no line feed
		bad |= w | (low + ones) | (^printable & other) // ... if it is above 0x7f, is 0x7f, or is neither
	}
	for _, b := range text {
		if b != '\n' && (b < 0x20 || b >= 0x7f) {
			return false
		}
	}
	return bad&tops == 0
}
