// Package safetext makes text harmless that others chose: names, labels and help
// may hold bytes that move a terminal's cursor, hide text or turn its direction,
// and bytes that are no UTF-8.
package safetext

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// Append appends text. A control character other than a line feed or a tab, a
// character that turns the direction of text, and a byte that is not UTF-8 become
// escapes as Go writes them: \x1b, \u009b, \u202e, \xff.
func Append(dst, text []byte) []byte { return appendSafe(dst, text, "\n\t") }

// Line returns text for one line or one cell of a table: line feeds and tabs
// become escapes as well.
func Line(text string) string {
	if i := next(text, ""); i == len(text) {
		return text
	}
	return string(appendSafe(nil, []byte(text), ""))
}

func appendSafe(dst, text []byte, keep string) []byte {
	for len(text) > 0 {
		n := next(text, keep)
		dst = append(dst, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			break
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = fmt.Appendf(dst, `\x%02x`, text[0])
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r <= 0x7f:
			dst = fmt.Appendf(dst, `\x%02x`, r)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		text = text[size:]
	}
	return dst
}

// next returns how many bytes come before the first that has to be escaped.
func next[T string | []byte](text T, keep string) int {
	for i := 0; i < len(text); {
		b := text[i]
		if b >= 0x20 && b < 0x7f || len(keep) > 0 && (b == '\n' || b == '\t') {
			i++
			continue
		}
		if b <= 0x7f {
			return i
		}
		r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		if r == utf8.RuneError && size <= 1 || Unsafe(r) {
			return i
		}
		i += size
	}
	return len(text)
}

// Unsafe reports whether a character is a control character or turns the direction
// of text.
func Unsafe(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f: // C0, DEL, C1
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x2028, r == 0x2029: // end a line where Unicode is taken literally
		return true
	}
	return false
}

// Writer is a writer that escapes as Append does. A character may come in several
// writes.
type Writer struct {
	W    io.Writer
	part []byte // of a character whose end has not come
	buf  []byte
}

// Write escapes and writes.
func (w *Writer) Write(b []byte) (int, error) {
	text := b
	if len(w.part) > 0 {
		text = append(w.part, b...)
	}
	whole := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				whole -= n
			}
			break
		}
	}
	w.buf = Append(w.buf[:0], text[:whole])
	w.part = append([]byte(nil), text[whole:]...)
	if _, err := w.W.Write(w.buf); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Flush writes what a last character that is not whole consists of.
func (w *Writer) Flush() error {
	if len(w.part) == 0 {
		return nil
	}
	_, err := w.W.Write(Append(nil, w.part))
	w.part = nil
	return err
}
