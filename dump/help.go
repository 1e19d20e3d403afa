package dump

import (
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// helpText prints the help of all metrics, then the help of all instance domains.
func (d *dumper) helpText() error {
	d.title("Metric Help Text in the Log ...")
	texts := map[meta.TextType]map[uint32]string{}
	for _, in := range d.inputs {
		addTexts(texts, in.r)
	}
	d.printTexts(texts[meta.TextPMID|meta.TextOneLine], texts[meta.TextPMID|meta.TextHelp],
		func(ident uint32) string { return "PMID: " + pcp.PMID(ident).String() })
	d.printTexts(texts[meta.TextInDom|meta.TextOneLine], texts[meta.TextInDom|meta.TextHelp],
		func(ident uint32) string { return "InDom: " + pcp.InDomID(ident).String() })
	return nil
}

// addTexts adds the texts of an archive. A later text replaces an earlier one.
func addTexts(texts map[meta.TextType]map[uint32]string, r *archive.Reader) {
	for rec, err := range r.Records(archive.RoleMeta) {
		if err != nil {
			continue // loadMetadata reported it
		}
		if t, ok := rec.Record.(*meta.Text); ok {
			if texts[t.Type] == nil {
				texts[t.Type] = map[uint32]string{}
			}
			texts[t.Type][t.Ident] = t.Text
		}
	}
}

// printTexts prints one-line and long help by ascending identifier. subject names the
// metric or instance domain of an identifier.
func (d *dumper) printTexts(oneLine, help map[uint32]string, subject func(uint32) string) {
	idents := slices.AppendSeq(slices.Collect(maps.Keys(oneLine)), maps.Keys(help))
	slices.Sort(idents)
	for _, ident := range slices.Compact(idents) {
		if text, ok := oneLine[ident]; ok {
			d.buf = append(append(append(append(d.buf, subject(ident)...), " ["...), text...), "]\n"...)
		}
		if text, ok := help[ident]; ok {
			d.buf = append(append(append(append(d.buf, subject(ident)...), '\n'), text...), '\n')
		}
		d.spill()
	}
}
