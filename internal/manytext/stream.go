package manytext

import (
	"errors"
	"io"
)

// kept is the number of bytes before the current ones that a stream keeps. Of a longer text
// only that many last bytes are compared.
const kept = 64 << 10

// Stream yields the occurrences of all texts in the bytes of r. before and after are the
// bytes around an occurrence; ok is false at the beginning and the end of the stream. From
// and To count from the beginning of the stream. Stream ends when yield returns false.
func (f *Finder) Stream(r io.Reader, yield func(m Match, around Around) bool) error {
	buf := make([]byte, 0, 4*kept)
	base, state, next := 0, int32(0), 0 // offset of buf[0], state before buf[next]
	for {
		if len(buf) > 2*kept {
			drop := len(buf) - kept
			drop = min(drop, next)
			buf = buf[:copy(buf, buf[drop:])]
			base, next = base+drop, next-drop
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		stop := len(buf) - 1 // the byte after an occurrence must be known
		if end {
			stop = len(buf)
		}
		for ; next < stop; next++ {
			state = f.after(state, buf[next])
			if f.nodes[state].found != 0 && !f.reportIn(state, buf, base, next+1, yield) {
				return nil
			}
		}
		if end {
			return nil
		}
	}
}

// Around holds the bytes before and after an occurrence, 0 where there is none.
type Around struct{ Before, After byte }

// reportIn yields the texts that end at an offset of buf, the first byte of which is at
// offset base of the stream.
func (f *Finder) reportIn(state int32, buf []byte, base, end int, yield func(Match, Around) bool) bool {
	for at := f.nodes[state].found; at != 0; at = f.nodes[f.nodes[at].fail].found {
		for _, index := range f.ends[at] {
			want := f.texts[index]
			from := end - len(want)
			if from < 0 && base > 0 && len(want) > kept/2 {
				want = want[-from:] // its beginning is no longer in memory
				from = 0
			}
			if from < 0 || string(buf[from:end]) != want {
				continue
			}
			var a Around
			if from > 0 {
				a.Before = buf[from-1]
			}
			if end < len(buf) {
				a.After = buf[end]
			}
			if !yield(Match{base + from, base + end, int(index)}, a) {
				return false
			}
		}
	}
	return true
}
