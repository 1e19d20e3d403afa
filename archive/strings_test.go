package archive_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestOddStrings reads strings without a NUL and empty blocks.
func TestOddStrings(t *testing.T) {
	for want, block := range map[string]string{"abc": `06000007 "abc" 7e`, "": `06000004`, "a": `06000008 "a" 00 "bc"`} {
		res, err := archive.DecodeData(archtest.Bytes(t, `00000001 00000000 00000001 3d400002 00000001 00000001 ffffffff 0000000b`+block), pcp.V2)
		require.NoError(t, err)
		assert.Equal(t, want, res.Sets[0].Values[0].Text())
	}
}

// TestFeatures checks that unknown feature bits do not stop a reader.
func TestFeatures(t *testing.T) {
	c := archtest.Craft(t, pcp.V3)
	c.Meta(one)
	c.Index(sec(0), 0, c.Layout.HeaderSize, c.Layout.HeaderSize)
	c.Value(sec(0), one.PMID, -1, 7)
	for _, suffix := range []string{".meta", ".index", ".0"} {
		c.Put(suffix, 28, 0x80000005)
	}
	c.Write()
	assert.Equal(t, "0 one=7", said(t, c.Base))
	r, err := archive.Open(c.Base, nil)
	require.NoError(t, err)
	assert.Equal(t, uint32(0x80000005), r.Header().Features)
}

// TestLabelStrings checks that a string may fill its field and that the last
// byte does not count.
func TestLabelStrings(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		c := archtest.Craft(t, v)
		c.Meta(one)
		c.Value(sec(0), one.PMID, -1, 7)
		c.Missing = []string{".index"}
		host := strings.Repeat("h", c.Layout.HostSize)
		at := 16 + c.Layout.StampSize
		if c.Layout.Features {
			at += 8
		}
		for _, suffix := range []string{".meta", ".0"} {
			copy(c.Files[suffix][at:], host)
		}
		c.Write()
		r, err := archive.Open(c.Base, nil)
		require.NoError(t, err)
		assert.Equal(t, host[1:], r.Header().Host)
		assert.Equal(t, "UTC", r.Header().Zone)
		assert.Contains(t, oracle.Run(t, "pmdumplog", "-l", c.Base), "host "+host[1:]+"\n")
	})
}

// TestLabelsOfTimeZero reads label records of time 0, which are in force from
// the beginning. PCP's library writes them when it appends.
func TestLabelsOfTimeZero(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		c := archtest.Craft(t, v)
		set, err := labelset.Parse(`{"a":1}`, labelset.Context)
		require.NoError(t, err)
		c.Meta(one, &meta.Labels{Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}})
		c.Index(sec(0), 0, c.Layout.HeaderSize, c.Layout.HeaderSize)
		c.Value(sec(0), one.PMID, -1, 7)
		c.Write()
		r, err := archive.Open(c.Base, nil)
		require.NoError(t, err)
		for step, err := range r.Steps(history.Query{}) {
			require.NoError(t, err)
			assert.Equal(t, `{"a":1}`, step.Metrics[0].Metric.Labels[0].JSON())
		}
	})
}
