package labelset

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// unquote returns the text of a JSON string. Unlike package json it keeps bytes that
// are not UTF-8.
func unquote(value string) (text string, ok bool) {
	if utf8.ValidString(value) {
		err := json.Unmarshal([]byte(value), &text)
		return text, err == nil
	}
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	for rest := value[1 : len(value)-1]; rest != ""; {
		n := escapes(rest)
		if n == 0 {
			if n = strings.IndexByte(rest, '\\'); n < 0 {
				n = len(rest)
			}
			b.WriteString(rest[:n])
		} else {
			var part string
			if json.Unmarshal([]byte(`"`+rest[:n]+`"`), &part) != nil {
				return "", false
			}
			b.WriteString(part)
		}
		rest = rest[n:]
	}
	return b.String(), true
}

// escapes returns the length of the escapes at the beginning of text. Two of them may
// be a character.
func escapes(text string) (n int) {
	for n < len(text) && text[n] == '\\' {
		size := 2
		if n+1 < len(text) && text[n+1] == 'u' {
			size = 6
		}
		n = min(n+size, len(text))
	}
	return n
}
