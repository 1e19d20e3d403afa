package pmseries

import (
	"crypto/sha1" //nolint:gosec // PCP's pmseries identifies series by SHA-1
	"encoding/hex"
	"strings"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// ID identifies a source, a metric of a source, an instance or an expression: the SHA-1 sum
// of a JSON text with its name and identifying labels, as PCP's tools compute it. Archives
// and the live host yield the same IDs.
type ID [sha1.Size]byte

// String returns the 40 hexadecimal digits that PCP's tools show.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID parses 40 hexadecimal digits.
func ParseID(text string) (id ID, ok bool) {
	if len(text) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(text))
	return id, err == nil
}

// SourceID returns the ID of a source by the labels of its context.
func SourceID(context labelset.Set) ID {
	return sum(`{"series":"source","labels":`, identifying(context), `}`)
}

// MetricID returns the ID of a metric under one of its names. The labels are those of all
// levels above the instance, merged.
func MetricID(name string, d *meta.Desc, labels labelset.Set) ID {
	return sum(`{"series":"metric","name":"`, name, `","labels":`, identifying(labels),
		`,"semantics":"`, semanticsName(d.Sem), `","type":"`, typeName(d.Type), `","units":"`, d.Units.String(), `"}`)
}

// InstanceID returns the ID of an instance. The labels are those of the context, the domain,
// the instance domain and the instance, merged.
func InstanceID(name string, labels labelset.Set) ID {
	return sum(`{"series":"instance","name":"`, name, `","labels":`, identifying(labels), `}`)
}

// expressionID returns the ID of the result of an expression in its canonical form.
func expressionID(canonical string) ID {
	return sum(`{"series":"expr","expr":"`, canonical, `"}`)
}

// sum returns the SHA-1 sum of texts.
func sum(texts ...string) ID {
	return sha1.Sum([]byte(strings.Join(texts, ""))) //nolint:gosec // see ID
}

// identifying returns the JSON text of the labels that are not optional, "null" if there is
// none.
func identifying(labels labelset.Set) string {
	optional, kept := 0, 0
	for l := range labels.All() {
		if l.Flags&labelset.Optional != 0 {
			optional++
		} else {
			kept++
		}
	}
	switch {
	case kept == 0:
		return "null"
	case optional == 0:
		return labels.JSON()
	}
	var b strings.Builder
	for l := range labels.All() {
		if l.Flags&labelset.Optional != 0 {
			continue
		}
		if b.Len() == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(`"` + l.Name + `":` + l.Value)
	}
	b.WriteByte('}')
	return b.String()
}

// typeNames are the names of types in IDs.
var typeNames = [...]string{
	"32", "U32", "64", "U64", "FLOAT", "DOUBLE", "STRING", "AGGREGATE", "AGGREGATE_STATIC", "EVENT", "HIGHRES_EVENT",
}

// typeName returns the name of a type in IDs.
func typeName(t pcp.Type) string {
	switch {
	case t >= 0 && int(t) < len(typeNames):
		return typeNames[t]
	case t == pcp.TypeNoSupport:
		return "NO_SUPPORT"
	}
	return "UNKNOWN"
}

// semanticsName returns the name of semantics in IDs.
func semanticsName(s pcp.Semantics) string {
	switch s {
	case pcp.SemCounter, pcp.SemInstant, pcp.SemDiscrete:
		return s.String()
	}
	return "???"
}
