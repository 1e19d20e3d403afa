package archtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/internal/wire"
)

// field is a row of a vector.
type field struct {
	name  string
	raw   []byte
	show  func([]byte) string // formats the meaning of the bytes
	wrong bool                // the defect changed this field
}

// fields are the rows of a vector in the order of their bytes.
type fields []field

func (f fields) bytes() []byte {
	var b []byte
	for _, e := range f {
		b = append(b, e.raw...)
	}
	return b
}

// starts returns the offsets of the fields and of the end.
func (f fields) starts() []int64 {
	all := []int64{0}
	for _, e := range f {
		all = append(all, all[len(all)-1]+int64(len(e.raw)))
	}
	return all
}

// find returns the index of the field called name.
func (f fields) find(name string) int {
	i := slices.IndexFunc(f, func(e field) bool { return e.name == name })
	if i < 0 {
		panic("no field " + name)
	}
	return i
}

// set replaces the bytes of a field.
func (f *fields) set(name string, hex string) {
	e := &(*f)[f.find(name)]
	e.raw, e.wrong = unhex(hex), true
}

// insert adds a field before the field called before.
func (f *fields) insert(before, name, hex string) {
	*f = slices.Insert(*f, f.find(before), field{name, unhex(hex), nil, true})
}

// remove removes a field.
func (f *fields) remove(name string) {
	i := f.find(name)
	*f = slices.Delete(*f, i, i+1)
}

// shorten keeps only the first n bytes of a field, which then have no meaning.
func (f fields) shorten(name string, n int) {
	e := &f[f.find(name)]
	e.raw, e.show, e.wrong = e.raw[:n], nil, true
}

// cut ends the vector after n bytes of a field.
func (f *fields) cut(name string, n int) {
	i := f.find(name)
	*f = (*f)[:i+1]
	f.shorten(name, n)
	if n == 0 {
		*f = (*f)[:i]
		(*f)[i-1].wrong = true
	}
}

// fit corrects both length words of a record unless they are the defect. A
// record that ends early keeps its length.
func (f fields) fit() {
	if end := f[len(f)-1]; end.name != "trailer" || len(end.raw) != 4 {
		return
	}
	for _, i := range []int{0, len(f) - 1} {
		if !f[i].wrong {
			f[i].raw = wire.AppendU32(nil, uint32(len(f.bytes())))
		}
	}
}

// String returns the rows in the form of a vector file.
func (f fields) String() string {
	var hex []string
	width := 0
	for _, e := range f {
		hex = append(hex, digits(e.raw))
		width = max(width, min(len(hex[len(hex)-1]), 36))
	}
	var b strings.Builder
	for i, e := range f {
		fmt.Fprintf(&b, "%-*s  %s", width, hex[i], e.name)
		if e.show != nil {
			b.WriteString(": " + e.show(e.raw))
		}
		if e.wrong {
			b.WriteString("  <-- the defect")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
