package archive

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// describedArchive writes an archive with metrics in the given order.
func describedArchive(t *testing.T, base string, names ...string) {
	t.Helper()
	a, err := Create(base, Header{Host: "web1", Zone: "UTC"}, nil)
	require.NoError(t, err)
	for _, name := range names {
		id := pcp.NewPMID(60, 0, uint32(name[0]))
		require.NoError(t, a.Define(&meta.Desc{PMID: id, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{name}}))
		require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(id), Text: "about " + name}))
		require.NoError(t, a.Append(&Result{Stamp: pcp.Timestamp{Sec: 100}, Sets: []ValueSet{{
			PMID: id, Values: []history.Value{history.WordValue(pcp.InstNull, 1)},
		}}}))
	}
	require.NoError(t, a.Close())
}

// TestDescriptionsAreShared checks that archives with the same descriptors and texts, in any
// order, share them, and that others and damaged ones do not.
func TestDescriptionsAreShared(t *testing.T) {
	dir := t.TempDir()
	opts := (*ReadOptions)(nil).Shared()
	read := func(name string, metrics ...string) *Reader {
		t.Helper()
		base := filepath.Join(dir, name)
		if len(metrics) > 0 {
			describedArchive(t, base, metrics...)
		}
		r, err := Open(base, opts)
		require.NoError(t, err)
		own, err := Open(base, nil)
		require.NoError(t, err)
		assert.Equal(t, own.Meta().Counts(), r.Meta().Counts())
		assert.Equal(t, slices.Collect(own.Meta().Metrics()), slices.Collect(r.Meta().Metrics()))
		for d := range own.Meta().Metrics() {
			assert.Equal(t, own.Meta().Help(d.PMID), r.Meta().Help(d.PMID))
		}
		assert.Equal(t, own.MetadataSize(), r.MetadataSize())
		return r
	}
	first := read("a", "x.one", "y.two")
	assert.Same(t, first.Meta().Descriptions(), read("b", "y.two", "x.one").Meta().Descriptions())
	assert.Positive(t, first.DescriptionSize())
	assert.NotSame(t, first.Meta().Descriptions(), read("c", "x.one", "y.two", "z.three").Meta().Descriptions())

	path := filepath.Join(dir, "a.meta")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)-1] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o644))
	broken := read("a")
	assert.NotSame(t, first.Meta().Descriptions(), broken.Meta().Descriptions())
	assert.Len(t, broken.Warnings(), 1)
	assert.Zero(t, broken.DescriptionSize())
}

// TestQueryPMIDs checks that a query that names its metrics yields the steps of one that does
// not, for every metric of the corpus' archives and of a damaged record.
func TestQueryPMIDs(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "a")
	describedArchive(t, base, "x.one", "y.two", "z.three")
	bases := append(corpusBases(t), base)
	for _, base := range bases {
		r, err := Open(base, nil)
		if err != nil {
			continue
		}
		n := 0
		for d := range r.Meta().Metrics() {
			if n++; n > 5 {
				break
			}
			q := history.Query{All: true, Metrics: func(e *meta.Desc) bool { return e == d }}
			want := stepLines(r, q)
			q.PMIDs = []pcp.PMID{d.PMID, pcp.NewPMID(511, 1, 1)}
			assert.Equal(t, want, stepLines(r, q), "%s %s", base, d.Name())
		}
	}
}

func corpusBases(t *testing.T) (bases []string) {
	t.Helper()
	for _, folder := range []string{"archives", "badarchives"} {
		found, err := ArchivesIn(filepath.Join("..", "..", "shared", "corpus", folder), nil)
		if err != nil {
			continue // the corpus is not here
		}
		for i := 0; i < len(found); i += 7 {
			bases = append(bases, found[i])
		}
	}
	return bases
}

func stepLines(r *Reader, q history.Query) (lines []string) {
	n := 0
	for step, err := range r.Steps(q) {
		if err != nil {
			return append(lines, err.Error())
		}
		if n++; n > 200 {
			break
		}
		line := step.Stamp.String() + " " + strconv.FormatBool(step.Mark)
		for _, mv := range step.Metrics {
			line += " " + mv.Metric.Name + strconv.Itoa(len(mv.Points))
		}
		lines = append(lines, line)
	}
	return lines
}

// TestIDFilter checks that records that a decoder rejects are left to the decoder.
func TestIDFilter(t *testing.T) {
	word := func(all ...uint32) (b []byte) {
		for _, w := range all {
			b = binary.BigEndian.AppendUint32(b, w)
		}
		return b
	}
	l, _ := wire.For(pcp.V3)
	stamp := make([]byte, l.StampSize)
	f := newIDFilter([]pcp.PMID{7, 5, 900})
	for name, tt := range map[string]struct {
		payload []byte
		want    bool
	}{
		"another metric":      {word(1, 8, 1, 0, 0, 42), true},
		"a metric":            {word(2, 8, 1, 0, 0, 42, 5, 1, 0, 0, 42), false},
		"mark":                {word(0), false},
		"an error alone":      {word(1, 8, 0xffffffff), false},
		"an error and values": {word(2, 8, 0xffffffff, 9, 1, 0, 0, 42), true},
		"too many values":     {word(1, 8, 0x7fffffff, 0, 0, 42), false},
		"another format":      {word(1, 8, 1, 3, 0, 42), false},
		"too many sets":       {word(3, 8, 1, 0, 0, 42), false},
		"too short":           {nil, false},
	} {
		assert.Equal(t, tt.want, f.lacks(append(slices.Clone(stamp), tt.payload...), l.StampSize), name)
	}
	assert.Nil(t, newIDFilter(nil))
}
