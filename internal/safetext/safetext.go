// Package safetext makes foreign text safe to print. Names, labels and help may
// contain bytes that move a terminal's cursor, hide text or reverse its
// direction, and bytes that are not UTF-8.
package safetext

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// Append appends text. It escapes, in Go syntax such as \x1b, \u009b, \u202e
// and \xff: control characters other than line feed and tab, characters that
// change the direction of text, and bytes that are not UTF-8.
func Append(dst, text []byte) []byte { return appendSafe(dst, text, "\n\t") }

// Line returns text for a single line or table cell. Unlike Append it also
// escapes line feeds and tabs.
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

// next returns the number of bytes before the first character to be escaped.
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

// Unsafe reports whether r is a control character or changes the direction of
// text.
func Unsafe(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f: // C0, DEL, C1
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x2028, r == 0x2029: // line and paragraph separators
		return true
	}
	return false
}

// Writer escapes text as Append does. A character may be split across writes.
type Writer struct {
	W    io.Writer
	part []byte // start of a character whose rest has not been written yet
	buf  []byte
}

// Write escapes and writes b.
func (w *Writer) Write(b []byte) (int, error) {
	if len(w.part) == 0 && plain(b) {
		return w.W.Write(b)
	}
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

// Flush writes the bytes of an incomplete last character.
func (w *Writer) Flush() error {
	if len(w.part) == 0 {
		return nil
	}
	_, err := w.W.Write(Append(nil, w.part))
	w.part = nil
	return err
}
