package redact

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// form is another spelling of an original, such as its base64 encoding.
type form struct {
	kind  Kind
	base  string
	write func(pseudonym string) string // spells the pseudonym alike; nil leaves it
}

// leastCoded and mostCoded are the lengths of originals of which encodings are searched.
const (
	leastCoded = 5
	mostCoded  = 256
)

// forms returns the other spellings of all originals that count in any text. Command lines
// have none: they are long and many, and the names in them have their own.
func (s *secrets) forms(words string) map[string]form {
	all := map[string]form{}
	for text, kind := range s.kinds {
		if kind == KindProcess || kind == KindCommand || len(text) > mostCoded || s.place(text, kind, words) == ownOnly {
			continue
		}
		for _, sp := range spellings(kind, text) {
			if _, known := s.kinds[sp.text]; known || s.rules.keep[sp.text] || s.formPlace(sp.text, kind, words) == ownOnly {
				continue
			}
			if before, known := all[sp.text]; !known || text < before.base {
				all[sp.text] = form{kind, text, sp.write}
			}
		}
	}
	return all
}

// formPlace returns where a form of an original of a kind counts. Digits of an address may be
// part of longer ones, and long numbers do not occur by chance.
func (s *secrets) formPlace(text string, kind Kind, words string) place {
	switch {
	case isNumber(text) && len(text) >= shortID:
		return asWord
	case kind == KindAddress:
		return max(asWord, s.place(text, KindNone, words))
	}
	return s.place(text, KindNone, words)
}

// spelling is a text that stands for an original.
type spelling struct {
	text  string
	write func(string) string
}

// spellings returns the other spellings of an original.
func spellings(kind Kind, text string) (all []spelling) {
	plain := func(texts ...string) {
		for _, t := range texts {
			all = append(all, spelling{t, nil})
		}
	}
	first, size := utf8.DecodeRuneInString(text)
	plain(strings.ToLower(text), strings.ToUpper(text), string(unicode.ToUpper(first))+text[size:])
	if kind == KindHost || kind == KindDomain {
		all = append(all, spelling{reverseParts(text), reverseParts},
			spelling{strings.ToLower(reverseParts(text)), reverseParts}, spelling{strings.ToUpper(reverseParts(text)), reverseParts})
	}
	a, err := netip.ParseAddr(text)
	isIP := err == nil
	if kind == KindHost || kind == KindDomain || isIP && a.Is4() {
		for _, sep := range []string{"_", "-"} {
			joined := func(p string) string { return strings.ReplaceAll(p, ".", sep) }
			all = append(all, spelling{joined(text), joined}, spelling{strings.ToLower(joined(text)), joined})
		}
	}
	if isIP {
		plain(numbersOf(a)...)
	}
	if address, _, ok := parseHardware(text); ok {
		plain(hardwareForms(address)...)
	}
	digits := strings.ReplaceAll(text, "-", "")
	switch {
	case uuidText().MatchString(text):
		undashed := func(p string) string { return strings.ReplaceAll(p, "-", "") }
		all = append(all, spelling{digits, undashed}, spelling{strings.ToLower(digits), undashed})
	case len(text) == 32 && hexText().MatchString(text):
		all = append(all, spelling{dashed(text), dashed}, spelling{strings.ToLower(dashed(text)), dashed})
	case kind == KindContainer && len(text) == 64 && hexText().MatchString(text):
		short := func(p string) string { return p[:min(shortID, len(p))] }
		all = append(all, spelling{short(text), short})
	}
	if len(text) >= leastCoded {
		plain(encodings(text)...)
	}
	return all
}

// reverseParts returns the parts of a domain name in the other order.
func reverseParts(text string) string {
	parts := strings.Split(text, ".")
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

// dashed returns 32 digits as a UUID. Other texts stay.
func dashed(text string) string {
	if len(text) != 32 {
		return text
	}
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// numbersOf returns an IP address as the digits that the kernel's tables have, in either
// order of the bytes, and as a name of the reverse DNS.
func numbersOf(a netip.Addr) (all []string) {
	b := a.WithZone("").AsSlice()
	forward := hex.EncodeToString(b)
	for i := 0; i < len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	words := hex.EncodeToString(b)
	all = append(all, forward, strings.ToUpper(forward), words, strings.ToUpper(words))
	if a.Is4() {
		all = append(all, reverseParts(a.String()))
	} else {
		nibbles := strings.Split(forward, "")
		slices.Reverse(nibbles)
		all = append(all, strings.Join(nibbles, "."))
	}
	return all
}

// hardwareForms returns the other spellings of a hardware address.
func hardwareForms(address []byte) (all []string) {
	digits := hex.EncodeToString(address)
	all = append(all, digits)
	if len(address) == 6 {
		all = append(all, digits[:4]+"."+digits[4:8]+"."+digits[8:])
	}
	pairs := net.HardwareAddr(address).String()
	all = append(all, pairs, strings.ReplaceAll(pairs, ":", "-"))
	for _, text := range all[:len(all):len(all)] {
		all = append(all, strings.ToUpper(text))
	}
	return all
}

// encodings returns a text as base64 at each of the three places that it may have in a
// longer text, as hexadecimal digits, as parts of URLs, and as names of systemd's units.
func encodings(text string) (all []string) {
	for at := range 3 {
		b := append(make([]byte, at), text...)
		from, to := (8*at+5)/6, 8*len(b)/6 // digits that depend on this text alone
		for _, code := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			all = append(all, code.EncodeToString(b)[from:to])
		}
	}
	digits := hex.EncodeToString([]byte(text))
	all = append(all, digits, strings.ToUpper(digits), url.QueryEscape(text), url.PathEscape(text), lowerEscapes(url.QueryEscape(text)))
	percent := escaped(text, "%%%02X", isWord)
	all = append(all, percent, lowerEscapes(percent))
	return append(all, escaped(text, `\x%02x`, func(c byte) bool { return isWord(c) || strings.IndexByte(":_./", c) >= 0 }))
}

// escaped writes the bytes that are not plain in a form.
func escaped(text, form string, plain func(byte) bool) string {
	var b strings.Builder
	for i := range len(text) {
		if plain(text[i]) {
			b.WriteByte(text[i])
		} else {
			fmt.Fprintf(&b, form, text[i])
		}
	}
	return b.String()
}

// lowerEscapes writes the digits after each percent sign in small letters.
func lowerEscapes(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(text[i+1:i+3]))
			i += 2
		}
	}
	return string(b)
}
