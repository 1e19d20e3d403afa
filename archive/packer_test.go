package archive_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// suffixes lists the suffixes of the files beside base.
func suffixes(t *testing.T, base string) (list []string) {
	for _, name := range names(t, filepath.Dir(base)) {
		list = append(list, strings.TrimPrefix(name, filepath.Base(base)))
	}
	return list
}

// TestCompressedVolumes checks that complete volumes are compressed, the last
// one only with CompressLast, and that readers find the same contents as in the
// plain archive.
func TestCompressedVolumes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		write := func(o archive.WriteOptions) string {
			base := filepath.Join(t.TempDir(), "rec")
			o.Version, o.VolumeRecords = v, 4
			a, err := archive.Create(base, archtest.Header, &o)
			require.NoError(t, err)
			fill(t, a, 1, 11)
			require.NoError(t, a.Close())
			return base
		}
		plain := write(archive.WriteOptions{})
		want := everything(t, plain, nil)
		for name, tt := range map[string]struct {
			options archive.WriteOptions
			files   []string
		}{
			"zstd":      {archive.WriteOptions{Compress: archive.CompressZstd}, []string{".0.zst", ".1.zst", ".2", ".index", ".meta"}},
			"zstd, all": {archive.WriteOptions{Compress: archive.CompressZstd, CompressLast: true, NoSync: true}, []string{".0.zst", ".1.zst", ".2.zst", ".index", ".meta"}},
			"gzip":      {archive.WriteOptions{Compress: archive.CompressGzip}, []string{".0.gz", ".1.gz", ".2", ".index", ".meta"}},
			"gzip, all": {archive.WriteOptions{Compress: archive.CompressGzip, CompressLast: true}, []string{".0.gz", ".1.gz", ".2.gz", ".index", ".meta"}},
		} {
			t.Run(name, func(t *testing.T) {
				base := write(tt.options)
				assert.Equal(t, tt.files, suffixes(t, base))
				assert.Equal(t, want, everything(t, base, nil))
				if tt.options.Compress == archive.CompressGzip {
					assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
					assert.Equal(t, oracle.Run(t, "pmdumplog", "-z", "-a", plain), oracle.Run(t, "pmdumplog", "-z", "-a", base))
				}
			})
		}
	})
}

// TestCompressionKeepsTimeAndMode checks the time and mode of compressed files,
// because programs that remove old files use the time.
func TestCompressionKeepsTimeAndMode(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Compress: archive.CompressZstd, Buffer: 1})
	require.NoError(t, err)
	fill(t, a, 1, 3)
	old := time.Unix(1e9, 0)
	require.NoError(t, os.Chmod(base+".0", 0o600))
	require.NoError(t, a.Rotate())
	before := a.Size()
	require.NoError(t, os.Chtimes(base+".0", old, old))
	fill(t, a, 3, 4)
	require.NoError(t, a.Close())
	info, err := os.Stat(base + ".0.zst")
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.True(t, info.ModTime().Equal(old))
	stored := int64(0)
	for _, s := range suffixes(t, base) {
		info, err := os.Stat(base + s)
		require.NoError(t, err)
		stored += info.Size()
	}
	assert.Equal(t, stored, a.Size(), "as stored")
	assert.Less(t, a.Size(), before+1000)
}

// TestFailingCompression fails every write of the compressed file in turn, as a
// full disk does. The plain volume must remain readable, and recording must
// continue.
func TestFailingCompression(t *testing.T) {
	for _, how := range []archive.Compression{archive.CompressZstd, archive.CompressGzip} {
		for n := 0; ; n++ {
			require.Less(t, n, 20)
			base, left := filepath.Join(t.TempDir(), "rec"), n
			a, err := archive.CreateOn(base, archtest.Header, &archive.WriteOptions{Compress: how, VolumeRecords: 4, NoSync: true}, func(name string) (archive.Disk, error) {
				f, err := archive.CreateFile(name)
				if err == nil && strings.HasSuffix(name, ".partial") {
					f = failingDisk{f, &left}
				}
				return f, err
			})
			require.NoError(t, err)
			fill(t, a, 1, 7)
			err = a.Close()
			assert.Len(t, counts(t, base), 6)
			if err == nil {
				assert.Equal(t, []string{".0" + how.Suffix(), ".1", ".index", ".meta"}, suffixes(t, base))
				assert.Positive(t, n)
				break
			}
			require.ErrorIs(t, err, errDisk)
			require.ErrorContains(t, err, base+".0 stays as it is")
			assert.Equal(t, []string{".0", ".1", ".index", ".meta"}, suffixes(t, base))
			assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
		}
	}
}

