package safetext

import "unicode/utf8"

// Cut returns text, or, if it has more than most characters, its first characters and an
// ellipsis, most characters in all.
func Cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	if most <= 0 {
		return ""
	}
	return text[:offset(text, most-1)] + ellipsis
}

// Elide returns text, or, if it has more than most characters, its beginning and its end
// with an ellipsis between them, most characters in all.
func Elide(text string, most int) string {
	n := utf8.RuneCountInString(text)
	if n <= most {
		return text
	}
	if most <= 0 {
		return ""
	}
	head := most / 2
	return text[:offset(text, head)] + ellipsis + text[offset(text, n-(most-1-head)):]
}

const ellipsis = "…"

// offset returns the number of bytes of the first n characters of text.
func offset(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}
