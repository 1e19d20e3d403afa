package archive_test

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

var errDisk = errors.New("disk full")

// failingDisk lets a number of writes succeed, counted over all files. Each
// later write fails after half of its bytes.
type failingDisk struct {
	archive.Disk
	left *int
}

func (d failingDisk) WriteAt(p []byte, off int64) (int, error) {
	if *d.left--; *d.left >= 0 {
		return d.Disk.WriteAt(p, off)
	}
	n, _ := d.Disk.WriteAt(p[:len(p)/2], off)
	return n, errDisk
}

// writeUntil writes an archive to a disk that fails at write n. It returns the
// first error and the error of Close.
func writeUntil(t *testing.T, base string, v pcp.Version, n int) (first, last error) {
	open := func(name string) (archive.Disk, error) {
		f, err := archive.CreateFile(name)
		return failingDisk{f, &n}, err
	}
	a, err := archive.CreateOn(base, archtest.Header, &archive.WriteOptions{Version: v, Buffer: 1}, open)
	require.NoError(t, err)
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	keep(a.Define(archtest.Count))
	for sec := range int64(6) {
		keep(a.SetInDom(&meta.InDom{Stamp: at(sec), ID: archtest.Domain, Instances: []meta.Instance{{ID: pcp.InstID(sec), Name: "x"}}}))
		err := a.Append(count(sec, uint32(sec)))
		keep(err)
		if first != nil {
			assert.ErrorIs(t, err, errDisk, "every call after a failure fails")
		}
	}
	return first, a.Close()
}

// TestFailingWrites fails the nth write, for every n until none fails.
func TestFailingWrites(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		kept := 0
		for n := 0; ; n++ {
			base := filepath.Join(t.TempDir(), "rec")
			first, last := writeUntil(t, base, v, n)
			if first == nil && last == nil {
				assert.Len(t, counts(t, base), 6)
				assert.Greater(t, n, 12)
				break
			}
			assert.ErrorIs(t, last, errDisk)
			if len(names(t, filepath.Dir(base))) == 0 {
				assert.Less(t, n, 2, "only an archive without a record is removed")
				continue
			}
			got := counts(t, base)
			assert.GreaterOrEqual(t, len(got), kept, "write %d", n)
			kept = len(got)
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			for _, err := range r.Records(archive.RoleMeta) {
				require.NoError(t, err)
			}
			indexIsTrue(t, r)
		}
		assert.Equal(t, 6, kept, "the last write to fail is the index")
	})
}

// TestTornTails cuts a file at every byte. All whole records must be read.
func TestTornTails(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := archtest.Sample(t, v)
		metaFile, index, data := archtest.Members(t, base)
		header := len(archive.EncodeHeader(&archive.Header{Version: v}, 0))
		steps := func() (n int, err error) {
			r, err := archive.Open(base, nil)
			if err != nil {
				return 0, err
			}
			for _, err := range r.Steps(history.Query{}) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		}
		last := 0
		for size := header + 1; size <= len(data); size++ {
			require.NoError(t, os.WriteFile(base+".0", data[:size], 0o644))
			n, err := steps()
			assert.GreaterOrEqual(t, n, last)
			last = n
			if err != nil {
				require.ErrorIs(t, err, pcp.ErrUnfinished)
			}
		}
		assert.Equal(t, 5, last)
		first := header + int(binary.BigEndian.Uint32(metaFile[header:])) // end of the first descriptor
		for size := header + 1; size <= len(metaFile); size++ {
			require.NoError(t, os.WriteFile(base+".meta", metaFile[:size], 0o644))
			_, err := steps()
			if size < first {
				require.ErrorIs(t, err, archive.ErrNoData)
				continue
			}
			require.NoError(t, err)
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			for _, w := range r.Warnings() {
				require.ErrorIs(t, w, pcp.ErrUnfinished)
				require.ErrorContains(t, w, base+".meta: offset ")
			}
		}
		for size := header + 1; size <= len(index); size++ {
			require.NoError(t, os.WriteFile(base+".index", index[:size], 0o644))
			n, err := steps()
			require.NoError(t, err)
			assert.Equal(t, 5, n)
		}
	})
}

// TestFlippedBytes changes every byte of every file in turn. The result must be
// an error with a position or a different reading, never a panic.
func TestFlippedBytes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := archtest.Sample(t, v)
		for _, suffix := range []string{".meta", ".index", ".0"} {
			f, err := os.OpenFile(base+suffix, os.O_RDWR, 0)
			require.NoError(t, err)
			raw, err := io.ReadAll(f)
			require.NoError(t, err)
			put := func(i int, b byte) {
				_, err := f.WriteAt([]byte{b}, int64(i))
				require.NoError(t, err)
			}
			header := len(archive.EncodeHeader(&archive.Header{Version: v}, 0))
			for i, b := range raw {
				if i > 200 && i < header-4 {
					continue // padding of the label's strings
				}
				put(i, ^b)
				r, err := archive.Open(base, nil)
				put(i, b)
				if err != nil {
					assert.ErrorContains(t, err, base+".") // if two files disagree, the error may name the other file
					continue
				}
				put(i, ^b)
				for _, err = range r.Steps(history.Query{From: at(archtest.Start.Sec + 2)}) {
				}
				put(i, b)
				if err != nil {
					assert.ErrorContains(t, err, base+".0")
				}
			}
			require.NoError(t, f.Close())
		}
	})
}
