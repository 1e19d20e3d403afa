package expo

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// A type note is a last line in a help text. It has the family if the page cannot
// declare it, as for a counter foo:
//
//	# HELP foo Things seen.\n# TYPE foo counter
//
// OpenMetrics demands names in _total for counters. So the page declares the family
// as unknown, the series keeps its name, and the note has the type. A comment could
// not have it, since OpenMetrics allows none.

const noteHead = "# TYPE "

// noteOf returns the note for a family.
func noteOf(name, typ string) string {
	return string(appendName([]byte(noteHead), name)) + " " + typ
}

// cutNote returns a help text without its note, and the name and the type in the
// note. ok is false if the text has no note.
func cutNote(help string) (rest, name, typ string, ok bool) {
	start := strings.LastIndex(help, "\n") + 1
	said, ok := strings.CutPrefix(help[start:], noteHead)
	end := strings.LastIndexByte(said, ' ')
	if !ok || end < 0 {
		return help, "", "", false
	}
	name, typ = said[:end], said[end+1:]
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		name = nameUnescaper.Replace(name[1 : len(name)-1])
	}
	if name == "" || noteOf(name, typ) != help[start:] || !isFamilyType(typ) {
		return help, "", "", false
	}
	return help[:max(start-1, 0)], name, typ, true
}

// isFamilyType reports whether typ is one of OpenMetrics' types.
func isFamilyType(typ string) bool {
	switch typ {
	case prom.TypeCounter, prom.TypeGauge, prom.TypeHistogram, prom.TypeGaugeHistogram,
		prom.TypeSummary, prom.TypeInfo, prom.TypeStateset, prom.TypeUnknown:
		return true
	}
	return false
}

// UnnotedFamily returns f with the name and type in the note of its help, and
// without the note. A family without a note stays as it is.
func UnnotedFamily(f prom.Family) prom.Family {
	if help, name, typ, ok := cutNote(f.Help); ok {
		f.Name, f.Type, f.Help = name, typ, help
	}
	return f
}

// helpText returns the help of a part, with a note if it needs one. A help text that
// already ends like a note needs one, too, because readers cut the last line.
func (p *part) helpText() string {
	name, typ := p.family, p.typ
	if typ == typeUntyped {
		typ = prom.TypeUnknown
	}
	needed := false
	if typ == prom.TypeUnknown {
		if f := p.commonFamily(); f != nil && f.Type != "" && f.Type != prom.TypeUnknown {
			name, typ, needed = f.Name, f.Type, true
		}
	}
	if _, _, _, noted := cutNote(p.help); !noted && !needed {
		return p.help
	}
	if !isFamilyType(typ) {
		typ = prom.TypeUnknown
	}
	if p.help == "" {
		return noteOf(name, typ)
	}
	return p.help + "\n" + noteOf(name, typ)
}

// commonFamily returns the family of all samples of a part, nil if they have
// several.
func (p *part) commonFamily() *prom.Family {
	var f *prom.Family
	for i := range p.samples {
		switch other := p.samples[i].family; {
		case f == nil:
			f = other
		case f != other && (f.Name != other.Name || f.Type != other.Type):
			return nil
		}
	}
	return f
}
