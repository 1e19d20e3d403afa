package check_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// salvage saves an archive and returns what it found.
func salvage(t *testing.T, base, out string) (found []finding.Finding, failed error) {
	for f, err := range check.Salvage(t.Context(), base, out, nil) {
		if err != nil {
			failed = err
			continue
		}
		found = append(found, f)
	}
	return found, failed
}

func errorsOf(findings []finding.Finding) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f finding.Finding) bool { return f.Severity < finding.Error })
}

// TestSalvageSound checks that nothing of a sound archive changes.
func TestSalvageSound(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base, out := archtest.Sample(t, v), filepath.Join(t.TempDir(), "out")
		found, err := salvage(t, base, out)
		require.NoError(t, err)
		assert.Equal(t, slices.Collect(check.Archive(t.Context(), base, nil)), found)
		m, i, d := archtest.Members(t, base)
		m2, i2, d2 := archtest.Members(t, out)
		assert.Equal(t, m, m2)
		assert.Equal(t, i, i2)
		assert.Equal(t, d, d2)
		assert.Empty(t, slices.Collect(check.Archive(t.Context(), out, &check.Options{Min: finding.Warning})))

		_, err = salvage(t, base, out)
		assert.ErrorIs(t, err, fs.ErrExist)
	})
}

// TestSalvageDamage checks that damage costs the records concerned alone, and
// that readers take what is left.
func TestSalvageDamage(t *testing.T) {
	c := craft(t, pcp.V3)
	good(c)
	c.Put(".0", c.Layout.HeaderSize+72, 0)
	c.Put(".0", 4, 0)
	c.Put(".meta", c.Layout.HeaderSize, 7)
	c.Files[".index"] = []byte("rubbish")
	c.Write()
	out := filepath.Join(t.TempDir(), "out")
	found, err := salvage(t, c.Base, out)
	require.NoError(t, err)
	assert.Subset(t, codes(found), []finding.Code{check.LabelMagic, check.FrameLength})
	assert.Empty(t, errorsOf(slices.Collect(check.Archive(t.Context(), out, nil))))
	_, _, sound := archtest.Members(t, out)
	assert.Len(t, sound, c.Layout.HeaderSize+3*72)
}

// TestSalvageEarlierThanTheStart: labels that begin after the first record are
// brought forward, or readers would pass over it.
func TestSalvageEarlierThanTheStart(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		c := craft(t, v)
		c.Meta(counter)
		c.Value(at(-5), counter.PMID, pcp.InstNull, 1)
		c.Value(at(1), counter.PMID, pcp.InstNull, 2)
		c.Write()
		out := filepath.Join(t.TempDir(), "out")
		found, err := salvage(t, c.Base, out)
		require.NoError(t, err)
		assert.Contains(t, codes(found), check.DataStart)
		assert.NotContains(t, codes(slices.Collect(check.Archive(t.Context(), out, nil))), check.DataStart)
		r, err := archive.Open(out, nil)
		require.NoError(t, err)
		assert.Equal(t, at(-5), r.Header().Start)
	})
}

func TestSalvageNothing(t *testing.T) {
	c := craft(t, pcp.V3)
	c.Write()
	dir := t.TempDir()
	_, err := salvage(t, c.Base, filepath.Join(dir, "out"))
	assert.ErrorIs(t, err, check.ErrNothing)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestSalvageStopped checks that a consumer that leaves gets no half an archive.
func TestSalvageStopped(t *testing.T) {
	c := craft(t, pcp.V3)
	good(c)
	c.Meta(text)
	c.Write()
	dir := t.TempDir()
	for range check.Salvage(t.Context(), c.Base, filepath.Join(dir, "out"), nil) {
		break
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestSalvageCancelled ends a salvage by its context: nothing is left of it, and
// the error is the context's.
func TestSalvageCancelled(t *testing.T) {
	c := craft(t, pcp.V3)
	good(c)
	c.Write()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var failed error
	for f, err := range check.Salvage(ctx, c.Base, filepath.Join(dir, "out"), nil) {
		assert.Empty(t, f)
		failed = err
	}
	require.ErrorIs(t, failed, context.Canceled)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestSalvageLocked refuses the name of an archive that another writes.
func TestSalvageLocked(t *testing.T) {
	c := craft(t, pcp.V3)
	good(c)
	c.Write()
	out := filepath.Join(t.TempDir(), "out")
	a, err := archive.Create(out, archive.Header{Host: "h", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	_, err = salvage(t, c.Base, out)
	var inUse *archive.InUseError
	require.ErrorAs(t, err, &inUse)
	require.NoError(t, a.Close())
}

// hopeless are archives of a version that nobody reads, or without any record.
var hopeless = []finding.Code{check.LabelVersion, check.FileEmpty}

// TestSalvageBad saves the archives that are known to be bad; the reference
// must take what comes of it.
func TestSalvageBad(t *testing.T) {
	for _, base := range oracle.Archives(t, "badarchives", false) {
		stem := filepath.Base(base)
		t.Run(stem, func(t *testing.T) {
			dir := t.TempDir()
			found, err := salvage(t, base, filepath.Join(dir, "out"))
			if err != nil {
				assert.ErrorIs(t, err, check.ErrNothing)
				assert.True(t, slices.ContainsFunc(hopeless, func(c finding.Code) bool { return slices.Contains(codes(found), c) }), "%v", found)
				return
			}
			assert.Empty(t, errorsOf(slices.Collect(check.Archive(t.Context(), filepath.Join(dir, "out"), nil))))
			cmd := oracle.Command(t, "pmlogcheck", "out")
			cmd.Dir = dir
			said, err := cmd.CombinedOutput()
			assert.NoError(t, err, "%s", said)
		})
	}
}
