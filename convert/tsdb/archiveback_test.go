package tsdb_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
)

// logbook is a HistogramSamples that keeps a line for each sample. Ends of what
// has no value before them are left out.
type logbook map[string][]string

func (l logbook) Sample(p *prom.Series, t int64, v float64) error {
	key := blocktest.Labels(p).String()
	lines := l[key]
	if prom.IsStale(v) && (len(lines) == 0 || strings.HasSuffix(lines[len(lines)-1], "end")) {
		return nil
	}
	line := fmt.Sprintf("%d %x", t, math.Float64bits(v))
	if prom.IsStale(v) {
		line = fmt.Sprintf("%d end", t)
	}
	l[key] = append(lines, line)
	return nil
}

func (l logbook) Histogram(p *prom.Series, t int64, data []byte) error {
	key := blocktest.Labels(p).String()
	l[key] = append(l[key], fmt.Sprintf("%d histogram %x", t, data))
	return nil
}

// fillOddly appends series with odd names, labels and values, of which some turn
// from numbers into histograms and back.
func fillOddly(t *testing.T, r *rand.Rand, app storage.AppenderV2) {
	t.Helper()
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	for i := range 2 + r.IntN(12) {
		b := labels.NewBuilder(labels.EmptyLabels())
		b.Set("__name__", one("a", "a:b", "a.b", "a_b", "a b", "ü", "up", "x_total", "_x", "9", "U__x", "a_bucket", "control"))
		if r.IntN(3) > 0 {
			b.Set("i", fmt.Sprint(i))
		}
		for range r.IntN(4) {
			b.Set(one("job", "instance", "l", "l.m", "ü", "U__l", "__odd", "le", "hostname", "a b"), one("x", "y:9100", "z", "[::1]:1", `"q"\`, "two\nlines", " ", "ü"))
		}
		now := blocktest.Noon + r.Int64N(1000)
		for range r.IntN(40) {
			now += 1 + r.Int64N(1<<r.IntN(12))
			switch r.IntN(12) {
			case 0:
				_, err := app.Append(0, b.Labels(), 0, now, 0, tsdbutil.GenerateTestHistogram(r.Int64N(9)), nil, storage.AppendV2Options{})
				require.NoError(t, err)
			case 1:
				_, err := app.Append(0, b.Labels(), 0, now, 0, nil, tsdbutil.GenerateTestGaugeFloatHistogram(r.Int64N(9)), storage.AppendV2Options{})
				require.NoError(t, err)
			case 2:
				_, err := app.Append(0, b.Labels(), 0, now, 0, tsdbutil.GenerateTestCustomBucketsHistogram(r.Int64N(9)), nil, storage.AppendV2Options{})
				require.NoError(t, err)
			case 3:
				tsdbtest.Put(t, app, b.Labels(), now, prom.StaleNaN)
			case 4:
				tsdbtest.Put(t, app, b.Labels(), now, math.Float64frombits(r.Uint64()))
			default:
				tsdbtest.Put(t, app, b.Labels(), now, []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1, r.NormFloat64()}[r.IntN(7)])
			}
		}
	}
}

// TestRandomThroughAnArchive is TSDB → archive → TSDB: every sample comes back
// under the same labels.
func TestRandomThroughAnArchive(t *testing.T) {
	for seed := uint64(*first); seed < uint64(*first+*seeds/4); seed++ { // Prometheus takes its time
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel() // it also waits for the disk
			rng := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			for range 1 + rng.IntN(2) { // they overlap
				tsdbtest.PromBlock(t, dir, func(app storage.AppenderV2) { fillOddly(t, rng, app) })
			}
			want, got, report := logbook{}, logbook{}, &prom.Report{}
			r, err := read.Open(t.Context(), []string{dir}, read.Options{})
			require.NoError(t, err)
			require.NoError(t, r.Samples(t.Context(), sinktest.Sink(want)))
			require.NoError(t, r.Close())
			if len(want) == 0 {
				return // nothing but ends
			}
			base := filepath.Join(t.TempDir(), "archive")
			tsdbtest.ToArchiveOf(t, "h", report, base, dir)
			a, err := archive.Open(base, nil)
			require.NoError(t, err)
			flat := flatten.New(sinktest.Sink(got), flatten.Options{TargetLabels: true, NoHealth: true, Report: report})
			require.NoError(t, convert.Copy(t.Context(), flat, convert.FromArchive(a, history.Query{})))
			assert.Equal(t, want, got, "seed %d", seed)
			assert.False(t, slices.ContainsFunc(report.Losses(), func(l prom.LossCount) bool { return l.Loss != prom.LossEnd }), "seed %d: %v", seed, report.Losses())
		})
	}
}
