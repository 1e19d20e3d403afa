package check_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// later makes c start so many seconds later, with one metric that counts.
func later(c *crafted, sec int, d *meta.Desc) {
	for _, suffix := range []string{".meta", ".index", ".0"} {
		copy(c.Files[suffix][12:], c.Layout.AppendStamp(nil, at(sec)))
	}
	c.Meta(d)
	c.Index(at(sec), 0, c.Layout.HeaderSize, c.Layout.HeaderSize)
	for i := range 4 {
		c.Value(at(sec+i), d.PMID, pcp.InstNull, uint32(i))
	}
}

// TestSets checks two archives of one host against each other.
func TestSets(t *testing.T) {
	other := changed(counter, func(d *meta.Desc) { d.PMID++ })
	for _, tt := range []struct {
		name  string
		sec   int
		desc  *meta.Desc
		host  string
		codes []finding.Code
	}{
		{"one after the other", 10, counter, "", nil},
		{"units change", 10, changed(counter, func(d *meta.Desc) { d.Units.DimCount = 1 }), "", []finding.Code{check.SetConflict}},
		{"name moves", 10, other, "", []finding.Code{check.SetName}},
		{"renamed", 10, changed(counter, func(d *meta.Desc) { d.Names = []string{"other.name"} }), "", []finding.Code{check.SetRenamed}},
		{"a second name", 10, changed(counter, func(d *meta.Desc) { d.Names = append(slices.Clone(d.Names), "other.name") }), "", []finding.Code{check.SetRenamed}},
		{"overlap", 2, counter, "", []finding.Code{check.SetOverlap}},
		{"same start", 0, counter, "", []finding.Code{check.SetSame}},
		{"another host", 0, other, "elsewhere", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := craft(t, pcp.V3), craft(t, pcp.V3)
			later(a, 0, counter)
			later(b, tt.sec, tt.desc)
			if tt.host != "" {
				for _, suffix := range []string{".meta", ".index", ".0"} {
					copy(b.Files[suffix][36:], wire.AppendCString(nil, tt.host, 64))
				}
			}
			a.Write()
			b.Write()
			assert.Equal(t, tt.codes, codes(slices.Collect(check.Archives(t.Context(), []string{a.Base, b.Base}, nil))))
		})
	}
}
