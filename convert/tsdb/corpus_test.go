package tsdb_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/model/value"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// tee keeps what goes into blocks, as they are to have it.
type tee struct {
	*write.Blocks
	points  [][]blocktest.Point // by PromSeries.ID
	names   []string
	metrics map[candidate]bool
	archive string
}

// valued returns the number of series that have more than staleness markers.
func (s *tee) valued() (n int) {
	for _, points := range s.points {
		if slices.ContainsFunc(points, func(p blocktest.Point) bool { return !value.IsStaleNaN(math.Float64frombits(p.Bits)) }) {
			n++
		}
	}
	return n
}

// candidate is a numeric metric of an archive.
type candidate struct{ archive, metric, sample string }

func (s *tee) Append(p *prom.Series, batch []prom.Sample) error {
	if err := s.Blocks.Append(p, batch); err != nil {
		return err
	}
	for _, x := range batch {
		if x.Exemplar == nil && x.Histogram == nil {
			s.keep(p, x.T, x.V)
		}
	}
	return nil
}

func (s *tee) keep(p *prom.Series, t int64, v float64) {
	for p.ID >= len(s.points) {
		s.points, s.names = append(s.points, nil), append(s.names, "")
	}
	if s.names[p.ID] == "" {
		s.names[p.ID] = blocktest.Labels(p).String()
		if p.PCPMetric != nil {
			s.metrics[candidate{s.archive, p.PCPMetric.Name, p.Name}] = true
		}
	}
	points := s.points[p.ID]
	if n := len(points); n > 0 && points[n-1].T == t {
		points = points[:n-1]
	}
	s.points[p.ID] = append(points, blocktest.At(t, v))
}

// content is what blocks are to have.
func (s *tee) content() blocktest.Content {
	c := blocktest.Content{}
	for id, points := range s.points {
		if points != nil {
			c[s.names[id]] = points
		}
	}
	return c
}

// corpusBlocks writes the blocks of every archive of the corpus into one folder,
// each archive's with a label that tells them apart, and reads every sample
// again. It returns the metrics whose values can be had from the reference, too, and how
// many series the blocks of each archive hold.
func corpusBlocks(t *testing.T, dir string) ([]candidate, map[string]int) {
	t.Helper()
	metrics, series := map[candidate]bool{}, map[string]int{}
	corpus := oracle.Corpus(t)
	for i, base := range oracle.Archives(t, "archives", false) {
		if i%4 != 0 && os.Getenv(oracle.RequireEnv) != "1" {
			continue // all of them where it has to be known
		}
		r, err := archive.Open(base, nil)
		if err != nil {
			continue // the tests of package archive tell which
		}
		b, err := write.NewBlocks(dir, write.Options{External: map[string]string{"from": "corpus"}})
		require.NoError(t, err)
		report := &prom.Report{}
		out := &tee{Blocks: b, metrics: map[candidate]bool{}, archive: base}
		sink := flatten.New(out, flatten.Options{
			Labels: []prom.Label{{Name: "archive", Value: strings.TrimPrefix(base, corpus)}}, TargetLabels: true, Report: report,
		})
		copyErr := convert.Copy(t.Context(), sink, convert.FromArchive(r, history.Query{}))
		require.NoError(t, sinktest.Finish(b), base)
		require.Empty(t, b.Kept(), base)
		got := blocktest.Content{}
		var dirs []string
		for _, block := range b.Written() {
			dirs = append(dirs, block.Dir)
			for series, points := range tsdbtest.ReadBlock(t, block.Dir) {
				got[series] = append(got[series], points...)
			}
		}
		require.True(t, maps.EqualFunc(out.content(), got, slices.Equal[[]blocktest.Point]), base)
		for _, target := range []verify.Target{verify.Prometheus, verify.Thanos, verify.Mimir} {
			for f := range verify.Run(t.Context(), dirs, verify.Options{Target: target, Min: finding.Error}) {
				require.Fail(t, string(target), "%s: %s: %s", base, f.File, f.Message)
			}
		}
		series[strings.TrimPrefix(base, corpus)] = out.valued()
		odd := copyErr != nil || slices.ContainsFunc(report.Losses(), func(l prom.LossCount) bool {
			return l.Loss == prom.LossOrder || l.Loss == prom.LossRenamed || l.Loss == prom.LossUndecodable
		})
		if !odd {
			maps.Copy(metrics, out.metrics)
		}
	}
	order := func(a, b candidate) int {
		return cmp.Or(strings.Compare(a.archive, b.archive), strings.Compare(a.metric, b.metric), strings.Compare(a.sample, b.sample))
	}
	return slices.SortedFunc(maps.Keys(metrics), order), series
}

