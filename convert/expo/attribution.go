package expo

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// attribution finds the families of samples.
type attribution struct {
	known map[string]*description      // descriptions of the page, by name
	last  *description                 // the latest description of the page
	era   int                          // counts descriptions; a family found in another era may be out of date
	found map[prom.Family]*prom.Family // the one pointer for each family; families never change
}

// description collects the HELP, TYPE and UNIT lines of a family.
type description struct {
	prom.Family
	same *prom.Family // the pointer for this family; nil if the description changed since
}

func newAttribution() attribution {
	return attribution{known: map[string]*description{}, found: map[prom.Family]*prom.Family{}}
}

// reset forgets the descriptions before the next page.
func (a *attribution) reset() {
	clear(a.known)
	a.last = nil
	a.era++
}

// nameUnescaper undoes the escapes of quoted names, which the parser leaves in
// the names of families.
var nameUnescaper = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n")

// describe finds or makes the description of a family. raw is its name as written.
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

// set sets a field of a description.
func (d *description) set(field *string, to []byte) {
	if *field != string(to) {
		*field, d.same = string(to), nil
	}
}

// familyFor returns the family of a sample: the latest description if the sample's
// name fits it, else the description under the sample's own name, else an unknown
// family.
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

// intern returns the one pointer for a family.
func (a *attribution) intern(f prom.Family) *prom.Family {
	same, ok := a.found[f]
	if !ok {
		same = &f
		a.found[f] = same
	}
	return same
}
