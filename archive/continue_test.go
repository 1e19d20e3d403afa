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
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// fill writes records from one second to another, with metadata that changes.
func fill(t *testing.T, a *archive.Appender, from, to int64) {
	t.Helper()
	for sec := from; sec < to; sec++ {
		require.NoError(t, a.Define(archtest.Count))
		require.NoError(t, a.Define(archtest.Load))
		require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: uint32(archtest.Count.PMID), Text: "help"}))
		in := &meta.InDom{Stamp: at(sec), ID: archtest.Domain}
		for i := range pcp.InstID(4) {
			if int64(i) != sec%5 {
				in.Instances = append(in.Instances, meta.Instance{ID: i, Name: string(rune('a' + i))})
			}
		}
		require.NoError(t, a.SetInDom(in))
		require.NoError(t, a.Append(count(sec, uint32(sec))))
	}
}

// TestContinueIsSeamless checks that an archive written in parts has the same
// metadata and values as one written at once.
func TestContinueIsSeamless(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		whole, wholeBase := create(t, v)
		fill(t, whole, 1, 10)
		require.NoError(t, whole.Close())
		wantMeta, _, wantData := archtest.Members(t, wholeBase)
		for split := int64(2); split < 10; split++ {
			a, base := create(t, v)
			fill(t, a, 1, split)
			require.NoError(t, a.Close())
			a, err := archive.Continue(base+".meta", &archive.WriteOptions{Buffer: 1})
			require.NoError(t, err)
			assert.Equal(t, v, a.Version())
			last, ok := a.Last()
			assert.True(t, ok)
			assert.Equal(t, at(split-1), last)
			require.ErrorIs(t, a.Append(count(split-2, 1)), archive.ErrOrder)
			fill(t, a, split, 10)
			require.NoError(t, a.Close())
			gotMeta, _, gotData := archtest.Members(t, base)
			assert.True(t, bytes.Equal(wantMeta, gotMeta), "metadata, split at %d", split)
			assert.True(t, bytes.Equal(wantData, gotData), "values, split at %d", split)
			assert.Equal(t, []int{9}, perVolume(t, base))
		}
	})
}

func TestContinueRefusesConflicts(t *testing.T) {
	a, base := create(t, pcp.V3)
	fill(t, a, 1, 3)
	require.NoError(t, a.Close())
	a, err := archive.Continue(base, nil)
	require.NoError(t, err)
	other := *archtest.Count
	other.Type = pcp.TypeU64
	require.ErrorIs(t, a.Define(&other), pcp.ErrMismatch)
	require.NoError(t, a.Close())
	before, index, data := archtest.Members(t, base)
	for range 2 { // without new records nothing changes
		a, err = archive.Continue(base, nil)
		require.NoError(t, err)
		require.NoError(t, a.Close())
		m, i, d := archtest.Members(t, base)
		assert.True(t, bytes.Equal(before, m) && bytes.Equal(index, i) && bytes.Equal(data, d))
	}
}

// TestContinueTorn cuts each file at every byte after its label and then
// appends.
func TestContinueTorn(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, original := create(t, v)
		fill(t, a, 1, 4)
		require.NoError(t, a.Close())
		metaFile, index, data := archtest.Members(t, original)
		header := int(archive.HeaderSize(v))
		try := func(suffix string, content []byte, least int) {
			base := filepath.Join(t.TempDir(), "rec")
			for s, b := range map[string][]byte{".meta": metaFile, ".index": index, ".0": data} {
				if s == suffix {
					b = content
				}
				require.NoError(t, os.WriteFile(base+s, b, 0o644))
			}
			a, err := archive.Continue(base, &archive.WriteOptions{NoSync: true})
			require.NoError(t, err, "%s of %d bytes", suffix, len(content))
			require.NoError(t, a.Define(archtest.Count))
			require.NoError(t, a.Append(count(9, 9)))
			require.NoError(t, a.Close())
			got := counts(t, base)
			assert.Equal(t, "9:9", got[len(got)-1])
			assert.GreaterOrEqual(t, len(got), least, "%s of %d bytes", suffix, len(content))
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			for _, err := range r.Records(archive.RoleMeta) {
				require.NoError(t, err)
			}
			entries := r.Index()
			require.NotEmpty(t, entries)
			assert.Equal(t, at(9), entries[len(entries)-1].Stamp)
			if suffix != ".meta" {
				indexIsTrue(t, r)
			}
		}
		for n := header + 1; n < len(metaFile); n += 3 {
			try(".meta", metaFile[:n], 1)
		}
		for n := header; n < len(data); n++ {
			try(".0", data[:n], 1)
		}
		for n := range index {
			if n == 0 || n > 100 && n < header-2 {
				continue
			}
			try(".index", index[:n], 4)
		}
		try(".index", nil, 4)
	})
}