// TestCorpus has every sample of an archive in blocks. A server reads all of them, and tells
// of a hundred metrics what the reference tells; promtool reads some.
func TestCorpus(t *testing.T) {
	dir := t.TempDir()
	metrics, series := corpusBlocks(t, dir)
	rng := rand.New(rand.NewPCG(6, 7))
	rng.Shuffle(len(metrics), func(i, j int) { metrics[i], metrics[j] = metrics[j], metrics[i] })
	blocks := blocktest.Listing(t, dir)
	rng.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	blocks = blocks[:min(8, len(blocks))]
	t.Run("analyze", func(t *testing.T) {
		for _, block := range blocks {
			t.Run(block, func(t *testing.T) {
				t.Parallel()
				assert.Regexp(t, `(?m)^Series: \d+$`, oracle.Run(t, "promtool", "tsdb", "analyze", dir, block))
			})
		}
	})
	address := oracle.Prometheus(t, dir, "")
	for name, want := range series {
		assert.Equal(t, want, count(t, address, fmt.Sprintf("count(last_over_time({archive=%q}[120y]))", name)), name)
	}
	require.Greater(t, len(metrics), 100)
	for _, c := range metrics[:100] {
		name := strings.TrimPrefix(c.archive, oracle.Corpus(t))
		query := fmt.Sprintf("%s{archive=%q}[120y]", c.sample, name)
		assert.Equal(t, dumped(t, c), answered(t, address, query), "%s of %s", c.metric, name)
	}
}

// rounded is a value to as many digits as the reference prints of a float.
func rounded(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	if v, err = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 7, 64), 64); math.IsNaN(v) {
		return -1 // equal to itself
	}
	require.NoError(t, err)
	return v
}

// reading is a value of an instance at a time in milliseconds.
type reading struct {
	inst string
	t    int64
	v    float64
}

var (
	dumpTime  = regexp.MustCompile(`\.(\d{3})\d* \d{4} \([^)]*\) (-?\d+) \d+ metrics?$`)
	dumpValue = regexp.MustCompile(`(?:inst \[-?\d+ or (?:"(.*)"|\?\?\?)\] )?value (\S+)$`)
)

// dumped returns what the reference prints of a metric.
func dumped(t *testing.T, c candidate) []reading {
	t.Helper()
	var all []reading
	var now int64
	for line := range strings.SplitSeq(oracle.Run(t, "pmdumplog", "-xxx", c.archive, c.metric), "\n") {
		if m := dumpTime.FindStringSubmatch(line); m != nil {
			sec, err := strconv.ParseInt(m[2], 10, 64)
			require.NoError(t, err)
			ms, err := strconv.ParseInt(m[1], 10, 64)
			require.NoError(t, err)
			now = sec*1000 + ms
		} else if m := dumpValue.FindStringSubmatch(line); m != nil {
			all = append(all, reading{m[1], now, rounded(t, m[2])})
		}
	}
	return tidied(all)
}

// count returns the number that a server answers, 0 if it finds no series.
func count(t *testing.T, address, query string) int {
	t.Helper()
	all := ask(t, address, "query", url.Values{"query": {query}, "time": {"4000000000"}})
	if len(all) == 0 {
		return 0
	}
	n, err := strconv.Atoi(all[0].Value[1].(string))
	require.NoError(t, err)
	return n
}

// answered returns what a server says.
func answered(t *testing.T, address, query string) []reading {
	t.Helper()
	var all []reading
	for _, s := range ask(t, address, "query", url.Values{"query": {query}, "time": {"4000000000"}}) {
		for _, p := range s.Values {
			all = append(all, reading{s.Metric["instname"], int64(math.Round(p[0].(float64) * 1000)), rounded(t, p[1].(string))})
		}
	}
	return tidied(all)
}

// tidied sorts readings. Of those of one millisecond the last counts.
func tidied(all []reading) []reading {
	slices.SortStableFunc(all, func(a, b reading) int { return cmp.Or(strings.Compare(a.inst, b.inst), cmp.Compare(a.t, b.t)) })
	kept := all[:0]
	for i, r := range all {
		if i+1 == len(all) || all[i+1].inst != r.inst || all[i+1].t != r.t {
			kept = append(kept, r)
		}
	}
	return kept
}
