package meta_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// body strips the length words and the type from a vector.
func body(t *testing.T, vector string) []byte {
	b := archtest.VectorBytes(t, vector)
	return b[8 : len(b)-4]
}

const when = 0x6553f100 // stamp of the vectors, give or take a few seconds

func TestVectors(t *testing.T) {
	set, err := labelset.Parse(`{"a":1}`, labelset.Context)
	require.NoError(t, err)
	domain := pcp.NewInDomID(245, 1)
	desc := &meta.Desc{
		PMID: pcp.NewPMID(245, 0, 2), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter,
		Units: pcp.Units{DimCount: 1}, Names: []string{"x.two"},
	}
	indom := &meta.InDom{
		Stamp: pcp.Timestamp{Sec: when + 1}, ID: domain,
		Instances: []meta.Instance{{ID: 2, Name: "b b"}, {ID: 1, Name: "a"}},
	}
	delta := &meta.InDomDelta{
		Stamp: pcp.Timestamp{Sec: when + 2}, ID: domain,
		Changes: []meta.Change{{Instance: meta.Instance{ID: 1}, Remove: true}, {Instance: meta.Instance{ID: 3, Name: "c"}}},
	}
	labels := &meta.Labels{
		Stamp: pcp.Timestamp{Sec: when}, Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}
	text := &meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(pcp.NewPMID(245, 0, 1)), Text: "hi"}

	for _, tt := range []struct {
		name, vector string
		decode       func(b []byte) (any, error)
		want         any
		encoded      []byte
		open         int // length of the last text, which may lack its terminator
	}{
		{"desc", "both/desc", func(b []byte) (any, error) { return meta.DecodeDesc(b) }, desc, desc.AppendBinary(nil), 0},
		{"text", "both/text", func(b []byte) (any, error) { return meta.DecodeText(b) }, text, text.AppendBinary(nil), 3},
		{"v3 full indom", "v3/indom", func(b []byte) (any, error) { return meta.DecodeInDom(b, pcp.V3) }, indom, indom.AppendBinary(nil, pcp.V3), 2},
		{"v2 full indom", "v2/indom", func(b []byte) (any, error) { return meta.DecodeInDom(b, pcp.V2) }, indom, indom.AppendBinary(nil, pcp.V2), 2},
		{"v3 delta", "v3/delta", func(b []byte) (any, error) { return meta.DecodeInDomDelta(b, pcp.V3) }, delta, delta.AppendBinary(nil, pcp.V3), 2},
		{"v3 label", "v3/labels", func(b []byte) (any, error) { return meta.DecodeLabels(b, pcp.V3) }, labels, labels.AppendBinary(nil, pcp.V3), 0},
		{"v2 label", "v2/labels", func(b []byte) (any, error) { return meta.DecodeLabels(b, pcp.V2) }, labels, labels.AppendBinary(nil, pcp.V2), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := body(t, tt.vector)
			got, err := tt.decode(raw)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, raw, tt.encoded)
			for n := range len(raw) - tt.open {
				_, err := tt.decode(raw[:n])
				assert.ErrorAs(t, err, new(*pcp.FormatError), "cut to %d bytes", n)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	assert.Equal(t, pcp.KindDesc, (&meta.Desc{}).Kind())
	assert.Equal(t, pcp.KindInDom, (&meta.InDom{}).Kind())
	assert.Equal(t, pcp.KindInDomDelta, (&meta.InDomDelta{}).Kind())
	assert.Equal(t, pcp.KindLabels, (&meta.Labels{}).Kind())
	assert.Equal(t, pcp.KindText, (&meta.Text{}).Kind())
}

func TestLateStamps(t *testing.T) {
	for _, stamp := range []pcp.Timestamp{{Sec: 1<<32 + 17e8, Nsec: 1}, {Sec: -3, Nsec: 999999999}} {
		in := &meta.InDom{Stamp: stamp, ID: 1, Instances: []meta.Instance{{ID: 1, Name: "a"}}}
		got, err := meta.DecodeInDom(in.AppendBinary(nil, pcp.V3), pcp.V3)
		require.NoError(t, err)
		assert.Equal(t, in, got)
	}
}

func TestUnorderedAndOddButLegal(t *testing.T) {
	nameless, err := meta.DecodeDesc(archtest.Bytes(t, `00000001 ffffffff ffffffff 00000000 00000000 00000000`))
	require.NoError(t, err)
	assert.Empty(t, nameless.Name())
	assert.Equal(t, pcp.TypeNoSupport, nameless.Type)

	shared, err := meta.DecodeInDom(archtest.Bytes(t, `00000000 00000000 00000007 00000002 00000001 00000002 00000000 00000000 "ab"`), pcp.V2)
	require.NoError(t, err)
	assert.Equal(t, []meta.Instance{{ID: 1, Name: "ab"}, {ID: 2, Name: "ab"}}, shared.Instances, "shared and unterminated names")

	unknown, err := meta.DecodeLabels(archtest.Bytes(t, `00000000 00000000 80000000 00000005 00000000`), pcp.V2)
	require.NoError(t, err)
	assert.Equal(t, labelset.Level(0x80000000), unknown.Level)
	assert.Equal(t, archtest.Bytes(t, `00000000 00000000 80000000 00000005 00000000`), unknown.AppendBinary(nil, pcp.V2))

	open, err := meta.DecodeText(archtest.Bytes(t, `0000000a 00000005 "no end"`))
	require.NoError(t, err)
	assert.Equal(t, "no end", open.Text)
	assert.Equal(t, "InDom help", open.Type.String())
	assert.Equal(t, "PMID oneline", (meta.TextPMID | meta.TextOneLine).String())

	for _, typ := range []string{`00000004`, `00000001`, `00000010`, `00000015`} { // no length, no subject, neither, one bit more
		raw := archtest.Bytes(t, typ+`00000000 "a\0"`)
		odd, err := meta.DecodeText(raw)
		require.NoError(t, err)
		assert.False(t, odd.Type.Valid())
		assert.Equal(t, fmt.Sprint("type ", uint32(odd.Type)), odd.Type.String())
		assert.Equal(t, raw, odd.AppendBinary(nil))
	}
}

// TestOverlappingNames checks that a record in which all instances share one
// long name costs no more than its length.
func TestOverlappingNames(t *testing.T) {
	const n = 4000
	in := &meta.InDom{ID: 7, Instances: []meta.Instance{{ID: 0, Name: strings.Repeat("x", n)}}}
	for id := range pcp.InstID(n - 1) {
		in.Instances = append(in.Instances, meta.Instance{ID: id + 1})
	}
	raw := in.AppendBinary(nil, pcp.V3)
	for i := range n { // all offsets point to the first name
		copy(raw[20+4*n+4*i:], []byte{0, 0, 0, 0})
	}
	_, err := meta.DecodeInDom(raw, pcp.V3)
	assert.ErrorIs(t, err, pcp.ErrRange)
	assert.ErrorContains(t, err, "indom record: names: they overlap")
}

func TestDecodeErrors(t *testing.T) {
	head := `00000000 00000000 00000007 ` // stamp of version 2, instance domain
	for _, tt := range []struct {
		name, hex, err string
		decode         func(b []byte) (any, error)
	}{
		{"desc: negative number of names", `00000001 00000000 00000000 00000000 00000000 ffffffff`,
			"offset 20: desc record: number of names: -1 exceeds record: value out of range", decodeDesc},
		{"desc: huge number of names", `00000001 00000000 00000000 00000000 00000000 7fffffff 00000000`,
			"offset 20: desc record: number of names: 2147483647 exceeds record: value out of range", decodeDesc},
		{"desc: long name", `00000001 00000000 00000000 00000000 00000000 00000001 00001000`,
			"offset 24: desc record: name length: 4096: value out of range", decodeDesc},
		{"desc: negative name length", `00000001 00000000 00000000 00000000 00000000 00000001 ffffffff`,
			"offset 28: desc record: record is too short", decodeDesc},
		{"desc: rest", `00000001 00000000 00000000 00000000 00000000 00000000 00`,
			"offset 24: desc record: 1 bytes after the last name: parts do not fill the record", decodeDesc},
		{"indom: huge count", head + `7fffffff`, "offset 12: indom record: instance count: 2147483647 exceeds record: value out of range", decodeInDom},
		{"indom: negative instance", head + `00000001 ffffffff 00000000 "a\0"`, "offset 16: indom record: instance: -1: value out of range", decodeInDom},
		{"indom: removal", head + `00000001 00000001 ffffffff "a\0"`, "offset 20: indom record: name offset: -1: value out of range", decodeInDom},
		{"indom: name beyond the pool", head + `00000001 00000001 00000003 "a\0"`, "offset 20: indom record: name offset: 3: value out of range", decodeInDom},
		{"labels: negative number of sets", head + `00000001 ffffffff`, "offset 16: labels record: number of sets: -1 exceeds record: value out of range", decodeLabels},
		{"labels: bad set", head + `00000001 00000001 ffffffff ffffffff 00000000`, "offset 24: labels record: JSON length: -1: value out of range", decodeLabels},
		{"text: no identifier", `00000005 0000`, "offset 4: text record: record is too short", decodeText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.decode(archtest.Bytes(t, tt.hex))
			assert.EqualError(t, err, tt.err)
		})
	}
}

func TestDecodeUnknownVersion(t *testing.T) {
	_, err := meta.DecodeInDom(nil, 1)
	assert.ErrorIs(t, err, pcp.ErrVersion)
	_, err = meta.DecodeInDomDelta(nil, 4)
	assert.ErrorIs(t, err, pcp.ErrVersion)
	_, err = meta.DecodeLabels(nil, 0)
	assert.ErrorIs(t, err, pcp.ErrVersion)
}

func decodeDesc(b []byte) (any, error)   { return meta.DecodeDesc(b) }
func decodeInDom(b []byte) (any, error)  { return meta.DecodeInDom(b, pcp.V2) }
func decodeLabels(b []byte) (any, error) { return meta.DecodeLabels(b, pcp.V2) }
func decodeText(b []byte) (any, error)   { return meta.DecodeText(b) }
