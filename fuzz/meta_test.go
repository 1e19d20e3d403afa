package fuzz

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// codec tests one kind of metadata record.
type codec struct {
	decode func(b []byte, v pcp.Version) (any, error)
	encode func(r any, v pcp.Version) []byte
	// exact reports whether the decoded part of a body must be written again
	// unchanged.
	exact   func(body []byte) bool
	stamped bool // the body begins with a stamp
}

func always([]byte) bool { return true }
func never([]byte) bool  { return false }

var codecs = []codec{
	{
		func(b []byte, _ pcp.Version) (any, error) { return meta.DecodeDesc(b) },
		func(r any, _ pcp.Version) []byte { return r.(*meta.Desc).AppendBinary(nil) }, always, false,
	},
	{ // names may share bytes or have gaps between them
		func(b []byte, v pcp.Version) (any, error) { return meta.DecodeInDom(b, v) },
		func(r any, v pcp.Version) []byte { return r.(*meta.InDom).AppendBinary(nil, v) }, never, true,
	},
	{
		func(b []byte, v pcp.Version) (any, error) { return meta.DecodeInDomDelta(b, v) },
		func(r any, v pcp.Version) []byte { return r.(*meta.InDomDelta).AppendBinary(nil, v) }, never, true,
	},
	{
		func(b []byte, v pcp.Version) (any, error) { return meta.DecodeLabels(b, v) },
		func(r any, v pcp.Version) []byte { return r.(*meta.Labels).AppendBinary(nil, v) }, always, true,
	},
	{
		func(b []byte, _ pcp.Version) (any, error) { return meta.DecodeText(b) },
		func(r any, _ pcp.Version) []byte { return r.(*meta.Text).AppendBinary(nil) },
		func(b []byte) bool { return len(b) > 8 && bytes.IndexByte(b[8:], 0) == len(b)-9 }, false,
	},
}

func FuzzMetaRecord(f *testing.F) {
	f.Fuzz(func(t *testing.T, kind uint8, v3 bool, body []byte) {
		c, v := codecs[int(kind)%len(codecs)], pcp.V2
		if v3 {
			v = pcp.V3
		}
		rec, err := c.decode(body, v)
		if err != nil {
			var fe *pcp.FormatError
			require.ErrorAs(t, err, &fe)
			require.True(t, fe.Offset >= 0 && fe.Offset <= int64(len(body)), "%v", err)
			return
		}
		if c.stamped && !v3 && wideFraction(body) {
			return
		}
		encoded := c.encode(rec, v)
		if c.exact(body) {
			require.Equal(t, body[:min(len(body), len(encoded))], encoded)
		}
		again, err := c.decode(encoded, v)
		require.NoError(t, err)
		require.Equal(t, rec, again)
		require.Equal(t, encoded, c.encode(again, v))
	})
}

// wideFraction reports whether a stamp of version 2 has more microseconds than
// a Timestamp can hold.
func wideFraction(body []byte) bool {
	us := int64(int32(binary.BigEndian.Uint32(body[4:])))
	return us*1000 != int64(int32(us*1000))
}
