package archive_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// payload strips the length words from a vector.
func payload(t testing.TB, vector string) []byte {
	b := archtest.VectorBytes(t, vector)
	return b[4 : len(b)-4]
}

func TestDataVectors(t *testing.T) {
	id := func(item uint32) pcp.PMID { return pcp.NewPMID(245, 0, item) }
	word := archive.ValueSet{PMID: id(1), Values: []history.Value{history.WordValue(pcp.InstNull, 14)}}
	for _, tt := range []struct {
		name, vector string
		version      pcp.Version
		stamp        pcp.Timestamp
		sets         []archive.ValueSet
	}{
		{"v3 result", "v3/result", pcp.V3, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []archive.ValueSet{
			word,
			{PMID: id(2), Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, 200)}},
			{PMID: id(3), Format: archive.Block, Values: []history.Value{history.StringValue(1, "hello2"), history.StringValue(2, "x")}},
		}},
		{"v2 result", "v2/result", pcp.V2, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []archive.ValueSet{word}},
		{"v3 result, error then no values", "v3/result-error", pcp.V3, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []archive.ValueSet{
			{PMID: id(1), Err: pcp.ErrnoValue}, {PMID: id(2)},
		}},
		{"v2 event", "v2/events", pcp.V2, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []archive.ValueSet{
			{PMID: id(4), Format: archive.Static, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeEvent, Data: archtest.VectorBytes(t, "both/event-records")}}},
		}},
		{"v3 highres event", "v3/events-highres", pcp.V3, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []archive.ValueSet{
			{PMID: id(5), Format: archive.Static, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeHighResEvent, Data: archtest.VectorBytes(t, "both/event-records-highres")}}},
		}},
		{"v3 aggregates", "v3/aggregates", pcp.V3, pcp.Timestamp{Sec: 0x6553f102, Nsec: 2000}, []archive.ValueSet{
			{PMID: id(6), Format: archive.Block, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeAggregate, Data: []byte{1, 2, 3, 4, 5}}}},
			{PMID: id(7), Format: archive.Static, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeAggregateStatic, Data: []byte("ab")}}},
		}},
		{"v3 mark", "v3/mark", pcp.V3, pcp.Timestamp{Sec: 0x6553f105, Nsec: 6000000}, nil},
		{"v2 mark", "v2/mark", pcp.V2, pcp.Timestamp{Sec: 0x6553f105, Nsec: 6000000}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := payload(t, tt.vector)
			got, err := archive.DecodeData(raw, tt.version)
			require.NoError(t, err)
			assert.Equal(t, tt.stamp, got.Stamp)
			assert.Equal(t, tt.sets == nil, got.IsMark())
			require.Len(t, got.Sets, len(tt.sets))
			for i, want := range tt.sets {
				assert.Equal(t, want.PMID, got.Sets[i].PMID)
				assert.Equal(t, want.Err, got.Sets[i].Err)
				assert.Equal(t, want.Format, got.Sets[i].Format)
				assert.ElementsMatch(t, want.Values, got.Sets[i].Values)
			}
			assert.Equal(t, archtest.VectorBytes(t, tt.vector), archive.EncodeData(&archive.Result{Stamp: tt.stamp, Sets: tt.sets}, tt.version))
			for n := range raw {
				_, err := archive.DecodeData(raw[:n], tt.version)
				assert.ErrorAs(t, err, new(*pcp.FormatError), "cut to %d bytes", n)
			}
		})
	}
}

