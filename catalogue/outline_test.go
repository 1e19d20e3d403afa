package catalogue_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/store"
)

var questions = []catalogue.Question{
	{}, {Label: "__name__"}, {Label: "instname"}, {Label: "no such label"}, {Metrics: true}, {Metrics: true, Help: true}, {Label: "hostname", Metrics: true, Help: true},
}

// outlined describes the answers to all questions, and lists the faults of the cache.
func outlined(t *testing.T, sets []*store.Set, cache *cachedir.Dir) (answers []string, faults []error) {
	t.Helper()
	for _, q := range questions {
		c := catalogue.New(catalogue.Options{Cache: cache, Workers: 1})
		o, err := c.View(sets).Outline(t.Context(), q)
		require.NoError(t, err)
		text := fmt.Sprintf("%q %q %q %q %d", o.LabelNames, o.Values, o.Unsure, o.Clashes, o.Series)
		for _, m := range o.Metrics {
			text += fmt.Sprintf("\n%s %+v %q %q %d", m.Host, m.Desc, m.Sample, m.OneLine, m.Series)
			if q.Help {
				text += m.Help
			}
		}
		answers = append(answers, text)
	}
	return answers, cache.Damage()
}

func outlines(t *testing.T, cache string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(cache, "*.outline"))
	require.NoError(t, err)
	return all
}

// TestOutlineIsTheSame answers from the cache without the descriptions of the archives. The
// outline of more archives replaces that of fewer.
func TestOutlineIsTheSame(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	for round := range 3 {
		rotated(t, dir, fmt.Sprint("h", round%2), 3+round)
		archtest.Random(t, filepath.Join(dir, fmt.Sprint("rec", round)), uint64(round), archtest.RandomOptions{Twins: true, Text: true, Host: "h0"})
		sets := open(t, dir)
		want, _ := outlined(t, sets, nil)
		got, faults := outlined(t, sets, cachedir.Open(cache, 0))
		assert.Equal(t, want, got, "round %d", round)
		assert.Empty(t, faults)
		assert.Len(t, outlines(t, cache), len(questions)*(1+min(round, 1)), "one more set of hosts from the second round on")
		for _, file := range entries(t, cache) {
			require.NoError(t, os.Remove(file))
		}
		got, faults = outlined(t, open(t, dir), cachedir.Open(cache, 0))
		assert.Equal(t, want, got, "round %d", round)
		assert.Empty(t, faults)
		assert.Empty(t, entries(t, cache), "nothing was read")
		if round == 1 { // the next round has other archives of h0 and none of h1
			old, err := filepath.Glob(filepath.Join(dir, "h[01][0-9].*"))
			require.NoError(t, err)
			for _, file := range old {
				require.NoError(t, os.Remove(file))
			}
		}
	}
}

// TestDamagedOutline flips bits, cuts and mixes files. Answers stay right, and a fault is
// named once.
func TestDamagedOutline(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	rotated(t, dir, "h", 2)
	sets := open(t, dir)
	want, _ := outlined(t, sets, cachedir.Open(cache, 0))
	r := rand.New(rand.NewPCG(2, 1))
	named := 0
	for i := range 60 {
		files := outlines(t, cache)
		require.Len(t, files, len(questions))
		file := files[r.IntN(len(files))]
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		switch i % 4 {
		case 0:
			content = content[:r.IntN(len(content))]
		case 1:
			content, err = os.ReadFile(files[r.IntN(len(files))]) // the answer to another question
			require.NoError(t, err)
			content = content[:len(content)-1]
		default:
			content[r.IntN(len(content))] ^= 1 << r.IntN(8)
		}
		require.NoError(t, os.WriteFile(file, content, 0o600))
		got, faults := outlined(t, sets, cachedir.Open(cache, 0))
		require.Equal(t, want, got, "damage %d", i)
		named += len(faults)
		got, faults = outlined(t, sets, cachedir.Open(cache, 0))
		require.Equal(t, want, got, "after damage %d", i)
		require.Empty(t, faults, "a fault is named once")
	}
	assert.Greater(t, named, 50)
}

// TestOutlineOfDamagedMetadata is not kept, so that each answer names the damage.
func TestOutlineOfDamagedMetadata(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	rotated(t, dir, "h", 2)
	name := filepath.Join(dir, "h1.meta")
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, content[:len(content)-7], 0o600))
	for range 2 {
		sets := open(t, dir)
		o, err := catalogue.New(catalogue.Options{Cache: cachedir.Open(cache, 0)}).View(sets).Outline(t.Context(), catalogue.Question{Metrics: true})
		require.NoError(t, err)
		assert.NotEmpty(t, o.Metrics)
		assert.Empty(t, outlines(t, cache))
		assert.NotEmpty(t, sets[0].Problems())
	}
}
