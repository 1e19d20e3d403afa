package expo

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// attribution finds the families of samples.
type attribution struct {
	known map[string]*description
	last  *description
	// era counts descriptions: what was found in another era may have changed.
	era int
	// found are the families handed out, each once, so that equal ones are one
	// pointer. They never change.
	found map[prom.Family]*prom.Family
}

// description is what a page says of a family.
type description struct {
	prom.Family
	same *prom.Family // as handed out; nil if it changed since
}

func newAttribution() attribution {
	return attribution{known: map[string]*description{}, found: map[prom.Family]*prom.Family{}}
}

// reset forgets what a page said, before the next one.
func (a *attribution) reset() {
	clear(a.known)
	a.last = nil
	a.era++
}

// nameUnescaper undoes the escapes of quoted names, which the parser leaves in
// the names of families.
var nameUnescaper = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n")

// describe returns the description of a name, to be added to.
func (a *attribution) describe(raw []byte) *description {
	d := a.known[string(raw)]
	if d == nil || strings.IndexByte(d.Name, '\\') >= 0 {
		name := string(raw)
		if strings.IndexByte(name, '\\') >= 0 {
			name = nameUnescaper.Replace(name)
		}
		if d = a.known[name]; d == nil {
			d = &description{Family: prom.Family{Name: name, Type: prom.TypeUnknown}}
			a.known[name] = d
		}
	}
	a.last = d
	a.era++
	return d
}

// set changes a field of a description.
func (d *description) set(field *string, to []byte) {
	if *field != string(to) {
		*field, d.same = string(to), nil
	}
}

// of returns the family of a sample.
func (a *attribution) familyFor(sample string) *prom.Family {
	d := a.last
	if d == nil || !isMember(sample, &d.Family) {
		d = a.known[sample]
	}
	if d == nil {
		return a.intern(prom.Family{Name: sample, Type: prom.TypeUnknown})
	}
	if d.same == nil {
		d.same = a.intern(UnnotedFamily(d.Family))
	}
	return d.same
}

// handOut returns the pointer that stands for a family.
func (a *attribution) intern(f prom.Family) *prom.Family {
	same, ok := a.found[f]
	if !ok {
		same = &f
		a.found[f] = same
	}
	return same
}
