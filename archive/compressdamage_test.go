package archive_test

import (
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestCompressedDamage cuts and changes compressed volumes. Every readable
// record must be read in order, and the damage reported with its position.
func TestCompressedDamage(t *testing.T) {
	for _, p := range packers {
		t.Run(p.name, func(t *testing.T) {
			base, last := manyRecords(t, pcp.V3, 2)
			path := p.pack(t, base+".1")
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			most := 0
			for _, part := range []int{10, 50, 90, 99} {
				n := len(raw) * part / 100
				for how, bad := range map[string][]byte{
					"cut": raw[:n], "flipped": slices.Concat(raw[:n], []byte{^raw[n]}, raw[n+1:]),
				} {
					require.NoError(t, os.WriteFile(path, bad, 0o644))
					r, err := archive.Open(base, nil)
					require.NoError(t, err)
					var got []int64
					for step, err := range r.Steps(history.Query{}) {
						require.NoError(t, err)
						if !step.Mark {
							got = append(got, step.Stamp.Sec)
						}
					}
					require.GreaterOrEqual(t, len(got), 40, "%s at %d", how, n)
					require.Equal(t, span(1, 40), got[:40], "%s at %d", how, n)
					require.IsIncreasing(t, got, "%s at %d", how, n)
					most = max(most, len(got))
					for _, w := range r.Warnings() {
						requireLocated(t, w)
						require.ErrorContains(t, w, path+": ")
					}
					if len(r.Warnings()) == 0 && how == "cut" {
						require.Equal(t, "compress", p.command[0], "%s at %d: the only format that cannot tell", how, n)
					}
					assert.Len(t, backward(t, r, history.Query{}), len(seconds(t, r, history.Query{})))
					_, err = r.End()
					require.NoError(t, err)
				}
			}
			if !p.wholesale() {
				assert.Greater(t, most, 50)
			}
			require.NoError(t, os.WriteFile(path, raw, 0o644))
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			assert.Equal(t, span(1, last), seconds(t, r, history.Query{}))
		})
	}
}

// TestCompressedMetadataDamage checks that metadata and index entries before
// damage are used, and that the damage is reported.
func TestCompressedMetadataDamage(t *testing.T) {
	for _, p := range packers {
		t.Run(p.name, func(t *testing.T) {
			base, last := manyRecords(t, pcp.V3, 2)
			path := p.pack(t, base+".index")
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, raw[:len(raw)-5], 0o644))
			if r, err := archive.Open(base, nil); err != nil {
				requireLocated(t, err)
			} else {
				assert.Equal(t, span(70, last), seconds(t, r, history.Query{From: at(70)}))
			}
			require.NoError(t, os.Remove(path))

			path = p.pack(t, base+".meta")
			raw, err = os.ReadFile(path)
			require.NoError(t, err)
			raw[len(raw)/2] ^= 0xff
			require.NoError(t, os.WriteFile(path, raw, 0o644))
			r, err := archive.Open(base, nil)
			if err == nil && len(r.Warnings()) > 0 {
				err = r.Warnings()[0]
			}
			if err != nil {
				requireLocated(t, err)
				assert.ErrorContains(t, err, path+": offset ")
			} else {
				assert.Equal(t, "compress", p.command[0])
			}
		})
	}
}

// TestCompressedLimits checks that a small file with huge contents does not
// fill the memory.
func TestCompressedLimits(t *testing.T) {
	base, _ := manyRecords(t, pcp.V3, 1)
	path := base + ".meta"
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range 100 {
		raw = append(raw, archive.EncodeMeta(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: uint32(i), Text: string(make([]byte, 90000))}, pcp.V3)...)
	}
	require.NoError(t, os.WriteFile(path, raw, 0o644))
	_, err = archive.Open(base, &archive.ReadOptions{MaxMetadata: 1 << 20})
	require.NoError(t, err, "the limit is for compressed files")
	path = packers[0].pack(t, path)
	_, err = archive.Open(base, &archive.ReadOptions{MaxMetadata: 1 << 20})
	require.ErrorIs(t, err, pcp.ErrLimit)
	assert.ErrorContains(t, err, path+": offset ")
	_, err = archive.Open(base, &archive.ReadOptions{MaxWindow: 1 << 20})
	require.ErrorIs(t, err, pcp.ErrLimit)

	bomb := archtest.Pack(t, make([]byte, 100<<20), "zstd", "-qc", "-1")
	require.Less(t, len(bomb), 100<<10)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, os.WriteFile(base+".0", bomb, 0o644))
	require.NoError(t, os.WriteFile(base+".index", bomb, 0o644))
	_, err = archive.Open(base, nil)
	requireLocated(t, err)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40<<20))
}

// TestLongIndex checks that a packed index beyond the limit is reported and not cut in silence.
func TestLongIndex(t *testing.T) {
	base, _ := manyRecords(t, pcp.V3, 3)
	path := base + ".index"
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	path = packers[0].pack(t, path)
	h := archtest.Header
	h.Version = pcp.V3
	entries := int64(len(raw) - len(archive.EncodeHeader(&h, -1)))
	r, err := archive.Open(base, &archive.ReadOptions{MaxMetadata: entries})
	require.NoError(t, err)
	assert.Empty(t, r.Warnings())
	r, err = archive.Open(base, &archive.ReadOptions{MaxMetadata: entries - 1})
	require.NoError(t, err)
	require.Len(t, r.Warnings(), 1)
	require.ErrorIs(t, r.Warnings()[0], pcp.ErrLimit)
	assert.ErrorContains(t, r.Warnings()[0], path+": offset ")

	m := archive.Member{Path: path, Role: archive.RoleIndex, Compress: ".xz"}
	got, packed, err := archive.ReadMember(m, int64(len(raw)))
	require.NoError(t, err)
	assert.True(t, packed)
	assert.Equal(t, raw, got)
	_, _, err = archive.ReadMember(m, int64(len(raw))-1)
	require.ErrorIs(t, err, pcp.ErrLimit)
	assert.ErrorContains(t, err, path+": offset ")
}
