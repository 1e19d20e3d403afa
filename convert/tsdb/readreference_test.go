package tsdb_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

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
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// scraped is an endpoint whose gauge "brief" is gone after a few scrapes.
func scraped(t *testing.T) (address string, hits *atomic.Int64) {
	t.Helper()
	hits = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := hits.Add(1)
		fmt.Fprintf(w, "# HELP seen_total How often.\n# TYPE seen_total counter\nseen_total{code=\"200\"} %d\n", n)
		fmt.Fprintf(w, "# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"1\"} %d\ntook_seconds_bucket{le=\"+Inf\"} %d\ntook_seconds_sum %g\ntook_seconds_count %d\n", n, n, float64(n)/3, n)
		if n < 8 {
			fmt.Fprintf(w, "# TYPE brief gauge\nbrief %d\n", n)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), hits
}

// killed holds the files of a Prometheus server that was killed.
var killed fstest.MapFS

// killedServer returns the folder of a Prometheus server that was killed. One
// server serves all tests.
func killedServer(t *testing.T) string {
	t.Helper()
	if killed == nil {
		files, err := archtest.Files(os.DirFS(killServer(t)))
		require.NoError(t, err)
		killed = files
	}
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(dir, killed))
	return dir
}

func killServer(t *testing.T) string {
	t.Helper()
	address, hits := scraped(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil,
		"global: {scrape_interval: 50ms, scrape_timeout: 50ms}\nscrape_configs: [{job_name: seen, static_configs: [{targets: ['%s']}]}]\n", address), 0o666))
	data := filepath.Join(dir, "data")
	cmd := oracle.Command(t, "prometheus", "--config.file="+config, "--storage.tsdb.path="+data, "--web.listen-address=127.0.0.1:0")
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return hits.Load() > 25 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	return data
}

// promDump is what promtool says of a folder. It cannot tell a NaN from another.
func promDump(t *testing.T, dir string) []string {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "copy") // it makes folders in what it reads
	require.NoError(t, os.CopyFS(whole, os.DirFS(dir)))
	require.NoError(t, os.MkdirAll(filepath.Join(whole, "wal"), 0o777))
	var lines []string
	for line := range strings.Lines(oracle.Run(t, "promtool", "tsdb", "dump", whole)) {
		cut := strings.LastIndexByte(line, '}') + 2
		value, at, ok := strings.Cut(strings.TrimSpace(line[cut:]), " ")
		require.True(t, ok, line)
		v, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err)
		lines = append(lines, fmt.Sprintf("%s %v %s", line[:cut-1], v, at))
	}
	slices.Sort(lines)
	return lines
}

// contentText returns the lines that promDump returns for the same samples.
func contentText(c blocktest.Content) []string {
	var lines []string
	for series, points := range c {
		for _, p := range points {
			lines = append(lines, fmt.Sprintf("%s %v %d", series, math.Float64frombits(p.Bits), p.T))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestReadsWhatAServerWrote(t *testing.T) {
	dir := killedServer(t)
	before := tsdbtest.FileStates(t, dir)
	got := blocktest.Gather(t, read.Options{}, dir)
	assert.Empty(t, got.Damage)
	assert.Equal(t, before, tsdbtest.FileStates(t, dir))
	assert.Equal(t, promDump(t, dir), contentText(got.Content))
	stale := 0
	for _, s := range got.Series {
		for _, p := range got.Content[blocktest.Labels(s).String()] {
			if prom.IsStale(math.Float64frombits(p.Bits)) {
				stale++
			}
		}
	}
	assert.Positive(t, stale)
}

func TestReadsPromtoolsBlocks(t *testing.T) {
	var page strings.Builder
	fmt.Fprintln(&page, "# TYPE load gauge")
	for i := range 3000 {
		for cpu := range 3 {
			fmt.Fprintf(&page, "load{cpu=\"%d\"} %g %d\n", cpu, math.Sqrt(float64(i+cpu)), blocktest.Noon/1000+int64(i)*5)
		}
	}
	fmt.Fprintln(&page, "# EOF")
	dir := t.TempDir()
	input := filepath.Join(dir, "page.om")
	require.NoError(t, os.WriteFile(input, []byte(page.String()), 0o666))
	data := filepath.Join(dir, "data")
	oracle.Run(t, "promtool", "tsdb", "create-blocks-from", "openmetrics", input, data)
	assert.Greater(t, len(blocktest.Listing(t, data)), 1)
	got := blocktest.Gather(t, read.Options{}, data)
	assert.Empty(t, got.Damage)
	assert.Equal(t, promDump(t, data), contentText(got.Content))
	assert.Len(t, contentText(got.Content), 9000)
	assert.Empty(t, blocktest.Verified(t, verify.Prometheus, data))
}

// TestBlocksToArchiveAndBack is TSDB → archive → TSDB.
func TestBlocksToArchiveAndBack(t *testing.T) {
	for name, dir := range map[string]string{"server": killedServer(t), "blocks": second(blocktest.OverMidnight(t))} {
		t.Run(name, func(t *testing.T) {
			want := blocktest.Gather(t, read.Options{}, dir)
			base := filepath.Join(t.TempDir(), "middle")
			report := &prom.Report{}
			tsdbtest.ToArchive(t, report, base, dir)
			assert.Empty(t, report.Losses())
			assert.Empty(t, oracle.Run(t, "pmlogcheck", base))

			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			blocks, again := blocktest.NewBlocks(t, write.Options{})
			flat := flatten.New(blocks, flatten.Options{TargetLabels: true, Report: report})
			require.NoError(t, convert.Copy(t.Context(), flat, convert.FromArchive(r, history.Query{})))
			require.NoError(t, sinktest.Finish(blocks))
			assert.Empty(t, report.Losses())
			got := blocktest.Gather(t, read.Options{}, again)
			assert.Equal(t, want.Content, got.Content)
			assert.Empty(t, blocktest.Verified(t, verify.Prometheus, again))
		})
	}
}

func second[A, B, C, D any](_ A, b B, _ C, _ D) B { return b }
