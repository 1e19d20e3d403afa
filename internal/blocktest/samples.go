package blocktest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// Hour is an hour in milliseconds.
const Hour = int64(time.Hour / time.Millisecond)

// Noon is a time in milliseconds, in the middle of a default window.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()

// Point is a sample. Bits are the bits of its value, because NaNs differ in them and zeros
// do, too.
type Point struct {
	T    int64
	Bits uint64
}

// At returns a Point.
func At(t int64, v float64) Point { return Point{t, math.Float64bits(v)} }

// Content has the samples of series, by the labels of each series as text.
type Content map[string][]Point

// NewSeries returns a series with one label.
func NewSeries(id int, name, instance string) *prom.Series {
	return &prom.Series{
		ID: id, Name: name, Labels: []prom.Label{{Name: "instname", Value: instance}},
		Family: &prom.Family{Name: name, Type: prom.TypeGauge},
	}
}

// Labels returns the labels of a series with its name.
func Labels(s *prom.Series) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	b.Set(model.MetricNameLabel, s.Name)
	for _, l := range s.Labels {
		b.Set(l.Name, l.Value)
	}
	return b.Labels()
}

// ManySeries returns series of fifty names and three labels.
func ManySeries(n int) []*prom.Series {
	all := make([]*prom.Series, n)
	for i := range all {
		all[i] = &prom.Series{
			ID: i, Name: fmt.Sprintf("metric_%02d_total", i%50),
			Labels: []prom.Label{
				{Name: "host", Value: fmt.Sprintf("host%03d.example.com", i/50%100)},
				{Name: "instname", Value: fmt.Sprintf("cpu%d", i/5000)},
				{Name: "job", Value: "pcp"},
			},
		}
	}
	return all
}

// NewBlocks returns a Blocks and the folder into which it writes.
func NewBlocks(t testing.TB, o write.Options) (*write.Blocks, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	b, err := write.NewBlocks(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b, dir
}

// Listing returns the names in a folder.
func Listing(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Step is the interval of OverMidnight's samples in milliseconds.
const Step = 15000

// OverMidnight writes an hour of samples, half of it on the next day. One series pauses in
// the middle, after a staleness marker.
func OverMidnight(t *testing.T) (b *write.Blocks, dir string, start int64, want Content) {
	t.Helper()
	b, dir = NewBlocks(t, write.Options{})
	rng := rand.New(rand.NewPCG(7, 8))
	start = Noon + 12*Hour - Hour/2
	want = Content{}
	all := make([]*prom.Series, 20)
	for i := range all {
		all[i] = NewSeries(i, "load", fmt.Sprintf("cpu%02d", i))
	}
	for row := range int64(240) {
		now := start + row*Step
		for i, s := range all {
			v := []float64{float64(row), rng.NormFloat64(), math.Inf(1 - 2*(i&4)), 1e300 * rng.Float64()}[i%4]
			if i == 7 && row > 90 && row < 150 {
				if row > 91 {
					continue
				}
				v = prom.StaleNaN
			}
			require.NoError(t, sinktest.Put(b, s, now, v))
			key := s.Labels[0].Value
			if !prom.IsStale(v) {
				want[key] = append(want[key], At(now, v))
			}
		}
	}
	require.NoError(t, sinktest.Finish(b))
	require.Len(t, b.Written(), 2)
	return b, dir, start, want
}
