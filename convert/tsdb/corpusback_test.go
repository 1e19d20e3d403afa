package tsdb_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// keeper is a Samples that keeps what blocks would have of it, and the series.
type keeper struct {
	got    blocktest.Content
	series map[string]*prom.Series
	keys   map[*prom.Series]string
}

func newKeeper() keeper {
	return keeper{blocktest.Content{}, map[string]*prom.Series{}, map[*prom.Series]string{}}
}

func (k keeper) Sample(p *prom.Series, t int64, v float64) error {
	key, known := k.keys[p]
	if !known {
		key = blocktest.Labels(p).String()
		k.keys[p], k.series[key] = key, p
	}
	points := k.got[key]
	if n := len(points); n > 0 && points[n-1].T == t {
		points = points[:n-1]
	}
	k.got[key] = append(points, blocktest.At(t, v))
	return nil
}

// about is what else is known of a series in the end.
func (k keeper) about(key string) string {
	p := k.series[key]
	if p == nil {
		return "nothing"
	}
	text := fmt.Sprintf("%+v", *p.Family)
	// Old loggers' instances without a domain do not come back as such.
	if m := p.PCPMetric; m != nil && (m.Desc.InDom == pcp.InDomNull) == (p.PCPSeries.Inst.ID == pcp.InstNull) {
		text += fmt.Sprintf(" %s %s %s %s %s %q %d %q", m.Name, m.Desc.PMID, m.Desc.Type, m.Desc.Sem, m.Desc.Units, m.OneLine, p.PCPSeries.Inst.ID, p.PCPSeries.Inst.Name)
	}
	return text
}

// differences names series that two have otherwise, a few of them.
func differences(want, got keeper) string {
	var all []string
	for key, points := range want.got {
		switch {
		case !slices.Equal(points, got.got[key]):
			all = append(all, fmt.Sprintf("%s: had %d, has %d samples:\n\t%v\n\t%v", key, len(points), len(got.got[key]), points[:min(9, len(points))], got.got[key][:min(9, len(got.got[key]))]))
		case want.about(key) != got.about(key):
			all = append(all, fmt.Sprintf("%s: was %s, is %s", key, want.about(key), got.about(key)))
		}
	}
	for key := range got.got {
		if _, ok := want.got[key]; !ok {
			all = append(all, "new: "+key)
		}
	}
	slices.Sort(all)
	return strings.Join(all[:min(9, len(all))], "\n")
}

// leave takes out the ends of series that have no value before them, and counts
// them by name: an instance cannot leave that never joined. The value before was
// replaced by the end in its millisecond.
func (k keeper) leave() map[string]int64 {
	left := map[string]int64{}
	for key, points := range k.got {
		kept := points[:0]
		for _, p := range points {
			if prom.IsStale(math.Float64frombits(p.Bits)) && (len(kept) == 0 || prom.IsStale(math.Float64frombits(kept[len(kept)-1].Bits))) {
				left[k.series[key].Name]++
				continue
			}
			kept = append(kept, p)
		}
		if k.got[key] = kept; len(kept) == 0 {
			delete(k.got, key)
		}
	}
	return left
}

// lostOf returns how often a report has a loss, by name.
func lostOf(r *prom.Report, loss prom.Loss) map[string]int64 {
	found := map[string]int64{}
	for _, l := range r.Losses() {
		if l.Loss == loss {
			found[l.Name] = l.Count
		}
	}
	return found
}

// TestCorpusToBlocksAndBack is archive → TSDB → archive: the samples of both
// archives are the same, under the same names and labels.
func TestCorpusToBlocksAndBack(t *testing.T) {
	compared := 0
	for i, base := range oracle.Archives(t, "archives", false) {
		if i%4 != 1 && os.Getenv(oracle.RequireEnv) != "1" {
			continue // all of them where it has to be known
		}
		r, err := archive.Open(base, nil)
		if err != nil {
			continue // the tests of package archive tell which
		}
		same, back, ok := backAgain(t, r, false)
		if !ok {
			continue
		}
		assert.Empty(t, same, "%s: %v", base, back.Summary())
		compared++
	}
	assert.Greater(t, compared, 10)
}

