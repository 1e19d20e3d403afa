package archive_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestRecordWriter writes the records of a reader with large and small buffers.
// The bytes must be the same.
func TestRecordWriter(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := archtest.Sample(t, v)
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		for _, buffer := range []int{0, 1, 100} {
			out := filepath.Join(t.TempDir(), "out")
			w, err := archive.CreateRecords(out, v, &archive.WriteOptions{Buffer: buffer})
			require.NoError(t, err)
			for volume, role := range map[int32]archive.Role{-1: archive.RoleMeta, 0: archive.RoleData, -2: archive.RoleIndex} {
				h := *r.Header()
				h.Volume = volume
				_, err := w.Write(&h)
				require.NoError(t, err)
				assert.Equal(t, archive.HeaderSize(v), w.Size(role))
			}
			for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData, archive.RoleIndex} {
				for rec, err := range r.Records(role) {
					require.NoError(t, err)
					at, err := w.Write(rec.Record)
					require.NoError(t, err)
					assert.Equal(t, rec.Pos.Offset, at)
				}
			}
			require.NoError(t, w.Close())
			require.NoError(t, w.Close(), "closing twice does no harm")
			m, i, d := archtest.Members(t, base)
			gm, gi, gd := archtest.Members(t, out)
			assert.True(t, bytes.Equal(m, gm) && bytes.Equal(i, gi) && bytes.Equal(d, gd), "buffer %d", buffer)
			_, err = w.Write(&archive.Mark{})
			require.ErrorIs(t, err, archive.ErrClosed)
		}
	})
}

// TestRecordWriterRefuses checks that records before their file's label, and
// records that the version cannot store, are rejected and the others written.
func TestRecordWriterRefuses(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	w, err := archive.CreateRecords(out, pcp.V2, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	for _, rec := range []archive.Record{&archive.Mark{}, &archive.Result{}, archtest.Count, &archive.IndexEntry{}} {
		_, err := w.Write(rec)
		require.ErrorContains(t, err, "before its file's header")
	}
	for volume := int32(-2); volume <= 0; volume++ {
		_, err := w.Write(&archive.Header{Volume: volume})
		require.NoError(t, err)
	}
	_, err = w.Write(&archive.Header{Volume: -1})
	require.ErrorContains(t, err, "second header")
	_, err = w.Write(&archive.Header{Volume: 0})
	require.ErrorIs(t, err, pcp.ErrRange)
	fine := pcp.Timestamp{Sec: 1, Nsec: 1}
	for _, rec := range []archive.Record{
		&archive.Mark{Stamp: fine}, &meta.InDom{Stamp: fine}, &meta.Labels{Stamp: fine},
		&archive.IndexEntry{Stamp: fine}, &archive.IndexEntry{Data: 1 << 31}, &archive.Header{Volume: 1, Start: fine},
	} {
		_, err := w.Write(rec)
		require.ErrorIs(t, err, pcp.ErrRange, "%T", rec)
	}
	_, err = w.Write(&meta.InDomDelta{})
	require.ErrorIs(t, err, pcp.ErrTag)
	_, err = w.Write(&archive.Mark{Stamp: at(1)})
	require.NoError(t, err)
	_, err = w.Write(&archive.Header{Volume: 3})
	require.NoError(t, err)
	_, err = w.Write(&archive.Mark{Stamp: at(2)})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	assert.Equal(t, []string{"out.0", "out.3", "out.index", "out.meta"}, names(t, filepath.Dir(out)))

	_, err = archive.CreateRecords(out, pcp.V3, nil)
	require.ErrorIs(t, err, fs.ErrExist)
	_, err = archive.CreateRecords(out+"x", 9, nil)
	require.ErrorIs(t, err, pcp.ErrVersion)
	require.NoError(t, os.RemoveAll(filepath.Dir(out)))
	w, err = archive.CreateRecords(out, pcp.V3, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_ = w
}
