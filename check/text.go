package check

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// textState is the last help text of a type and identifier.
type textState struct {
	off  int64
	text string
}

// text checks a help text.
func (c *checker) text(p place, t *meta.Text, payload []byte) {
	if payload[len(payload)-1] != 0 {
		c.at(p, TextEnd, "%s text of %s does not end with a NUL", t.Type, textSubject(t.Type, t.Ident))
	}
	if t.Type&meta.TextPMID != 0 && t.Type&meta.TextInDom != 0 || t.Type&meta.TextOneLine != 0 && t.Type&meta.TextHelp != 0 {
		c.at(p, TextIdent, "help text of type %d: no client asks for this type", t.Type)
	}
	key := textKey{t.Type, t.Ident}
	if old, ok := c.texts[key]; ok && old.text != t.Text {
		c.at(p, TextChange, "%s text of %s differs from the one at offset %d, which it replaces", t.Type, textSubject(t.Type, t.Ident), old.off)
	}
	c.texts[key] = textState{p.off, t.Text}
	c.store.AddText(t)
}

func textSubject(t meta.TextType, ident uint32) string {
	if t&meta.TextInDom != 0 {
		return "instance domain " + pcp.InDomID(ident).String()
	}
	return "metric " + pcp.PMID(ident).String()
}

// endTexts reports help texts whose metric or instance domain is not in the archive.
func (c *checker) endTexts() {
	indoms := c.knownInDoms()
	keys := slices.SortedFunc(maps.Keys(c.texts), func(a, b textKey) int {
		return cmp.Compare(c.texts[a].off, c.texts[b].off)
	})
	for _, k := range keys {
		known := indoms[pcp.InDomID(k.ident)]
		if k.typ&meta.TextInDom == 0 {
			_, known = c.descs[pcp.PMID(k.ident)]
		}
		if !known {
			c.add(TextIdent, c.metaFile.Path, c.texts[k].off, "%s text of %s, which the archive does not have", k.typ, textSubject(k.typ, k.ident))
		}
	}
}

// knownInDoms returns the instance domains that have a record or a metric.
func (c *checker) knownInDoms() map[pcp.InDomID]bool {
	known := map[pcp.InDomID]bool{}
	for id := range c.indoms {
		known[id] = true
	}
	for d := range c.store.Metrics() {
		known[d.InDom] = true
	}
	return known
}
