package archive_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestCompressionNames(t *testing.T) {
	var c archive.Compression
	for _, name := range []string{"none", "gzip", "zstd", "xz"} {
		require.NoError(t, c.Set(name))
		assert.Equal(t, name, c.String())
	}
	require.EqualError(t, c.Set("lzma"), "want zstd, gzip, xz or none")
	assert.Equal(t, "compression 9", archive.Compression(9).String())
	assert.Empty(t, archive.Compression(-1).Suffix())
	_, err := archive.Create(filepath.Join(t.TempDir(), "rec"), archtest.Header, &archive.WriteOptions{Compress: 9})
	require.ErrorContains(t, err, "compression 9 is not known")
	_, err = archive.CreateRecords(filepath.Join(t.TempDir(), "rec"), pcp.V3, &archive.WriteOptions{Compress: -1})
	require.Error(t, err)
	require.NotErrorIs(t, err, errors.ErrUnsupported)
}

// TestLeftVolumes checks that Continue compresses volumes that a crash left
// plain, unless another form has different contents.
func TestLeftVolumes(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 2})
	require.NoError(t, err)
	fill(t, a, 1, 10)
	require.NoError(t, a.Close())
	want := everything(t, base, nil)
	raw, err := os.ReadFile(base + ".1")
	require.NoError(t, err)
	raw[len(raw)-9] ^= 1 // in the last record
	other := archtest.Pack(t, raw, "xz", "-c")
	require.NoError(t, os.WriteFile(base+".1.xz", other, 0o644))
	a, err = archive.Continue(base, &archive.WriteOptions{Compress: archive.CompressZstd})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	assert.Equal(t, []string{".0.zst", ".1", ".1.xz", ".2.zst", ".3.zst", ".4", ".index", ".meta"}, suffixes(t, base))
	assert.Equal(t, want, everything(t, base, nil))
}

// TestTwoForms checks that Continue removes one of two forms of a volume, which
// a kill leaves between the two steps of compressing it, and reports that.
func TestTwoForms(t *testing.T) {
	for name, tt := range map[string]struct {
		volume  string
		suffix  string
		change  func(packed []byte) []byte
		options archive.WriteOptions
		removed string
		kept    string
		files   []string
	}{
		"complete": {
			".1", ".zst", nil, archive.WriteOptions{Compress: archive.CompressZstd}, ".1", ".1.zst",
			[]string{".0.zst", ".1.zst", ".2.zst", ".3.zst", ".4", ".index", ".meta"},
		},
		"complete, no compression now": {
			".1", ".gz", nil, archive.WriteOptions{NoSync: true}, ".1", ".1.gz",
			[]string{".0", ".1.gz", ".2", ".3", ".4", ".index", ".meta"},
		},
		"incomplete": {
			".1", ".zst", func(b []byte) []byte { return b[:len(b)/2] }, archive.WriteOptions{Compress: archive.CompressGzip}, ".1.zst", ".1",
			[]string{".0.gz", ".1.gz", ".2.gz", ".3.gz", ".4", ".index", ".meta"},
		},
		"empty": {
			".1", ".zst", func([]byte) []byte { return nil }, archive.WriteOptions{}, ".1.zst", ".1",
			[]string{".0", ".1", ".2", ".3", ".4", ".index", ".meta"},
		},
		"last, complete": {
			".4", ".zst", nil, archive.WriteOptions{}, ".4.zst", ".4",
			[]string{".0", ".1", ".2", ".3", ".4", ".index", ".meta"},
		},
		"last, incomplete": {
			".4", ".gz", func(b []byte) []byte { return b[:len(b)-9] }, archive.WriteOptions{}, ".4.gz", ".4",
			[]string{".0", ".1", ".2", ".3", ".4", ".index", ".meta"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(t.TempDir(), "rec")
			a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 2})
			require.NoError(t, err)
			fill(t, a, 1, 10)
			require.NoError(t, a.Close())
			want := everything(t, base, nil)
			raw, err := os.ReadFile(base + tt.volume)
			require.NoError(t, err)
			packed := archtest.Pack(t, raw, map[string]string{".zst": "zstd", ".gz": "gzip"}[tt.suffix], "-qc")
			if tt.change != nil {
				packed = tt.change(packed)
			}
			require.NoError(t, os.WriteFile(base+tt.volume+tt.suffix, packed, 0o644))

			a, err = archive.Continue(base, &tt.options)
			require.NoError(t, err)
			found := a.Recovered()
			require.NoError(t, a.Close())
			require.NotEmpty(t, found)
			assert.Equal(t, archive.Recovery{File: base + tt.removed, Action: archive.RecoveryRemoved, Kept: base + tt.kept}, found[0])
			assert.Equal(t, base+tt.removed+": removed, because "+base+tt.kept+" has the same records", found[0].String())
			assert.Equal(t, tt.files, suffixes(t, base))
			assert.Equal(t, want, everything(t, base, nil))
			assert.Empty(t, goOnPlain(t, base), "nothing is left to repair")
		})
	}
}

// goOnPlain continues an archive without compression and returns the repairs.
func goOnPlain(t *testing.T, base string) []archive.Recovery {
	t.Helper()
	a, err := archive.Continue(base, nil)
	require.NoError(t, err)
	require.NoError(t, a.Close())
	return a.Recovered()
}
