package tsdb_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/tsdb"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// keeper is a Samples that keeps what blocks would have of it.
type keeper struct{ got content }

func (k keeper) Sample(p *convert.PromSeries, t int64, v float64) error {
	key := promLabels(p).String()
	points := k.got[key]
	if n := len(points); n > 0 && points[n-1].t == t {
		points = points[:n-1]
	}
	k.got[key] = append(points, at(t, v))
	return nil
}

// differences names series that two contents have otherwise, a few of them.
func differences(want, got content) string {
	var b strings.Builder
	n := 0
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(want[key], got[key]) && n < 4 {
			n++
			b.WriteString(key + ": " + strings.Join([]string{
				"had", strings.TrimSpace(strings.Repeat("x", min(len(want[key]), 9))), "has", strings.Repeat("x", min(len(got[key]), 9)),
			}, " ") + "\n")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok && n < 8 {
			n++
			b.WriteString("new: " + key + "\n")
		}
	}
	return b.String()
}

// notExact are archives that do not come back exactly, and why.
var notExact = map[string]string{
	"mark_no_mark_0": "labels that come 0.9 ms after the first values: in Prometheus' time they are of one moment",
	"tricky_4_507":   "the same, 0.5 ms",
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
		b, data := newBlocks(t, tsdb.Options{})
		want := keeper{content{}}
		flat := convert.NewFlattener(both{want, b}, convert.FlattenOptions{TargetLabels: true})
		if err := convert.Copy(t.Context(), flat, convert.FromArchive(r, archive.Query{})); err != nil {
			require.NoError(t, b.Discard())
			continue // damaged
		}
		require.NoError(t, b.Close())
		if len(b.Written()) == 0 {
			continue // no numbers
		}
		second := filepath.Join(t.TempDir(), "second")
		back := &convert.Report{}
		toArchiveOf(t, r.Header().Host, back, second, data)
		again, err := archive.Open(second, nil)
		require.NoError(t, err)
		got := keeper{content{}}
		flat = convert.NewFlattener(got, convert.FlattenOptions{TargetLabels: true, Report: back})
		require.NoError(t, convert.Copy(t.Context(), flat, convert.FromArchive(again, archive.Query{})))
		same := differences(want.got, got.got)
		if why := notExact[filepath.Base(base)]; why != "" {
			assert.NotEmpty(t, same, "%s: no longer is it that %s", base, why)
		} else {
			assert.Empty(t, same, "%s: %v", base, back.Summary())
		}
		compared++
	}
	assert.Greater(t, compared, 10)
}

// both hands samples to two.
type both [2]convert.Samples

func (b both) Sample(p *convert.PromSeries, t int64, v float64) error {
	if err := b[0].Sample(p, t, v); err != nil {
		return err
	}
	return b[1].Sample(p, t, v)
}
