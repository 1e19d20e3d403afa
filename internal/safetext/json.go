package safetext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"
)

// Marshal returns v as JSON. It differs from package json in two ways. A byte
// that is not UTF-8 becomes the escape of a lone surrogate, \udc80 to \udcff
// for the bytes 0x80 to 0xff, so that nothing is lost: valid UTF-8 never yields
// these, and Python's surrogateescape restores the bytes. Characters that can
// harm a terminal are escaped. If indent is not empty, Marshal indents the JSON
// by it.
func Marshal(v any, indent string) ([]byte, error) { return marshal(v, indent, false) }

// MarshalHTML returns v as Marshal does, without indentation and with <, > and
// & escaped as by json.Marshal.
func MarshalHTML(v any) ([]byte, error) { return marshal(v, "", true) }

func marshal(v any, indent string, html bool) ([]byte, error) {
	text, err := encode(v, indent, html)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(text, []byte(`\ufffd`)) { // package json replaces bytes that are not UTF-8 by it
		return escapedJSON(text, -1), nil
	}
	block, err := freeBlock(text)
	if err != nil {
		return nil, err
	}
	if text, err = encode(marked(reflect.ValueOf(v), block).Interface(), indent, html); err != nil {
		return nil, err
	}
	return escapedJSON(text, block), nil
}

// JSONWriter returns a writer that escapes characters in JSON as Marshal does and writes the
// result to w. No character may be split between two writes.
func JSONWriter(w io.Writer) io.Writer { return jsonEscaper{w} }

type jsonEscaper struct{ w io.Writer }

// Write writes p with escapes. It counts bytes of p.
func (e jsonEscaper) Write(p []byte) (int, error) {
	if plain(p) {
		return e.w.Write(p)
	}
	if _, err := e.w.Write(escapedJSON(p, -1)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func encode(v any, indent string, html bool) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Marks are characters that stand for invalid bytes while package json
// processes the text: a block of 256 private-use characters that the text does
// not contain.
const (
	privateUse = 0x100000 // the first private-use character
	blocks     = 0xff     // number of blocks; the last one contains unassigned characters
)

func freeBlock(text []byte) (rune, error) {
	var used [blocks]bool
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r >= privateUse && r < privateUse+blocks<<8 {
			used[(r-privateUse)>>8] = true
		}
		text = text[n:]
	}
	for i, u := range used {
		if !u {
			return privateUse + rune(i)<<8, nil
		}
	}
	return 0, errors.New("text that is not UTF-8 also uses characters of all private-use blocks: cannot write it as JSON")
}

var (
	marshaler = reflect.TypeFor[json.Marshaler]()
	raw       = reflect.TypeFor[json.RawMessage]()
)

// marked returns a copy of v in which marks replace the bytes of strings that
// are not UTF-8.
func marked(v reflect.Value, block rune) reflect.Value {
	if !v.IsValid() || v.Type() == raw || v.Type().Implements(marshaler) && v.Kind() != reflect.Interface {
		return v
	}
	switch v.Kind() {
	case reflect.String:
		if utf8.ValidString(v.String()) {
			return v
		}
		return reflect.ValueOf(mark(v.String(), block)).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(marked(v.Elem(), block))
		return p
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		i := reflect.New(v.Type()).Elem()
		i.Set(marked(v.Elem(), block))
		return i
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		s.Set(v)
		for i := range v.NumField() {
			if f := s.Field(i); f.CanSet() {
				f.Set(marked(v.Field(i), block))
			} else if v.Type().Field(i).Anonymous && f.Kind() == reflect.Struct {
				markEmbedded(f, block)
			}
		}
		return s
	case reflect.Slice, reflect.Array:
		return markedList(v, block)
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		m := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			m.SetMapIndex(marked(it.Key(), block), marked(it.Value(), block))
		}
		return m
	}
	return v
}

// markEmbedded marks the exported fields of a struct that is embedded under an
// unexported name.
func markEmbedded(s reflect.Value, block rune) {
	for i := range s.NumField() {
		if f := s.Field(i); f.CanSet() {
			f.Set(marked(f, block))
		}
	}
}

func markedList(v reflect.Value, block rune) reflect.Value {
	list := reflect.New(v.Type()).Elem()
	if v.Kind() == reflect.Slice {
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			return v
		}
		list.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	}
	for i := range v.Len() {
		list.Index(i).Set(marked(v.Index(i), block))
	}
	return list
}

func mark(s string, block rune) string {
	var b []byte
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			r = block + rune(s[0])
		}
		b = utf8.AppendRune(b, r)
		s = s[n:]
	}
	return string(b)
}

// escapedJSON returns JSON with escapes; see [Marshal]. Only strings of it contain characters
// beyond ASCII.
func escapedJSON(text []byte, block rune) (dst []byte) {
	start := 0
	for i := 0; i < len(text); {
		if b := text[i]; b < utf8.RuneSelf && b != 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		escape := r
		switch {
		case r == utf8.RuneError && n == 1: // invalid bytes in the output of a MarshalJSON method
			escape = 0xdc00 + rune(text[i])
		case block >= 0 && r >= block && r <= block+0xff:
			escape = 0xdc00 + r - block
		case !Unsafe(r):
			i += n
			continue
		}
		dst = append(dst, text[start:i]...)
		dst = fmt.Appendf(dst, `\u%04x`, escape)
		i += n
		start = i
	}
	return append(dst, text[start:]...)
}
