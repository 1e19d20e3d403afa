package registry_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/registry"
)

// record writes an archive of a target with the bench's registry. It has a metric for
// each name, and a value for each of the labels.
func (b *bench) record(base, job string, at int64, metrics, values []string) {
	b.t.Helper()
	m, err := mapper.New(mapper.Options{Host: "h", Numbers: b.reg})
	require.NoError(b.t, err)
	name := b.reg.Name(job)
	src, err := m.Source(mapper.Target{Name: name, Job: job, Instance: base, URL: "http://h/", Host: "h"})
	require.NoError(b.t, err)
	out, err := archive.Create(filepath.Join(b.opts.Dir, base), archive.LocalHeader("h"), nil)
	require.NoError(b.t, err)
	sink := convert.NewToArchive(out)
	src.Begin(pcp.Timestamp{Sec: at})
	for _, metric := range metrics {
		one, err := src.Series(metric, nil, prom.Family{Name: metric + "_one", Type: "counter"})
		require.NoError(b.t, err)
		src.Set(one, 1)
		for _, v := range values {
			ser, err := src.Series(metric, []prom.Label{{Name: "a", Value: "ä\\\""}, {Name: "x", Value: v}}, prom.Family{Name: metric, Type: "gauge"})
			require.NoError(b.t, err)
			src.Set(ser, 2)
		}
	}
	src.SetHealth(mapper.Health{Up: 1})
	step := src.Step()
	require.NoError(b.t, b.reg.Sync())
	require.NoError(b.t, sink.Put(step))
	require.NoError(b.t, sink.Close())
	src.Release()
}

// learnt returns what the archives say about their metrics.
func (b *bench) learnt(bases ...string) (all []mapper.RecordedMetric) {
	for _, base := range bases {
		r, err := archive.Open(filepath.Join(b.opts.Dir, base), nil)
		require.NoError(b.t, err)
		for rec := range mapper.Recorded(r.Meta(), "openmetrics") {
			all = append(all, rec)
		}
	}
	return all
}

// A registry that is lost or damaged comes back from the archives, and the archives of
// the same job have the same numbers before and after.
func TestRebuiltFromArchives(t *testing.T) {
	damages := map[string]func(file string) error{
		"lost":    os.Remove,
		"emptied": func(file string) error { return os.Truncate(file, 0) },
		"foreign": func(file string) error { return os.WriteFile(file, []byte("something else"), 0o600) },
		"changed": func(file string) error {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			text[len(text)/3] ^= 1
			return os.WriteFile(file, text, 0o600)
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.record("old", "web", 1000, []string{"gone", "m"}, []string{"1", "2"})
			b.record("mid", "db", 2000, []string{"q"}, []string{"9", "1"})
			b.record("new", "web", 3000, []string{"n", "m"}, []string{"3", "2"})
			before := b.learnt("old", "mid", "new")
			require.Len(t, before, 10)
			require.NoError(t, b.reg.Close())
			require.NoError(t, damage(b.file()))
			b.open()
			b.record("old2", "web", 4000, []string{"m", "gone"}, []string{"2", "1"})
			b.record("mid2", "db", 4000, []string{"q"}, []string{"1", "9"})
			b.record("new2", "web", 4000, []string{"m", "n"}, []string{"2", "3"})
			assert.Equal(t, before, b.learnt("old2", "mid2", "new2"))
			b.record("more", "web", 5000, []string{"more"}, []string{"2"})
			for _, one := range b.learnt("more") {
				for _, other := range before {
					assert.NotEqual(t, other.Desc.PMID, one.Desc.PMID)
				}
			}
		})
	}
}

// A record that a crash cut off is dropped; what comes before it stays.
func TestTornFile(t *testing.T) {
	b := newBench(t)
	before := b.numbers([]string{"web"}, []string{"m"}, []string{"1"})
	require.NoError(t, b.reg.Sync())
	text, err := os.ReadFile(b.file())
	require.NoError(t, err)
	b.numbers([]string{"web"}, []string{"n"}, nil)
	require.NoError(t, b.reg.Sync())
	longer, err := os.ReadFile(b.file())
	require.NoError(t, err)
	for end := len(text) + 1; end < len(longer); end++ {
		for _, tail := range [][]byte{nil, make([]byte, 100), {longer[end] ^ 1}} {
			require.NoError(t, os.WriteFile(b.file(), append(bytes.Clone(longer[:end]), tail...), 0o600))
			b.open()
			after := b.numbers([]string{"web"}, []string{"m"}, []string{"1"})
			assert.Equal(t, before, after)
		}
	}
}

// Learn takes the numbers of an archive that agrees, and refuses one that does not.
func TestLearn(t *testing.T) {
	b := newBench(t)
	b.record("a", "web", 1000, []string{"m"}, []string{"1", "2"})
	a, err := archive.Open(filepath.Join(b.opts.Dir, "a"), nil)
	require.NoError(t, err)
	require.NoError(t, b.reg.Learn(a.Meta()))

	other := newBench(t)
	other.record("b", "db", 1000, []string{"m"}, []string{"1"})
	var conflict *registry.ConflictError
	require.ErrorAs(t, other.reg.Learn(a.Meta()), &conflict)
	assert.Equal(t, "cluster", conflict.What)
	require.ErrorIs(t, conflict, pcp.ErrMismatch)

	other = newBench(t)
	other.record("b", "web", 1000, []string{"n"}, []string{"1"})
	require.ErrorAs(t, other.reg.Learn(a.Meta()), &conflict)
	assert.Equal(t, "number", conflict.What)

	other = newBench(t)
	other.record("b", "web", 1000, []string{"m"}, []string{"2", "3"})
	require.ErrorAs(t, other.reg.Learn(a.Meta()), &conflict)
	assert.Equal(t, "instance", conflict.What)
}

// A number that cannot reach the disk is not lost, and a later Sync writes it.
func TestFullDisk(t *testing.T) {
	b := newBench(t)
	if err := os.Chmod(b.opts.Dir, 0o500); err != nil || os.Getuid() == 0 {
		t.Skip("root writes to every folder")
	}
	_, err := registry.Open(b.opts)
	require.Error(t, err)
}

// A file of a newer release is not touched.
func TestNewerFile(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.reg.Close())
	text := []byte("pcparchive registry 2\nwhatever")
	require.NoError(t, os.WriteFile(b.file(), text, 0o600))
	_, err := registry.Open(b.opts)
	require.ErrorContains(t, err, "a newer release")
	after, err := os.ReadFile(b.file())
	require.NoError(t, err)
	assert.Equal(t, text, after)
}
