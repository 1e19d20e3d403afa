package size_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/size"
)

func measure(t *testing.T, base string) *size.Report {
	r, err := archive.Open(base, nil)
	require.NoError(t, err, base)
	m := size.New(time.UTC)
	require.NoError(t, m.Add(t.Context(), r), base)
	return m.Report()
}

// checkSums requires that the parts of a report sum up to the lengths of the files.
func checkSums(t *testing.T, r *size.Report) {
	var kinds, values, metrics, labels, levels, domains, days, data int64
	for _, k := range r.Kinds {
		kinds += k.Length
		switch k.Name {
		case size.KindValues:
			values = k.Length
			data += k.Length
		case size.KindFrames, size.KindMarks:
			data += k.Length
		case size.KindLabels:
			labels = k.Length
		case size.KindDomains, size.KindDeltas:
			domains += k.Length
		}
	}
	assert.Equal(t, r.Length(), kinds, "kinds")
	for _, m := range r.Metrics {
		metrics += m.Values
		assert.LessOrEqual(t, m.Repeated, m.Values, m.Name)
	}
	assert.Equal(t, values, metrics, "metrics")
	for _, l := range r.Labels {
		levels += l.Length
	}
	assert.Equal(t, labels, levels, "levels")
	for _, d := range r.Domains {
		domains -= d.Length
	}
	assert.Zero(t, domains, "domains")
	for _, d := range r.Days {
		days += d.Length
	}
	assert.Equal(t, data, days, "days")
	for _, f := range r.Files {
		info, err := os.Stat(f.Path)
		require.NoError(t, err)
		assert.Equal(t, info.Size(), f.Stored, f.Path)
	}
}

func TestPartsSumUpToTheFiles(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := archtest.Sample(t, v)
		r := measure(t, base)
		checkSums(t, r)
		assert.Equal(t, r.Stored(), r.Length(), "nothing is compressed")
		for _, f := range r.Files {
			assert.Zero(t, f.Lost, f.Path)
			assert.Equal(t, f.Stored, f.Length, f.Path)
		}
	})
	for seed := range uint64(40) {
		base := filepath.Join(t.TempDir(), "rec")
		archtest.Random(t, base, seed, archtest.RandomOptions{})
		r := measure(t, base)
		checkSums(t, r)
		assert.Equal(t, r.Stored(), r.Length(), "seed %d", seed)
	}
}

// A compressed file counts with its decompressed length, and its length on disk.
func TestCompressed(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	plain := measure(t, base)
	for _, suffix := range []string{".meta", ".0"} {
		data, err := os.ReadFile(base + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(base+suffix+".xz", archtest.Pack(t, data, "xz"), 0o666))
		require.NoError(t, os.Remove(base+suffix))
	}
	packed := measure(t, base)
	checkSums(t, packed)
	assert.Equal(t, plain.Length(), packed.Length())
	assert.Less(t, packed.Stored(), packed.Length())
	assert.Equal(t, plain.Kinds, packed.Kinds)
	assert.Equal(t, plain.Metrics, packed.Metrics)
}

// Damage is a kind of its own, and the sums stay right.
func TestDamaged(t *testing.T) {
	for cut := int64(1); cut < 400; cut += 13 {
		base := archtest.Sample(t, pcp.V3)
		for _, suffix := range []string{".meta", ".0"} {
			info, err := os.Stat(base + suffix)
			require.NoError(t, err)
			f, err := os.OpenFile(base+suffix, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte{0xff, 0xff, 0xff}, info.Size()-cut)
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
		r := measure(t, base)
		checkSums(t, r)
		assert.Equal(t, r.Stored(), r.Length(), "damage %d bytes before the end", cut)
	}
}

func TestInterval(t *testing.T) {
	m := size.Metric{Values: 1000, Interval: 10 * time.Second}
	assert.EqualValues(t, 500, m.Saved(20*time.Second))
	assert.EqualValues(t, 0, m.Saved(10*time.Second))
	assert.EqualValues(t, 0, m.Saved(time.Second))
	once := size.Metric{Values: 1000}
	assert.EqualValues(t, 0, once.Saved(time.Hour), "a metric that was recorded once")
}

// The reference's pmlogsize counts the same.
func TestPmlogsize(t *testing.T) {
	for _, base := range oracle.Archives(t, "archives", true) {
		info, err := os.Stat(base + ".0")
		if err != nil || info.Size() > 4<<20 {
			continue
		}
		t.Run(filepath.Base(base), func(t *testing.T) { compareWithReference(t, base) })
	}
}