func TestIndexVectors(t *testing.T) {
	for _, tt := range []struct {
		name    string
		raw     []byte
		version pcp.Version
		want    archive.IndexEntry
	}{
		{"v3 index", archtest.VectorBytes(t, "v3/index"), pcp.V3, archive.IndexEntry{Stamp: pcp.Timestamp{Sec: 0x6553f105, Nsec: 5000}, Meta: 0x3e5, Data: 0x594}},
		{"v2 index", archtest.VectorBytes(t, "v2/index"), pcp.V2, archive.IndexEntry{Stamp: pcp.Timestamp{Sec: 0x6553f105, Nsec: 5000}, Meta: 0x3e5, Data: 0x594}},
		{"v2 offsets are unsigned", archtest.Bytes(t, `00000001 00000000 00000002 ffffffff fffffffe`), pcp.V2, archive.IndexEntry{Stamp: pcp.Timestamp{Sec: 1}, Volume: 2, Meta: 1<<32 - 1, Data: 1<<32 - 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := tt.raw
			got, err := archive.DecodeIndexEntry(raw, tt.version)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			_, err = archive.DecodeIndexEntry(raw[1:], tt.version)
			require.ErrorIs(t, err, pcp.ErrTruncated)
			_, err = archive.DecodeIndexEntry(raw, 1)
			require.ErrorIs(t, err, pcp.ErrVersion)
			assert.Equal(t, raw, archive.EncodeIndexEntry(tt.want, tt.version))
		})
	}
}

func TestMetaRecords(t *testing.T) {
	for name, tt := range map[string]struct {
		vector  string
		version pcp.Version
		kind    pcp.Kind
	}{
		"desc v2": {"both/desc", pcp.V2, pcp.KindDesc}, "desc v3": {"both/desc", pcp.V3, pcp.KindDesc},
		"text v2": {"both/text", pcp.V2, pcp.KindText}, "text v3": {"both/text", pcp.V3, pcp.KindText},
		"indom v2": {"v2/indom", pcp.V2, pcp.KindInDom}, "indom v3": {"v3/indom", pcp.V3, pcp.KindInDom},
		"labels v2": {"v2/labels", pcp.V2, pcp.KindLabels}, "labels v3": {"v3/labels", pcp.V3, pcp.KindLabels},
		"delta v3": {"v3/delta", pcp.V3, pcp.KindInDomDelta},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := archive.DecodeMeta(payload(t, tt.vector), tt.version)
			require.NoError(t, err)
			assert.Equal(t, tt.kind, rec.Kind())
			assert.Equal(t, archtest.VectorBytes(t, tt.vector), archive.EncodeMeta(rec, tt.version))
		})
	}
	rec, err := archive.DecodeMeta(payload(t, "v3/indom"), pcp.V2)
	require.NoError(t, err, "a tag of the other version is read by that version's layout")
	assert.Equal(t, archtest.VectorBytes(t, "v3/indom"), archive.EncodeMeta(rec, pcp.V3))

	for _, tag := range []string{"00000000", "00000008", "ffffffff"} {
		_, err = archive.DecodeMeta(archtest.Bytes(t, tag), pcp.V3)
		assert.ErrorIs(t, err, pcp.ErrTag, tag)
	}
	_, err = archive.DecodeMeta([]byte{0}, pcp.V3)
	assert.ErrorIs(t, err, pcp.ErrTruncated)
}

func TestHeader(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		want := &archive.Header{
			Version: v, PID: 77, Start: pcp.Timestamp{Sec: 17e8, Nsec: 5000}, Volume: -1, Host: "host.example", Zone: "AEDT-11",
		}
		size := 132
		if v == pcp.V3 {
			want.Features, want.ZoneInfo, size = 0x80000000, ":Australia/Melbourne", 808
		}
		raw := archive.EncodeHeader(want, -1)
		require.Len(t, raw, size)
		got, err := archive.DecodeHeader(raw[4 : len(raw)-4])
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Equal(t, pcp.KindHeader, got.Kind())

		junk := append([]byte(nil), raw...)
		copy(junk[strings.Index(string(junk), "AEDT-11")+8:], "junk")
		got, err = archive.DecodeHeader(junk[4 : len(junk)-4])
		require.NoError(t, err)
		assert.Equal(t, "AEDT-11", got.Zone, "what follows the NUL is ignored")
	})
}