// backAgain makes blocks of an archive and of those another archive, and tells
// how the samples of these differ but for ends that the report counts. ok is false
// if there is nothing to compare.
func backAgain(t *testing.T, r *archive.Reader, ids bool) (differ string, back *prom.Report, ok bool) {
	t.Helper()
	there := &prom.Report{}
	b, data := blocktest.NewBlocks(t, write.Options{Report: there})
	want, got := newKeeper(), newKeeper()
	o := flatten.Options{TargetLabels: true, TextLabels: true, InstanceIDs: ids, Host: r.Header().Host}
	flat := flatten.New(sinktest.Sink(both{sinktest.Sink(want), b}), o)
	if err := convert.Copy(t.Context(), flat, convert.FromArchive(r, history.Query{})); err != nil {
		require.NoError(t, b.Close())
		return "", nil, false // damaged
	}
	require.NoError(t, sinktest.Finish(b))
	if len(b.Written()) == 0 {
		return "", nil, false // no numbers
	}
	second := filepath.Join(t.TempDir(), "second")
	back = &prom.Report{}
	tsdbtest.ToArchiveOf(t, r.Header().Host, back, second, data)
	again, err := archive.Open(second, nil)
	require.NoError(t, err)
	o.Report = back
	require.NoError(t, convert.Copy(t.Context(), flatten.New(sinktest.Sink(got), o), convert.FromArchive(again, history.Query{})))
	left := want.leave()
	assert.Equal(t, left, lostOf(back, prom.LossEnd), "ends of what was not alive")
	for name := range left {
		assert.Positive(t, lostOf(there, prom.LossSameTime)[name], "%s: what was lost for it", name)
	}
	return differences(want, got), back, true
}

// both hands samples to two.
type both [2]prom.SampleSink

func (b both) Sample(p *prom.Series, t int64, v float64) error {
	if err := sinktest.Put(b[0], p, t, v); err != nil {
		return err
	}
	return sinktest.Put(b[1], p, t, v)
}

var (
	seeds = flag.Int("seeds", 60, "how many random archives go to blocks and back")
	first = flag.Int("first", 0, "the first one's seed")
)

// TestRandomToBlocksAndBack is TestCorpusToBlocksAndBack with archives of every
// oddity.
func TestRandomToBlocksAndBack(t *testing.T) {
	for seed := uint64(*first); seed < uint64(*first+*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel() // blocks wait for the disk
			base := filepath.Join(t.TempDir(), "random")
			twins, gaps := seed%2 == 0, seed%4 < 2
			archtest.Random(t, base, seed, archtest.RandomOptions{Text: seed%3 == 0, Twins: twins, Gaps: gaps})
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			differ, back, ok := backAgain(t, r, twins && gaps)
			if ok {
				assert.Empty(t, differ, "%v", back.Summary())
			}
		})
	}
}

// FuzzArchiveToBlocks is TestRandomToBlocksAndBack with archives that bytes choose. It
// writes two archives and the blocks between them, so it runs about ten executions a
// second; the targets of the parts, in convert/tsdb/chunk, write and read, run more
// than a thousand.
func FuzzArchiveToBlocks(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(1000+seed, seed%3 == 0, seed%2 == 0, seed%4 < 2)
	}
	f.Fuzz(func(t *testing.T, seed uint64, text, twins, gaps bool) {
		base := filepath.Join(t.TempDir(), "random")
		archtest.Random(t, base, seed, archtest.RandomOptions{Text: text, Twins: twins, Gaps: gaps})
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		if differ, back, ok := backAgain(t, r, twins && gaps); ok {
			assert.Empty(t, differ, "%v", back.Summary())
		}
	})
}
