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

// Set is an immutable set of labels. The zero Set is empty. A Set is as small as a
// pointer, because a recorder has several for each of a million series.
type Set struct{ c *contents }

// contents are those of a Set that is not empty.
type contents struct {
	json  string
	index []entry // labels sorted by name
	odd   *odd    // nil in nearly all sets
}

// odd holds the parts that only few sets have.
type odd struct {
	dotted  []string // names by position; set if a name is not a slice of json
	stored  []entry  // entries as read; set if they differ from index
	invalid error    // see Set.Invalid
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
func (s Set) Len() int {
	if s.c == nil {
		return 0
	}
	return len(s.c.index)
}

// JSON returns the set's text, "" for an empty set.
func (s Set) JSON() string {
	if s.c == nil {
		return ""
	}
	return s.c.json
}

// Invalid returns why the stored JSON does not parse, or nil. An invalid set holds the
// labels whose slices lie inside the text.
func (s Set) Invalid() error {
	if s.c == nil || s.c.odd == nil {
		return nil
	}
	return s.c.odd.invalid
}

// At returns label i in the order of names.
func (s Set) At(i int) Label {
	c := s.c
	e := c.index[i]
	l := Label{
		Value: c.json[e.valueOff : int(e.valueOff)+int(e.valueLen)],
		Level: Level(e.flags &^ uint8(Compound|Optional)),
		Flags: Flags(e.flags) & (Compound | Optional),
	}
	if c.odd != nil && c.odd.dotted != nil {
		l.Name = c.odd.dotted[i]
	} else {
		l.Name = c.json[e.nameOff : int(e.nameOff)+int(e.nameLen)]
	}
	return l
}

// All yields the labels in the order of names.
func (s Set) All() iter.Seq[Label] {
	return func(yield func(Label) bool) {
		for i := range s.Len() {
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
func (s Set) Equal(t Set) bool {
	return s.c == t.c || s.JSON() == t.JSON() && slices.Equal(s.onDisk(), t.onDisk())
}

// onDisk returns the entries of the binary form.
func (s Set) onDisk() []entry {
	switch {
	case s.c == nil:
		return nil
	case s.c.odd != nil && s.c.odd.stored != nil:
		return s.c.odd.stored
	}
	return s.c.index
}