func TestContinueInNewVolume(t *testing.T) {
	a, base := create(t, pcp.V3)
	fill(t, a, 1, 5)
	require.NoError(t, a.Rotate())
	fill(t, a, 5, 8)
	require.NoError(t, a.Close())
	raw, err := os.ReadFile(base + ".1")
	require.NoError(t, err)
	packed := archtest.Pack(t, raw, "gzip", "-c")
	foreign := bytes.Clone(raw)
	foreign[11]++ // process that wrote the archive
	damaged := bytes.Clone(raw)
	damaged[len(damaged)-1]++
	for name, tt := range map[string]struct {
		suffix  string
		content []byte
	}{"compressed": {".1.gz", packed}, "foreign": {".1", foreign}, "damaged": {".1", damaged}} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.Remove(base+".1"))
			file := base + tt.suffix
			require.NoError(t, os.WriteFile(file, tt.content, 0o644))
			defer func() {
				require.NoError(t, os.Remove(file))
				require.NoError(t, os.WriteFile(base+".1", raw, 0o644))
				os.Remove(base + ".2")
			}()
			a, err := archive.Continue(base, nil)
			require.NoError(t, err)
			last, _ := a.Last()
			assert.LessOrEqual(t, last.Sec, int64(7))
			fill(t, a, 8, 10)
			require.NoError(t, a.Close())
			kept, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(tt.content, kept))
			assert.FileExists(t, base+".2")
			if name != "damaged" {
				assert.Len(t, counts(t, base), 9)
			}
			if name == "compressed" {
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
			}
		})
	}
}

func TestContinueErrors(t *testing.T) {
	_, err := archive.Continue(filepath.Join(t.TempDir(), "none"), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)

	a, base := create(t, pcp.V3)
	fill(t, a, 1, 3)
	require.NoError(t, a.Close())
	raw, err := os.ReadFile(base + ".meta")
	require.NoError(t, err)
	damaged := bytes.Clone(raw)
	damaged[len(damaged)-1]++
	require.NoError(t, os.WriteFile(base+".meta", damaged, 0o644))
	_, err = archive.Continue(base, nil)
	require.ErrorIs(t, err, pcp.ErrTrailer)
	assert.ErrorContains(t, err, base+".meta")
}

// TestContinueCorpus appends to a copy of every uncompressed archive of the
// corpus. All earlier records must remain, followed by a mark.
func TestContinueCorpus(t *testing.T) {
	n := 0
	for _, original := range oracle.Archives(t, "archives", true) {
		before, err := recordCount(original)
		if err != nil {
			continue // TestContinueTorn covers incomplete files
		}
		n++
		_, members, err := archive.Members(original)
		require.NoError(t, err)
		base := filepath.Join(t.TempDir(), "rec")
		for _, m := range members {
			raw, err := os.ReadFile(m.Path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(base+m.Path[len(original):], raw, 0o644))
		}
		a, err := archive.Continue(base, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err, original)
		last, _ := a.Last()
		last.Sec++
		last.Nsec = 0
		require.NoError(t, a.Mark(last), original)
		require.NoError(t, a.Close())
		after, err := recordCount(base)
		require.NoError(t, err, original)
		assert.Equal(t, before+1, after, original)
	}
	t.Logf("%d archives", n)
	assert.Greater(t, n, 80)
}

// recordCount reads a whole archive.
func recordCount(base string) (n int, err error) {
	r, err := archive.Open(base, nil)
	if err != nil {
		return 0, err
	}
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData} {
		for _, err := range r.Records(role) {
			if err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// TestLabelsInForce checks that an Appender knows the labels that it wrote and
// those of an archive that it continues.
func TestLabelsInForce(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, nil)
	require.NoError(t, err)
	assert.Nil(t, a.Labels(labelset.Item, 7))
	none := &meta.Labels{Stamp: at(1), Level: labelset.Item, Ident: 7, Sets: []labelset.Instance{{Inst: pcp.InstNull}}}
	require.NoError(t, a.SetLabels(none))
	assert.Same(t, none, a.Labels(labelset.Item, 7), "as the reference's tools write them, too")
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Append(count(1, 1)))
	require.NoError(t, a.Close())

	a, err = archive.Continue(base, nil)
	require.NoError(t, err)
	require.NotNil(t, a.Labels(labelset.Item, 7))
	assert.True(t, none.SameSets(a.Labels(labelset.Item, 7)))
	assert.Nil(t, a.Labels(labelset.Item, 8))
	require.NoError(t, a.Close())
}
