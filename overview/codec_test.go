package overview

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

func TestPack(t *testing.T) {
	for _, v := range []float64{0, 1e-6, 0.5, 1, 38, 98.2, 210, 104857, 1e12} {
		assert.InEpsilon(t, v+1, unpack(pack(v))+1, 0.002, "%v", v)
	}
	assert.Zero(t, pack(-1))
	assert.Zero(t, pack(math.NaN()))
	assert.NotEqual(t, uint16(none), pack(math.Inf(1)))
	assert.False(t, math.IsInf(unpack(pack(math.MaxFloat64)), 0))
}

// TestCoarsen wants longer cells to have the worst of the shorter ones.
func TestCoarsen(t *testing.T) {
	track := &Track{Cell: 1000, Start: 5000, columns: make([]column, 2)}
	for i, v := range []float64{3, 9, 4, 1, 7} {
		track.put(0, 5000+int64(i+1)*1000, v, uint16(i))
	}
	track.coarsen(4)
	assert.Equal(t, []int64{4000, 4000}, []int64{track.Cell, track.Start})
	first, ok := track.columns[0].at(0)
	assert.True(t, ok)
	assert.InDelta(t, 9, first, 0)
	second, _ := track.columns[0].at(1)
	assert.InDelta(t, 7, second, 0)
	assert.Equal(t, []uint16{1, 4}, track.columns[0].instances)
	track.put(1, 1<<60, 1, noInstance)
	assert.Empty(t, track.columns[1].values, "too far")
}

func TestCellFor(t *testing.T) {
	for _, x := range []struct{ length, interval, want string }{
		{"10s", "500ms", "1s"}, {"30m", "1m", "1m"}, {"30m", "1s", "2s"}, {"24h", "10s", "1m"}, {"100h", "10s", "1m"}, {"720h", "1m", "5m"},
		{"24h", "45m", "1h"}, {"87600h", "1m", "12h"}, {"876000h", "1m", "96h"},
	} {
		assert.Equal(t, duration(t, x.want), cellFor(duration(t, x.length), duration(t, x.interval)), "%v", x)
	}
}

// sampleTrack is a track with something in each field.
func sampleTrack() *Track {
	table := Default()
	t := &Track{
		Cell: 60_000, Start: 120_000, First: 121_000, Last: 500_000, Target: []prom.Label{{Name: "hostname", Value: "a"}}, Covered: []Span{{121_000, 300_000}, {400_000, 500_000}},
		Marks: []int64{300_001}, Window: 1, seen: make([]presence, len(table.names)), columns: make([]column, len(table.all())), names: []string{"sda", "sdb"},
	}
	t.seen[3] = plural
	t.put(0, 180_000, 5, noInstance)
	t.put(4, 240_000, 7, 1)
	return t
}

func TestCodec(t *testing.T) {
	want := sampleTrack()
	got, err := decodeTrack(want.encode(), Default())
	require.NoError(t, err)
	assert.Equal(t, want, got)
	_, err = decodeTrack(want.encode(), &Table{})
	assert.ErrorIs(t, err, errDamaged, "of other rules")
}

// FuzzDecodeTrack wants any bytes to be refused or to make a track that encodes to itself.
func FuzzDecodeTrack(f *testing.F) {
	f.Add(sampleTrack().raw())
	f.Add((&Track{Cell: 1}).raw())
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		track, err := decodeRaw(raw)
		if err != nil {
			return
		}
		again, err := decodeRaw(track.raw())
		require.NoError(t, err)
		assert.Equal(t, track, again)
		for i := range track.columns {
			first, end := track.cells(&track.columns[i], math.MinInt64/4, math.MaxInt64/4)
			for j := first; j < end; j++ {
				track.instance(&track.columns[i], j)
			}
		}
	})
}

func duration(t *testing.T, text string) time.Duration {
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}
