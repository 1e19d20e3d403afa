package expo

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// TestTypeNote cuts what helpText adds, and nothing else.
func TestTypeNote(t *testing.T) {
	for _, help := range []string{"", "help", "two\nlines", "ends\n", "\n", "# TYPE x counter", "a\n# TYPE x counter", "a\n# TYPE x nonsense"} {
		for _, name := range []string{"x", "a.b", "quote\" back\\slash", "line\nfeed", "blank s", "é"} {
			for _, typ := range []string{prom.TypeCounter, prom.TypeHistogram, prom.TypeUnknown} {
				family := prom.Family{Name: name, Type: typ, Help: help}
				sample := Sample{Name: name}
				p := &part{familyKey: familyKey{"other", prom.TypeUnknown}, help: help, samples: []placedSample{{Sample: &sample, family: &family, role: plain}}}
				got := UnnotedFamily(prom.Family{Name: p.family, Type: p.typ, Help: p.helpText()})
				if typ == prom.TypeUnknown {
					family.Name = p.family // nothing is to be told of it
				}
				assert.Equal(t, family, got)
			}
		}
	}
	for _, help := range []string{"# TYPE x", "# TYPE  counter", "# TYPE x counter ", "# TYPE x  counter", " # TYPE x counter", "# TYPE a.b counter", "# TYPE x Counter", "# TYPE \"x\" counter"} {
		f := prom.Family{Name: "f", Type: prom.TypeGauge, Help: help}
		assert.Equal(t, f, UnnotedFamily(f))
	}
}

// TestNoteEscapesHelp keeps a help text that looks like a note.
func TestNoteEscapesHelp(t *testing.T) {
	page := "# HELP g it\\n# TYPE x counter\\n# TYPE g gauge\n# TYPE g gauge\ng 1\n"
	entries := parse(t, page, "")
	assert.Equal(t, "it\n# TYPE x counter", entries[0].Family.Help)
	assert.Equal(t, prom.TypeGauge, entries[0].Family.Type)
	assert.Equal(t, page, pageOf(t, group(entries), Options{}))
}

// TestBoundsStay writes bounds that parsers rewrite as they are.
func TestBoundsStay(t *testing.T) {
	for _, le := range []string{"1", "1e0", "01.0", "1.0", "+Inf", "Inf", "0x1p3"} {
		f := Family{Family: prom.Family{Name: "h", Type: prom.TypeHistogram, Help: "Time."}, Samples: []Sample{
			{Name: "h_bucket", Labels: []prom.Label{{Name: "le", Value: le}}, Value: 1},
			{Name: "h_sum", Value: 2}, {Name: "h_count", Value: 3},
		}}
		for _, format := range []Format{Text, OpenMetrics} {
			got := parse(t, pageOf(t, []Family{f}, Options{Format: format}), format.ContentType())
			assert.Empty(t, difference(entriesOf([]Family{f}), got), "le=%s as %s", le, format)
		}
	}
}
