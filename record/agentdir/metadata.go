package agentdir

import (
	"fmt"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/pcp"
)

// noDomain is the word for a metric without instances.
const noDomain = "PM_INDOM_NULL"

// types are the words for types. Every other word means double.
var types = map[string]pcp.Type{
	"double": pcp.TypeDouble, "float": pcp.TypeFloat, "u64": pcp.TypeU64, "64": pcp.Type64,
	"u32": pcp.TypeU32, "32": pcp.Type32,
}

var semantics = map[string]pcp.Semantics{
	"counter": pcp.SemCounter, "instant": pcp.SemInstant, "discrete": pcp.SemDiscrete,
}

// metadataOf reads the words of a METADATA or "# PCP5" line.
func metadataOf(typ, domain, sem string, units []string) (Metadata, error) {
	m := Metadata{Type: pcp.TypeDouble, Sem: pcp.SemInstant, Singular: domain == noDomain}
	if t, ok := types[typ]; ok {
		m.Type = t
	}
	if s, ok := semantics[sem]; ok {
		m.Sem = s
	}
	var err error
	m.Units, err = parseUnits(units)
	return m, err
}

// pcpLine reads the words of a comment that begins with PCP5 or PCP. ok is false if the
// comment is too short.
func pcpLine(words []string) (m Metadata, ok bool) {
	switch {
	case words[0] == "PCP5" && len(words) >= 6: // PCP5 name number type domain semantics units
		m, _ = metadataOf(words[3], words[4], words[5], words[6:]) // unknown units are none
	case words[0] == "PCP" && len(words) >= 3: // PCP name semantics units
		m, _ = metadataOf("", "", words[2], words[3:])
	default:
		return m, false
	}
	if name := words[1]; validName(name) {
		m.Name = name
	}
	return m, true
}

// validName reports whether all components of a PCP name are valid.
func validName(name string) bool {
	for c := range strings.SplitSeq(name, ".") {
		if !naming.ValidComponent(c) {
			return false
		}
	}
	return true
}

// unitNames are the names of units that PCP's pmParseUnitsStr knows, in lower case, with
// the names that archives have.
var unitNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for name, others := range map[string]string{
		"byte": "byte bytes", "nanosec": "ns nanosec nanosecond nanoseconds", "microsec": "us microsec microsecond microseconds",
		"millisec": "ms millisec millisecond milliseconds", "sec": "s sec second seconds", "min": "min minute minutes",
		"hour": "h hr hour hours", "count": "count counts",
	} {
		for other := range strings.FieldsSeq(others) {
			names[other] = name
		}
	}
	for prefix, words := range map[string]string{
		"K": "kilo kibi", "M": "mega mebi", "G": "giga gibi", "T": "tera tebi", "P": "peta pebi", "E": "exa exbi",
	} {
		short := strings.ToLower(prefix)
		name := prefix + "byte"
		for _, other := range []string{short + "b", short + "ib", short + "byte", short + "bytes"} {
			names[other] = name
		}
		for word := range strings.FieldsSeq(words) {
			names[word+"byte"], names[word+"bytes"] = name, name
		}
	}
	return names
})

// parseUnits reads units as pmParseUnitsStr does: "seconds", "KB/s", "count / 5 min". Numbers
// before a unit have no effect, as in the agent.
func parseUnits(words []string) (pcp.Units, error) {
	text := strings.Join(words, " ")
	if text == "" || text == "none" {
		return pcp.Units{}, nil
	}
	if u, err := pcp.ParseUnits(text); err == nil {
		return u, nil
	}
	var above, below []string
	to := &above
	for word := range strings.FieldsSeq(strings.ReplaceAll(text, "/", " / ")) {
		if word == "/" {
			to = &below
			continue
		}
		if scale := len(*to) > 0 && (*to)[len(*to)-1] == "x"; !scale { // not the 10 of "count x 10^6"
			word = strings.TrimLeft(word, "0123456789.")
		}
		if word == "" {
			continue
		}
		name, power, raised := strings.Cut(word, "^")
		if known, ok := unitNames()[strings.ToLower(name)]; ok {
			word = known
		}
		switch {
		case raised && power == "-1":
			below = append(below, word)
			continue
		case raised && name != "10":
			word += "^" + power
		}
		*to = append(*to, word)
	}
	plain := strings.Join(above, " ")
	if len(below) > 0 {
		plain += " / " + strings.Join(below, " ")
	}
	u, err := pcp.ParseUnits(plain)
	if err != nil {
		return u, fmt.Errorf("unknown units %q", text)
	}
	return u, nil
}
