package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/storetest"
)

// archiveStorage is a storage of Prometheus' scripts: what they load is written to an
// archive, which the queries read.
type archiveStorage struct {
	storage.Storage // what scripts do not use
	t               testing.TB
	cache           *archiveCache
	samples         []loadedSample
	opened          *Storage // nil after a load
}

type loadedSample struct {
	labels labels.Labels
	t      int64
	v      float64
	h      *histogram.FloatHistogram
}

// AppenderV2 returns the storage itself.
func (s *archiveStorage) AppenderV2(context.Context) storage.AppenderV2 { return loader{s} }

// Close does nothing.
func (*archiveStorage) Close() error { return nil }

// loader takes what a script loads.
type loader struct{ *archiveStorage }

// Append takes a sample.
func (l loader) Append(_ storage.SeriesRef, ls labels.Labels, _, t int64, v float64, _ *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	l.samples = append(l.samples, loadedSample{ls, t, v, fh})
	return 1, nil
}

// Commit makes the next query write a new archive.
func (l loader) Commit() error { l.opened = nil; return nil }

// Rollback is not used.
func (l loader) Rollback() error { return errors.New("rolled back") }

// Querier reads the archive.
func (s *archiveStorage) Querier(mint, maxt int64) (storage.Querier, error) {
	if len(s.samples) == 0 {
		return storage.NoopQuerier(), nil
	}
	if s.opened == nil {
		s.opened = s.cache.open(s.t, s.samples)
	}
	return s.opened.Querier(mint, maxt)
}

// archiveCache has the archives of a script by their content: each case loads anew.
type archiveCache struct {
	mu  sync.Mutex
	dir string
	all map[uint64]*Storage
}

func (c *archiveCache) open(t testing.TB, samples []loadedSample) *Storage {
	t.Helper()
	slices.SortStableFunc(samples, func(a, b loadedSample) int {
		return cmp.Or(cmp.Compare(a.t, b.t), labels.Compare(a.labels, b.labels))
	})
	sum := fnv.New64a()
	for _, s := range samples {
		fmt.Fprintln(sum, s.labels, s.t, math.Float64bits(s.v), s.h)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.all[sum.Sum64()]; found != nil {
		return found
	}
	base := filepath.Join(c.dir, fmt.Sprint(sum.Sum64()))
	require.NoError(t, writeSamples(base, samples))
	sets := storetest.Sets(t, base)
	opened := NewStorage(sets, Options{Lookback: DefaultLookback})
	c.all[sum.Sum64()] = opened
	return opened
}

// writeSamples writes an archive of samples, which are sorted by time.
func writeSamples(base string, samples []loadedSample) error {
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC", PID: 1}, nil)
	if err != nil {
		return err
	}
	m, err := mapper.New(mapper.Options{Host: "h"})
	if err != nil {
		return err
	}
	sink := assemble.New(convert.NewToArchive(a), m, assemble.Options{})
	known := map[string]*prom.Series{}
	for _, x := range samples {
		key := string(x.labels.Bytes(nil))
		s, ok := known[key]
		if !ok {
			s = &prom.Series{ID: len(known), Name: x.labels.Get("__name__")}
			s.Family = &prom.Family{Name: s.Name, Type: prom.TypeUnknown}
			x.labels.Range(func(l labels.Label) {
				if l.Name != "__name__" && l.Value != "" {
					s.Labels = append(s.Labels, prom.Label{Name: l.Name, Value: l.Value})
				}
			})
			known[key] = s
		}
		sample := prom.Sample{T: x.t, V: x.v}
		if x.h != nil {
			if sample.Histogram, err = nativehist.Encode(nil, x.h); err != nil {
				return err
			}
		}
		if err := sink.Append(s, []prom.Sample{sample}); err != nil {
			return err
		}
	}
	return errors.Join(sink.Flush(context.Background()), sink.Close(), a.Close())
}

// leftOut are the evaluations of a script that an archive cannot answer as the script
// expects: regular expressions for their text, with the reasons.
type leftOut map[string]string

// The reasons.
const (
	noStartTimes = "an archive keeps no start times"
	firstHint    = "a selection reads from its beginning on, and so does not know that its first histogram is no reset"
)

// notInArchives has the evaluations left out of each script.
var notInArchives = map[string]leftOut{
	"start_timestamps.test": {`.`: noStartTimes},
	"native_histograms.test": {
		`^eval instant at 5m (sum|avg)\(metric\)\n(.*\n)+.*not_reset buckets:\[(2 4 2|1 2 1)\]`: firstHint,
		`^eval instant at 3m (sum|avg)_over_time\(mixed\[3m\]\)\n(.*\n)+.*count:(33|11) `:       firstHint,
		`^eval instant at 11m histogram_count\((sum|avg)_over_time\(mixed\[2m\]\)\)`:            firstHint,
	},
	"range_queries.test": {`^eval instant at 2m some_metric\[2m\]`: firstHint},
}

// without blanks the evaluations left out, and counts both kinds.
func (l leftOut) without(script string) (rest string, kept, out int) {
	lines := strings.Split(script, "\n")
	for i := 0; i < len(lines); i++ {
		if !strings.HasPrefix(strings.TrimSpace(lines[i]), "eval") {
			continue
		}
		end := i
		for end < len(lines) && strings.TrimSpace(lines[end]) != "" && !strings.HasPrefix(lines[end], "#") {
			end++
		}
		if !l.matches(strings.TrimSpace(strings.Join(lines[i:end], "\n"))) {
			kept++
			continue
		}
		out++
		for ; i < end; i++ {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n"), kept, out
}

func (l leftOut) matches(block string) bool {
	for pattern := range l {
		if regexp.MustCompile(pattern).MatchString(block) {
			return true
		}
	}
	return false
}

// TestPrometheusScripts runs the scripts by which Prometheus tests its engine, with what
// they load in archives.
func TestPrometheusScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(scriptFolder(t), "*.test"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: 10_000, Timeout: 100 * time.Second, LookbackDelta: DefaultLookback, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 }, EnableDelayedNameRemoval: true,
		Parser: parser.NewParser(promqltest.TestParserOpts),
	})
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			script, err := os.ReadFile(file)
			require.NoError(t, err)
			rest, kept, out := notInArchives[name].without(string(script))
			t.Logf("%d evaluations, %d left out", kept, out)
			assert.Equal(t, len(notInArchives[name]) > 0, out > 0, "a reason applies")
			cache := &archiveCache{dir: t.TempDir(), all: map[uint64]*Storage{}}
			promqltest.RunTestWithStorage(t, rest, engine, func(tb testing.TB) storage.Storage {
				return &archiveStorage{t: tb, cache: cache}
			})
		})
	}
}

// scriptFolder returns the folder of the scripts in the module of Prometheus.
func scriptFolder(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	require.NoError(t, err)
	return filepath.Join(strings.TrimSpace(string(out)), "promql", "promqltest", "testdata")
}
