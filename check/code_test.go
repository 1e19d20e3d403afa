package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// bare makes c an archive with a counter only.
func bare(c *crafted) {
	c.Meta(counter)
	c.Index(start, 0, c.Layout.HeaderSize, c.Layout.HeaderSize)
	for i := range 4 {
		c.Value(at(i), counter.PMID, pcp.InstNull, uint32(i))
	}
}

func labels(level labelset.Level, ident uint32, sets ...labelset.Instance) *meta.Labels {
	return &meta.Labels{Stamp: start, Level: level, Ident: ident, Sets: sets}
}

func archiveSet(t *testing.T, inst pcp.InstID, level labelset.Level, text string) labelset.Instance {
	s, err := labelset.Parse(text, level)
	require.NoError(t, err)
	return labelset.Instance{Inst: inst, Set: s}
}

// rawLabels appends a record of context labels with one set as stored; entries
// are the words of its labels.
func rawLabels(c *crafted, json string, entries ...uint32) {
	b := wire.AppendU32(nil, uint32(c.Layout.Tags[pcp.KindLabels]))
	b = c.Layout.AppendStamp(b, start)
	for _, w := range []uint32{1, 0xffffffff, 1, 0xffffffff, uint32(len(json))} {
		b = wire.AppendU32(b, w)
	}
	b = wire.AppendU32(append(b, json...), uint32(len(entries)/2))
	for _, w := range entries {
		b = wire.AppendU32(b, w)
	}
	c.Frame(".meta", b)
}

func changed(d *meta.Desc, change func(*meta.Desc)) *meta.Desc {
	e := *d
	change(&e)
	return &e
}

// TestCodes checks archives with one mistake each.
func TestCodes(t *testing.T) {
	severities := map[finding.Code]finding.Severity{}
	for _, c := range check.Codes() {
		severities[c.Code] = c.Severity
	}
	for _, tt := range codeCases {
		t.Run(tt.name, func(t *testing.T) {
			c := craft(t, pcp.V3)
			tt.make(t, c)
			found := findings(c, nil)
			want := slices.Sorted(slices.Values(tt.codes))
			assert.Equal(t, want, codes(found), "%v", found)
			for _, f := range found {
				assert.Equal(t, severities[f.Code], f.Severity)
				assert.Equal(t, c.Base, f.Archive)
				assert.True(t, strings.HasPrefix(f.File, c.Base), f.File)
				assert.NotContains(t, f.Message, "%!")
			}
		})
	}
}

// otherwhere are codes that have a test of their own.
var otherwhere = []finding.Code{check.CoverageSeries, check.SetConflict, check.SetName, check.SetRenamed, check.SetOverlap, check.SetSame}

// TestEveryCodeHasACase points at a code that was added without one.
func TestEveryCodeHasACase(t *testing.T) {
	covered := map[finding.Code]bool{}
	for _, code := range otherwhere {
		covered[code] = true
	}
	for _, tt := range codeCases {
		if len(tt.codes) > 0 {
			for _, code := range tt.codes[:1] {
				covered[code] = true
			}
		}
		if tt.name == "format and type" {
			covered[check.ValueType] = true
		}
	}
	for _, info := range check.Codes() {
		assert.True(t, covered[info.Code], "no case for %s", info.Code)
	}
}

// TestDocumentation holds the table of codes in the package documentation
// against the codes.
func TestDocumentation(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	lines := strings.Split(string(doc), "\n")
	seen := map[finding.Code]bool{}
	for _, info := range check.Codes() {
		assert.False(t, seen[info.Code], "%s is in the table twice", info.Code)
		seen[info.Code] = true
		assert.Regexp(t, `^[a-z]+(-[a-z]+)+$`, string(info.Code))
		i := slices.IndexFunc(lines, func(l string) bool {
			f := strings.Fields(l)
			return len(f) > 2 && f[0] == "//" && f[1] == string(info.Code)
		})
		if assert.GreaterOrEqual(t, i, 0, "%s is not documented", info.Code) {
			assert.Equal(t, strings.Fields("// "+string(info.Code)+" "+info.Severity.String()+" "+info.Meaning), strings.Fields(lines[i]))
		}
	}
}

func TestSampleIsClean(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		assert.Empty(t, codes(slices.Collect(check.Archive(t.Context(), archtest.Sample(t, v), &check.Options{Min: finding.Warning}))))
	})
}

func TestManySeries(t *testing.T) {
	c := craft(t, pcp.V3)
	good(c)
	assert.Equal(t, []finding.Code{check.CoverageSeries}, codes(findings(c, &check.Options{MaxSeries: 1})))
}

func TestLimit(t *testing.T) {
	c := craft(t, pcp.V3)
	good(c)
	for range 10 {
		c.Value(at(3), text.PMID+1, -1, 9)
		c.Data(at(3), 0, 0)
	}
	found := findings(c, &check.Options{Limit: 3})
	broken := slices.DeleteFunc(found, func(f finding.Finding) bool { return f.Code != check.DataRecord })
	require.Len(t, broken, 4)
	assert.Equal(t, 7, broken[3].Omitted)
	assert.Equal(t, c.Base+": error: data-record: and 7 more", broken[3].String())
}

// TestStop checks that a consumer may stop at any finding.
func TestStop(t *testing.T) {
	c := craft(t, pcp.V3)
	good(c)
	c.Put(".0", 4, 0)
	c.Put(".0", c.Layout.HeaderSize, 0)
	c.Meta(text, indom(at(1)))
	all := findings(c, nil)
	for n := range all {
		i := 0
		for f := range check.Archive(t.Context(), c.Base, nil) {
			assert.Equal(t, all[i], f)
			if i++; i > n {
				break
			}
		}
	}
}

func TestNoArchive(t *testing.T) {
	assert.Equal(t, []finding.Code{check.FileMissing, check.IndexMissing}, codes(slices.Collect(check.Archive(t.Context(), filepath.Join(t.TempDir(), "x"), nil))))
}
