package tsdb_test

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// counted writes an archive of a counter that begins at a value and grows by 150
// every 15 seconds.
func counted(t *testing.T, base string, typ pcp.Type, start int64, values ...uint64) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC", Start: pcp.TimestampMilli(start)}, nil)
	require.NoError(t, err)
	d := &meta.Desc{PMID: 7, Type: typ, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"c"}}
	require.NoError(t, a.Define(d))
	for i, v := range values {
		stamp := pcp.TimestampMilli(start + int64(i)*blocktest.Step)
		if v == lost {
			require.NoError(t, a.Mark(stamp))
			continue
		}
		value := history.NumberValue(pcp.InstNull, typ, v)
		if typ == pcp.TypeU32 {
			value = history.WordValue(pcp.InstNull, uint32(v))
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: stamp, Sets: []archive.ValueSet{
			{PMID: d.PMID, Format: archive.FormatOf(typ), Values: []history.Value{value}},
		}}))
	}
	require.NoError(t, a.Close())
}

// lost is a mark among values.
const lost = math.MaxUint64

// growing returns n values that are 150 apart.
func growing(from uint64, n int) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = from + 150*uint64(i)
	}
	return all
}

// rates returns what Prometheus says of rate(c[1m]) over blocks, by time, of all
// series together.
func rates(t *testing.T, blocks []write.Block, start, end int64) map[int64]float64 {
	t.Helper()
	open := storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		var all []storage.Querier
		for _, b := range blocks {
			block, err := promtsdb.OpenBlock(tsdbtest.Quiet, b.Dir, nil, nil)
			require.NoError(t, err)
			t.Cleanup(func() { _ = block.Close() })
			q, err := promtsdb.NewBlockQuerier(block, mint, maxt)
			require.NoError(t, err)
			all = append(all, q)
		}
		return storage.NewMergeQuerier(all, nil, storage.ChainedSeriesMerge), nil
	})
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute})
	t.Cleanup(func() { _ = engine.Close() })
	q, err := engine.NewRangeQuery(t.Context(), open, nil, `rate(c[1m])`, time.UnixMilli(start), time.UnixMilli(end), blocktest.Step*time.Millisecond)
	require.NoError(t, err)
	defer q.Close()
	res := q.Exec(t.Context())
	require.NoError(t, res.Err)
	m, err := res.Matrix()
	require.NoError(t, err)
	found := map[int64]float64{}
	for _, s := range m {
		for _, p := range s.Floats {
			assert.NotContains(t, found, p.T, "two series at once")
			found[p.T] = p.F
		}
	}
	return found
}

// TestRate asks for the rate of a counter that grows by ten a second, but for
// what nobody saw: it is ten or, where it cannot be told, nothing.
func TestRate(t *testing.T) {
	midnight := blocktest.Noon + 12*blocktest.Hour
	before := midnight - 10*blocktest.Step
	type recording struct {
		start  int64
		values []uint64
	}
	split := flatten.Options{SplitAtMarks: true}
	for name, test := range map[string]struct {
		typ        pcp.Type
		recordings []recording
		opts       flatten.Options
		unwrap     bool
		blocks     int
		defined    int // at how many times there is a rate: of n values in a row, n + 1
		bridged    bool
	}{
		"over a block's border": {pcp.TypeU64, []recording{{before, growing(1000, 21)}}, split, false, 2, 22, false},
		"over an archive's border": {pcp.TypeU64, []recording{
			{before, growing(1000, 9)}, {midnight + blocktest.Step, growing(1e9, 10)},
		}, split, false, 2, 10 + 11, false},
		"over a mark": {pcp.TypeU64, []recording{
			{before, append(append(growing(1000, 10), lost), growing(5e6, 10)...)},
		}, split, false, 2, 11 + 11, false},
		"over a mark that was a reboot": {pcp.TypeU64, []recording{
			{before, append(append(growing(1e9, 10), lost), growing(0, 10)...)},
		}, split, false, 2, 11 + 11, false},
		"over a reset": {pcp.TypeU64, []recording{{before, append(growing(1e9, 10), growing(150, 10)...)}}, split, false, 2, 21, false},
		"over a wrap":  {pcp.TypeU32, []recording{{before, wrapping(20)}}, split, true, 2, 21, false},
		// What Prometheus makes of it by itself: rate() passes over staleness markers.
		"over a mark, in one series": {pcp.TypeU64, []recording{
			{before, append(append(growing(1000, 10), lost), growing(5e6, 10)...)},
		}, flatten.Options{}, false, 2, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for i, r := range test.recordings {
				counted(t, filepath.Join(folder, string(rune('a'+i))), test.typ, r.start, r.values...)
			}
			set := storetest.Open(t, folder)
			b, _ := blocktest.NewBlocks(t, write.Options{})
			var sink history.Sink = flatten.New(b, test.opts)
			if test.unwrap {
				sink = convert.NewUnwrap(sink, nil)
			}
			require.NoError(t, convert.Copy(t.Context(), sink, convert.FromArchive(set, history.Query{})))
			require.NoError(t, sinktest.Finish(b))
			require.Len(t, b.Written(), test.blocks)
			found := rates(t, b.Written(), before, midnight+20*blocktest.Step)
			bridged := false
			for at, v := range found {
				assert.GreaterOrEqual(t, v, 0.0, "at %d", (at-midnight)/blocktest.Step)
				bridged = bridged || v > 10.01
			}
			assert.Equal(t, test.bridged, bridged, "%v", found)
			if !test.bridged {
				assert.Len(t, found, test.defined)
			}
		})
	}
}

// wrapping returns the values of a 32-bit counter that wraps in the middle.
func wrapping(n int) []uint64 {
	all := growing(1<<32-150*uint64(n)/2, n)
	for i := range all {
		all[i] &= 1<<32 - 1
	}
	return all
}

// A NaN in place of a mark would not keep rate() from reaching over it: it hides
// the reset, so that the rate is negative. It is why there is none.
func TestWhyMarksAreNoNaN(t *testing.T) {
	b, _ := blocktest.NewBlocks(t, write.Options{})
	s := blocktest.NewSeries(0, "c", "a")
	for i, v := range []float64{1e6, 1e6 + 150, math.NaN(), 0, 150} {
		require.NoError(t, sinktest.Put(b, s, blocktest.Noon+int64(i)*blocktest.Step, v))
	}
	require.NoError(t, sinktest.Finish(b))
	found := rates(t, b.Written(), blocktest.Noon+4*blocktest.Step, blocktest.Noon+4*blocktest.Step)
	require.Len(t, found, 1)
	assert.Negative(t, found[blocktest.Noon+4*blocktest.Step])
}
