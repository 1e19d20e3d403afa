package labelset

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
)

// Limits of the binary form.
const (
	MaxJSON   = 65535 // bytes of JSON in a set
	MaxLabels = 255   // labels in a set
	MaxName   = 254   // bytes of a name
)

// Label is one name–value pair.
type Label struct {
	Name  string // dotted for a compound label
	Value string // JSON text: a string keeps its quotes
	Level Level  // where the label came from
	Flags Flags
}

// String returns a label whose value is the JSON string for text.
func String(name, text string) Label { return Label{Name: name, Value: quote(text)} }

// Text returns the value for display: a string unquoted, all else as it stands.
func (l Label) Text() string {
	if !strings.HasPrefix(l.Value, `"`) {
		return l.Value
	}
	if !strings.ContainsRune(l.Value, '\\') && len(l.Value) >= 2 {
		return l.Value[1 : len(l.Value)-1]
	}
	var s string
	if json.Unmarshal([]byte(l.Value), &s) != nil {
		return strings.Trim(l.Value, `"`)
	}
	return s
}

// Set is an immutable set of labels. The zero Set is empty.
type Set struct {
	json  string
	index []entry // labels sorted by name
	odd   *odd    // nil in nearly all
}

// odd is what few sets have.
type odd struct {
	dotted []string // names by position, where one is not a slice of json
	stored []entry  // as read, where that differs from index
}

// entry is a label of the binary form: two slices of the JSON and flags.
type entry struct {
	nameOff  uint16
	nameLen  uint8
	flags    uint8
	valueOff uint16
	valueLen uint16
}

// Len returns the number of labels.
func (s Set) Len() int { return len(s.index) }

// JSON returns the set's text, "" when empty.
func (s Set) JSON() string { return s.json }

// At returns label i in order of names.
func (s Set) At(i int) Label {
	e := s.index[i]
	l := Label{
		Value: s.json[e.valueOff : int(e.valueOff)+int(e.valueLen)],
		Level: Level(e.flags &^ uint8(Compound|Optional)),
		Flags: Flags(e.flags) & (Compound | Optional),
	}
	if s.odd != nil && s.odd.dotted != nil {
		l.Name = s.odd.dotted[i]
	} else {
		l.Name = s.json[e.nameOff : int(e.nameOff)+int(e.nameLen)]
	}
	return l
}

// All yields the labels in order of names.
func (s Set) All() iter.Seq[Label] {
	return func(yield func(Label) bool) {
		for i := range s.index {
			if !yield(s.At(i)) {
				return
			}
		}
	}
}

// Lookup returns the label with the given name.
func (s Set) Lookup(name string) (Label, bool) {
	for l := range s.All() {
		if l.Name == name {
			return l, true
		}
	}
	return Label{}, false
}

// Text returns the value of the named label for display, "" if there is none.
func (s Set) Text(name string) string {
	l, _ := s.Lookup(name)
	return l.Text()
}

// Equal reports whether both sets would be written to the same bytes.
func (s Set) Equal(t Set) bool { return s.json == t.json && slices.Equal(s.onDisk(), t.onDisk()) }

func (s Set) onDisk() []entry {
	if s.odd != nil && s.odd.stored != nil {
		return s.odd.stored
	}
	return s.index
}
