package archive_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestCorpusReencodes checks that writing every record reproduces its bytes.
func TestCorpusReencodes(t *testing.T) {
	forCorpus(t, func(t *testing.T, base string) {
		r, err := archive.Open(base, strict)
		if err != nil {
			t.Skip("not readable: TestCorpusAgainstDump looks at the reason")
		}
		for _, m := range r.Members() {
			f, err := archive.OpenMember(m, nil)
			require.NoError(t, err)
			raw, err := io.ReadAll(f.From(0))
			require.NoError(t, err)
			require.NoError(t, f.Close())
			if m.Role == archive.RoleIndex {
				reencodeIndex(t, raw, r.Header().Version)
				continue
			}
			reencodeFrames(t, raw, m, r.Header().Version)
		}
	})
}

func reencodeIndex(t *testing.T, raw []byte, v pcp.Version) {
	l, _ := wire.For(v)
	size := l.IndexEntrySize()
	for raw = raw[l.HeaderSize:]; len(raw) >= size; raw = raw[size:] {
		entry, err := archive.DecodeIndexEntry(raw, v)
		require.NoError(t, err)
		require.Equal(t, raw[:size], archive.EncodeIndexEntry(entry, v))
	}
}

func reencodeFrames(t *testing.T, raw []byte, m archive.Member, v pcp.Version) {
	first := true
	for f, err := range archive.Frames(bytes.NewReader(raw), archive.Pos{File: m.Path}, 0) {
		if err != nil {
			return
		}
		if first {
			first = false
			continue
		}
		stored := raw[f.Pos.Offset : f.Pos.Offset+int64(len(f.Payload))+8]
		var encoded []byte
		switch m.Role {
		case archive.RoleMeta:
			rec, err := archive.DecodeMeta(f.Payload, v)
			require.NoError(t, err)
			encoded = archive.EncodeMeta(rec, versionOfTag(binary.BigEndian.Uint32(f.Payload), v))
		default:
			res, err := archive.DecodeData(f.Payload, v)
			require.NoError(t, err)
			encoded = archive.EncodeData(res, v)
			stored = withPads(stored, res)
		}
		require.True(t, bytes.Equal(stored, encoded), "%s: offset %d\nstored  %x\nencoded %x", m.Path, f.Pos.Offset, stored, encoded)
	}
}

// versionOfTag returns the version whose layout a metadata record uses.
func versionOfTag(tag uint32, own pcp.Version) pcp.Version {
	switch tag {
	case 2, 3:
		return pcp.V2
	case 5, 6, 7:
		return pcp.V3
	}
	return own
}

// withPads returns a data record with our padding between its blocks, which has
// no meaning. Blocks must be in the order of the values.
func withPads(stored []byte, res *archive.Result) []byte {
	blocks := 0
	for _, s := range res.Sets {
		if s.Format != archive.InSitu {
			for _, v := range s.Values {
				blocks += (blockLength(v) + 3) &^ 3
			}
		}
	}
	out := bytes.Clone(stored)
	at := len(out) - 4 - blocks
	for at < len(out)-4 {
		n := int(binary.BigEndian.Uint32(out[at:]) & 0xffffff)
		for ; n%4 != 0; n++ {
			out[at+n] = '~'
		}
		at += n
	}
	return out
}

func blockLength(v history.Value) int {
	if v.Data != nil {
		return 4 + len(v.Data)
	}
	return 4 + v.Type.Size()
}