func TestHeaderErrors(t *testing.T) {
	good := archive.EncodeHeader(&archive.Header{Version: pcp.V2}, 0)
	good = good[4 : len(good)-4]
	patched := func(at int, b byte) []byte {
		p := append([]byte(nil), good...)
		p[at] = b
		return p
	}
	for _, tt := range []struct {
		name    string
		payload []byte
		err     error
		text    string
	}{
		{"nothing", nil, pcp.ErrTruncated, "offset 0: label record: record is too short"},
		{"magic", patched(0, 0xde), pcp.ErrNotArchive, "offset 0: label record: magic number: 0xde052602: not a PCP archive"},
		{"version 1", patched(3, 1), pcp.ErrVersion, "offset 3: label record: version: 1: unsupported archive version"},
		{"version 255", patched(3, 255), pcp.ErrVersion, "offset 3: label record: version: 255: unsupported archive version"},
		{"size of the other version", patched(3, 3), pcp.ErrLayout, "offset 0: label record: length: 132 instead of 808: parts do not fill the record"},
		{"short", good[:100], pcp.ErrLayout, "offset 0: label record: length: 108 instead of 132: parts do not fill the record"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := archive.DecodeHeader(tt.payload)
			require.ErrorIs(t, err, tt.err)
			assert.EqualError(t, err, tt.text)
		})
	}
}

// TestTiling checks that decoding accepts and rejects value blocks like PCP
// does.
func TestTiling(t *testing.T) {
	const stamp = `00000001 00000000 `
	// Two values of one metric; payload offsets: sets 12, blocks 40 (word 13).
	two := func(w1, w2, blocks string) string {
		return stamp + `00000001 3d400001 00000002 00000001 00000000 ` + w1 + ` 00000001 ` + w2 + ` ` + blocks
	}
	const a, b = `0600000a "abcde\0" 7e7e`, `06000006 "x\0" 7e7e`
	for _, tt := range []struct {
		name, hex string
		err       error // nil if the record is accepted
	}{
		{"in order", two(`0000000d`, `00000010`, a+b), nil},
		{"out of order", two(`0000000f`, `0000000d`, b+a), nil},
		{"pad bytes do not matter", two(`0000000d`, `00000010`, `0600000a "abcde\0" 0000`+b), nil},
		{"one block for two values", two(`0000000d`, `0000000d`, a), pcp.ErrLayout},
		{"gap before", two(`0000000e`, `00000011`, `00000000`+a+b), pcp.ErrLayout},
		{"rest after", two(`0000000d`, `00000010`, a+b+`00000000`), pcp.ErrLayout},
		{"block before the sets' end", two(`0000000c`, `00000010`, a+b), pcp.ErrRange},
		{"block beyond the record", two(`0000000d`, `7fffffff`, a+b), pcp.ErrRange},
		{"reference beyond 32 bits of bytes", two(`0000000d`, `ffffffff`, a+b), pcp.ErrRange},
		{"block ends beyond the record", two(`0000000d`, `00000010`, a+`06000009 "x\0" 7e7e`), pcp.ErrTruncated},
		{"block shorter than its header", two(`0000000d`, `00000010`, a+`06000003 "x\0" 7e7e`), pcp.ErrTruncated},
		{"mark with rest", stamp + `00000000 00000000`, pcp.ErrLayout},
		{"negative number of metrics", stamp + `ffffffff`, pcp.ErrRange},
		{"more metrics than fit", stamp + `00000002 3d400001 00000000`, pcp.ErrRange},
		{"more values than fit", stamp + `00000001 3d400001 7fffffff 00000000 00000000 00000000`, pcp.ErrRange},
		{"unknown format", stamp + `00000001 3d400001 00000001 00000003 00000000 00000000`, pcp.ErrRange},
		{"formats 1 and 2 alike", strings.Replace(two(`0000000d`, `00000010`, a+b), `00000002 00000001`, `00000002 00000002`, 1), nil},
		{"in situ with rest", stamp + `00000001 3d400001 00000001 00000000 00000000 00000000 00000000`, pcp.ErrLayout},
		{"a metric and an instance twice", stamp + `00000002 3d400001 00000001 00000000 00000000 00000001 3d400001 00000001 00000000 00000000 00000001`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := archive.DecodeData(archtest.Bytes(t, tt.hex), pcp.V2)
			if tt.err == nil {
				assert.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.err)
			assert.ErrorAs(t, err, new(*pcp.FormatError))
		})
	}
}
