package labelset

import (
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

// Label is a name–value pair.
type Label struct {
	Name  string // dotted for a compound label
	Value string // JSON text; a string includes its quotes
	Level Level  // where the label came from
	Flags Flags
}

// String returns a label whose value is text as a JSON string.
func String(name, text string) Label { return Label{Name: name, Value: quote(text)} }

// Text returns the value for display: a string without quotes and escapes, any
// other value as JSON.
func (l Label) Text() string {
	if !strings.HasPrefix(l.Value, `"`) {
		return l.Value
	}
	if !strings.ContainsRune(l.Value, '\\') && len(l.Value) >= 2 {
		return l.Value[1 : len(l.Value)-1]
	}
	text, ok := unquote(l.Value)
	if !ok {
		return strings.Trim(l.Value, `"`)
	}
	return text
}

// Set is an immutable set of labels. The zero Set is empty.
type Set struct {
	json  string
	index []entry // labels sorted by name
	odd   *odd    // nil in nearly all sets
}

// odd holds the parts that only few sets have.
type odd struct {
	dotted []string // names by position; set if a name is not a slice of json
	stored []entry  // entries as read; set if they differ from index
}

// entry is a label of the binary form: flags and the slices of the JSON that
// hold its name and value.
type entry struct {
	nameOff  uint16
	nameLen  uint8
	flags    uint8
	valueOff uint16
	valueLen uint16
}

// Len returns the number of labels.
func (s Set) Len() int { return len(s.index) }

// JSON returns the set's text, "" for an empty set.
func (s Set) JSON() string { return s.json }

// At returns label i in the order of names.
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

// All yields the labels in the order of names.
func (s Set) All() iter.Seq[Label] {
	return func(yield func(Label) bool) {
		for i := range s.index {
			if !yield(s.At(i)) {
				return
			}
		}
	}
}

// Lookup returns the label called name.
func (s Set) Lookup(name string) (Label, bool) {
	for l := range s.All() {
		if l.Name == name {
			return l, true
		}
	}
	return Label{}, false
}

// Text returns the value of the label called name for display, "" if it does
// not exist.
func (s Set) Text(name string) string {
	l, _ := s.Lookup(name)
	return l.Text()
}

// Equal reports whether both sets have the same binary form.
func (s Set) Equal(t Set) bool { return s.json == t.json && slices.Equal(s.onDisk(), t.onDisk()) }

// onDisk returns the entries of the binary form.
func (s Set) onDisk() []entry {
	if s.odd != nil && s.odd.stored != nil {
		return s.odd.stored
	}
	return s.index
}
