package archtest

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Crafted is an archive built record by record in memory, so that a test can
// make it wrong in one place. Write writes it to disk.
type Crafted struct {
	Base    string
	Layout  *wire.Layout
	Files   map[string][]byte // contents by suffix
	Missing []string          // suffixes of files that Write omits

	t testing.TB
}

// Craft returns an archive that contains only the labels of the sample.
func Craft(t testing.TB, v pcp.Version) *Crafted {
	t.Helper()
	layout, ok := wire.For(v)
	require.True(t, ok)
	m, i, d := Members(t, Sample(t, v))
	label := func(b []byte) []byte { return slices.Clone(b[:layout.HeaderSize]) }
	return &Crafted{
		t: t, Base: filepath.Join(t.TempDir(), "craft"), Layout: layout,
		Files: map[string][]byte{".meta": label(m), ".index": label(i), ".0": label(d)},
	}
}

// Put overwrites a word of a file.
func (c *Crafted) Put(suffix string, offset int, word uint32) {
	binary.BigEndian.PutUint32(c.Files[suffix][offset:], word)
}

// Frame appends a framed record to a file.
func (c *Crafted) Frame(suffix string, payload []byte) {
	b, at := wire.BeginFrame(c.Files[suffix])
	c.Files[suffix] = wire.EndFrame(append(b, payload...), at)
}

// Meta appends metadata records.
func (c *Crafted) Meta(records ...archive.Record) {
	for _, r := range records {
		b := wire.AppendU32(nil, uint32(c.Layout.Tags[r.Kind()]))
		switch r := r.(type) {
		case *meta.Desc:
			b = r.AppendBinary(b)
		case *meta.InDom:
			b = r.AppendBinary(b, c.Layout.Version)
		case *meta.InDomDelta:
			b = r.AppendBinary(b, c.Layout.Version)
		case *meta.Labels:
			b = r.AppendBinary(b, c.Layout.Version)
		case *meta.Text:
			b = r.AppendBinary(b)
		}
		c.Frame(".meta", b)
	}
}

// Data appends a data record. words are all words after its time.
func (c *Crafted) Data(t pcp.Timestamp, words ...uint32) {
	b := c.Layout.AppendStamp(nil, t)
	for _, w := range words {
		b = wire.AppendU32(b, w)
	}
	c.Frame(".0", b)
}

// Value appends a data record with one in-situ value of one metric.
func (c *Crafted) Value(t pcp.Timestamp, id pcp.PMID, inst pcp.InstID, v uint32) {
	c.Data(t, 1, uint32(id), 1, 0, uint32(inst), v)
}

// Word returns the block reference of a value set to word n, counted from 1,
// after a data record's time.
func (c *Crafted) Word(n uint32) uint32 { return 3 + uint32(c.Layout.StampSize)/4 + n - 1 }

// Index appends an index entry.
func (c *Crafted) Index(t pcp.Timestamp, volume int32, metaOffset, dataOffset int) {
	b := c.Layout.AppendStamp(c.Files[".index"], t)
	b = wire.AppendU32(b, uint32(volume))
	b = c.Layout.AppendOffset(b, int64(metaOffset))
	c.Files[".index"] = c.Layout.AppendOffset(b, int64(dataOffset))
}

// Write writes the files.
func (c *Crafted) Write() {
	for suffix, b := range c.Files {
		if !slices.Contains(c.Missing, suffix) {
			require.NoError(c.t, os.WriteFile(c.Base+suffix, b, 0o644))
		}
	}
}
