package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/pcparchive/pcparchive/internal/eof"
	"github.com/pcparchive/pcparchive/labelset"
)

// decimal formats a numeric identifier.
func decimal[T ~int32 | ~uint32](n T) string { return fmt.Sprint(n) }

// jsonNames checks that text is a JSON object. It returns a dotted name that occurs twice
// in it, or "".
func jsonNames(text string) (repeated string, err error) {
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	if !json.Valid([]byte(text)) {
		return "", errors.New("not JSON")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return "", errors.New("not a JSON object")
	}
	names := map[string]bool{}
	err = objectNames(dec, "", func(name string) {
		if names[name] && repeated == "" {
			repeated = name
		}
		names[name] = true
	})
	return repeated, err
}

// objectNames passes the dotted name of each member of an object to visit, and reads the
// closing brace. It descends into members that are objects.
func objectNames(dec *json.Decoder, prefix string, visit func(string)) error {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		name := prefix + fmt.Sprint(key)
		value, err := dec.Token()
		if err != nil {
			return err
		}
		switch value {
		case json.Delim('{'):
			if err := objectNames(dec, name+".", visit); err != nil {
				return err
			}
			continue
		case json.Delim('['):
			if err := skipArray(dec); err != nil {
				return err
			}
		}
		visit(name)
	}
	_, err := dec.Token()
	return err
}

// skipArray reads the rest of an array.
func skipArray(dec *json.Decoder) error {
	for depth := 1; depth > 0; {
		t, err := dec.Token()
		if err != nil {
			return eof.Early(err)
		}
		switch t {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}

// badEntry describes the first stored entry of a set that does not denote a label of its
// JSON. It returns "" if there is none.
func badEntry(set labelset.Set, level labelset.Level) string {
	text := set.JSON()
	parsed, err := labelset.Parse(text, level)
	if err != nil {
		return ""
	}
	entries := 0
	for i, e := range set.Stored() {
		entries++
		if e.NameOffset+e.NameLength > len(text) || e.ValueOffset+e.ValueLength > len(text) {
			return fmt.Sprintf("entry %d: it is not inside the JSON", i)
		}
		name := text[e.NameOffset : e.NameOffset+e.NameLength]
		value := text[e.ValueOffset : e.ValueOffset+e.ValueLength]
		if own := e.Flags &^ uint8(labelset.Compound|labelset.Optional); labelset.Level(own) != level {
			return fmt.Sprintf("entry %d: its flags are those of level %d", i, own)
		}
		if !denotes(parsed, name, value) {
			return fmt.Sprintf("entry %d: %.40q with the value %.40q is no label", i, name, value)
		}
	}
	if entries != parsed.Len() {
		return fmt.Sprintf("%s for %s", english.Plural(entries, "entry", ""), english.Plural(parsed.Len(), "label", ""))
	}
	return ""
}

// denotes reports whether a set has a label with the given name and value. For a compound
// label, name is the last part of its name.
func denotes(set labelset.Set, name, value string) bool {
	for l := range set.All() {
		if l.Value == value && (l.Name == name || strings.HasSuffix(l.Name, "."+name)) {
			return true
		}
	}
	return false
}