// TestCrashWhileCompressing checks that every state that a crash may leave
// reads like the complete archive, and that appending removes leftover files.
func TestCrashWhileCompressing(t *testing.T) {
	for name, left := range map[string]func(t *testing.T, base string, packed []byte){
		"half written": func(t *testing.T, base string, packed []byte) {
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(base), ".rec.0.zst.partial"), packed[:len(packed)/2], 0o644))
		},
		"not renamed": func(t *testing.T, base string, packed []byte) {
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(base), ".rec.0.zst.partial"), packed, 0o644))
		},
		"not removed": func(t *testing.T, base string, packed []byte) {
			require.NoError(t, os.WriteFile(base+".0.zst", packed, 0o644))
		},
		"done": func(t *testing.T, base string, packed []byte) {
			require.NoError(t, os.WriteFile(base+".0.zst", packed, 0o644))
			require.NoError(t, os.Remove(base+".0"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(t.TempDir(), "rec")
			a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 4})
			require.NoError(t, err)
			fill(t, a, 1, 7)
			require.NoError(t, a.Close())
			want := everything(t, base, nil)
			raw, err := os.ReadFile(base + ".0")
			require.NoError(t, err)
			left(t, base, archtest.Pack(t, raw, "zstd", "-qc"))
			assert.Equal(t, want, everything(t, base, nil))
			a, err = archive.Continue(base, &archive.WriteOptions{Compress: archive.CompressZstd, VolumeRecords: 4})
			require.NoError(t, err)
			fill(t, a, 7, 11)
			require.NoError(t, a.Close())
			assert.Len(t, counts(t, base), 10)
			assert.NoFileExists(t, base+".0", "the compressed volume has replaced it")
			assert.False(t, slices.ContainsFunc(names(t, filepath.Dir(base)), func(s string) bool { return strings.HasSuffix(s, ".partial") }))
			assert.FileExists(t, base+".1.zst", "what this run completed")
		})
	}
}

// TestCompressedRandomAccess damages every zstd frame of a volume between the
// first, which holds the label, and the last two. Reading at a late time must
// decode no damaged frame.
func TestCompressedRandomAccess(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{NoSync: true, Compress: archive.CompressZstd, CompressLast: true})
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Release))
	const last, frames = 1000, 8
	pad := make([]byte, frames<<20/last)
	noise := rand.NewChaCha8([32]byte{})
	for sec := range int64(last + 1) {
		_, _ = noise.Read(pad)
		require.NoError(t, a.Append(&archive.Result{Stamp: at(sec), Sets: []archive.ValueSet{
			{PMID: archtest.Release.PMID, Format: archive.Block, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeString, Data: pad}}},
		}}))
	}
	require.NoError(t, a.Close())
	raw, err := os.ReadFile(base + ".0.zst")
	require.NoError(t, err)
	require.Greater(t, len(raw), frames<<20, "it does not compress: a frame in the file is about as long as what it holds")
	for i := 3 << 19; i < (frames-2)<<20; i += 1 << 18 {
		raw[i]++
	}
	require.NoError(t, os.WriteFile(base+".0.zst", raw, 0o644))

	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	late := 0
	for step, err := range r.Steps(history.Query{From: at(last - 50)}) {
		require.NoError(t, err)
		assert.False(t, step.Stamp.Before(at(last-50)))
		late++
	}
	assert.Equal(t, 51, late)
	end, err := r.End()
	require.NoError(t, err)
	assert.Equal(t, at(last), end)
	marks := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		if step.Mark {
			marks++
		}
	}
	assert.Positive(t, marks)
	require.NotEmpty(t, r.Warnings())
	require.ErrorIs(t, r.Warnings()[0], archive.ErrCompressed, "of the whole")
}

// TestFollowWhileCompressing checks that a follower gets every record once
// although volumes are compressed meanwhile.
func TestFollowWhileCompressing(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Compress: archive.CompressZstd, VolumeRecords: 3, NoSync: true})
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Append(count(0, 0)))
	require.NoError(t, a.Flush())
	f, stop := follow(t, base, history.Query{})
	defer stop()
	done := make(chan error)
	go func() {
		var err error
		for sec := int64(1); sec < 100 && err == nil; sec++ {
			err = errors.Join(a.Append(count(sec, uint32(sec))), a.Flush())
		}
		done <- err
	}()
	for sec := range 100 {
		require.Equal(t, fmt.Sprintf("%d sample.count=%d", sec, sec), f.next(t))
	}
	require.NoError(t, <-done)
	require.NoError(t, a.Close())
	assert.FileExists(t, base+".31.zst")
}
