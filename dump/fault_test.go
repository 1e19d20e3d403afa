package dump_test

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

const everything = dump.All | dump.LabelSets | dump.HelpText | dump.DiskInDoms

// TestFlippedBytes lists archives with a byte changed, at many places in turn: that
// may fail but must end, and not in a panic.
func TestFlippedBytes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := rich(t, v)
		for _, suffix := range []string{".meta", ".index", ".0"} {
			whole, err := os.ReadFile(base + suffix)
			require.NoError(t, err)
			for i := 0; i < len(whole); i += 1 + len(whole)/stride(t) {
				spoilt := append([]byte(nil), whole...)
				spoilt[i] ^= byte(1 + i%255)
				require.NoError(t, os.WriteFile(base+suffix, spoilt, 0o666))
				listAll(base)
			}
			require.NoError(t, os.WriteFile(base+suffix, whole, 0o666))
		}
	})
}

// stride bounds how many places of a file are tried.
func stride(t *testing.T) int {
	if testing.Short() {
		return 50
	}
	return 400
}

// listAll lists an archive in every form, as far as that goes.
func listAll(base string) {
	r, err := archive.Open(base, nil)
	if err != nil {
		return
	}
	_ = dump.Text(io.Discard, r, &dump.Options{Sections: everything, Sizes: true, Dates: 3})
	_ = dump.Text(io.Discard, r, &dump.Options{Sections: dump.Metrics, Reverse: true})
	_ = dump.JSON(io.Discard, r, &dump.Options{}, true)
}

var errFull = errors.New("disk is full")

type full struct{ room int }

func (w *full) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestWriteFails: an error of the writer ends the listing and is returned.
func TestWriteFails(t *testing.T) {
	r, err := archive.Open(rich(t, pcp.V3), nil)
	require.NoError(t, err)
	for _, room := range []int{0, 100, 1000} {
		assert.ErrorIs(t, dump.Text(&full{room}, r, &dump.Options{Sections: everything}), errFull)
		assert.ErrorIs(t, dump.JSON(&full{room}, r, &dump.Options{}, false), errFull)
	}
}

// TestStoredLabels: the slices are those of the record, right or not.
func TestStoredLabels(t *testing.T) {
	b := archtest.Bytes(t, `ffffffff 00000007 "{" 22 "a" 22 ":1}" 00000002 0002 01 01 0005 0001 00c8 09 41 0190 0003`)
	in, size, err := labelset.DecodeInstance(b, labelset.Context)
	require.NoError(t, err)
	assert.Equal(t, len(b), size)
	var got []labelset.StoredLabel
	for _, l := range in.Set.Stored() {
		got = append(got, l)
	}
	assert.Equal(t, []labelset.StoredLabel{
		{NameOffset: 2, NameLength: 1, ValueOffset: 5, ValueLength: 1, Flags: 1},
		{NameOffset: 200, NameLength: 9, ValueOffset: 400, ValueLength: 3, Flags: 65},
	}, got)
}
