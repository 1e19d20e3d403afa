package expo

import (
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// A type note is the last line of a help text that tells the family where a page
// cannot say it otherwise, as in
//
//	# HELP foo Things seen.\n# TYPE foo counter
//
// of a counter foo in OpenMetrics, whose counters must end in _total: the page
// has the family as one of unknown type, so that the series keeps its name.
// OpenMetrics allows no comments.

const noteHead = "# TYPE "

// noteOf returns the note that names a family.
func noteOf(name, typ string) string {
	return string(appendName([]byte(noteHead), name)) + " " + typ
}

// cutNote returns a help text without its note, and what that says. ok is false
// if there is none.
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

// UnnotedFamily returns the family that a page describes: what the note in its
// help says, if this package wrote one there.
func UnnotedFamily(f prom.Family) prom.Family {
	if help, name, typ, ok := cutNote(f.Help); ok {
		f.Name, f.Type, f.Help = name, typ, help
	}
	return f
}

// helpText returns the help of a part with a note where it needs one. A text that
// ends like a note needs one, too: readers cut the last.
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

// held returns the family that all samples of a part are of, nil if there are
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
