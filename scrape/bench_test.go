package scrape_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/scrape"
)

// benchSeries is the size of the page that benchmarks scrape: 100 families with
// 50 series each.
const benchSeries = 5000

// benchPage is such a page.
func benchPage() string {
	var b strings.Builder
	for f := range benchSeries / 50 {
		fmt.Fprintf(&b, "# HELP family_%d_total What is counted.\n# TYPE family_%d_total counter\n", f, f)
		for i := range 50 {
			fmt.Fprintf(&b, "family_%d_total{device=\"sd%d\",mode=\"read\"} %d.5\n", f, i, f*i)
		}
	}
	return b.String()
}

func newRecorder(b testing.TB) (*scrape.Recorder, string) {
	b.Helper()
	base := filepath.Join(b.TempDir(), "rec")
	mapper, err := mapper.New(mapper.Options{Host: "bench"})
	require.NoError(b, err)
	a, err := archive.Create(base, archive.Header{Host: "bench", Zone: "UTC"}, nil)
	require.NoError(b, err)
	return scrape.NewRecorder(mapper, convert.NewToArchive(a), nil, nil), base
}

// scrapesOnce returns a function that makes a scrape of benchSeries samples at a time, as
// the scraper does.
func scrapesOnce(t testing.TB, rec *scrape.Recorder) func(at int64) {
	t.Helper()
	target := promscrape.NewTarget(
		labels.FromStrings("job", "bench", "instance", "x:1"), &config.ScrapeConfig{},
		model.LabelSet{model.AddressLabel: "x:1", model.SchemeLabel: "http", model.MetricsPathLabel: "/metrics"}, nil)
	ctx := promscrape.ContextWithTarget(context.Background(), target)
	sets := make([]labels.Labels, benchSeries)
	refs := make([]storage.SeriesRef, benchSeries)
	opts := make([]storage.AppendV2Options, benchSeries)
	for i := range sets {
		name := fmt.Sprintf("family_%d_total", i/50)
		sets[i] = labels.FromStrings(model.MetricNameLabel, name, "device", fmt.Sprint("sd", i%50), "mode", "read", "job", "bench", "instance", "x:1")
		opts[i] = storage.AppendV2Options{MetricFamilyName: name, Metadata: metadata.Metadata{Type: model.MetricTypeCounter, Help: "What is counted."}}
	}
	up := storage.AppendV2Options{MetricFamilyName: "up\xff"}
	return func(at int64) {
		app := rec.AppenderV2(ctx)
		for i := range sets {
			refs[i], _ = app.Append(refs[i], sets[i], 0, at, float64(at), nil, nil, opts[i])
		}
		_, _ = app.Append(0, labels.EmptyLabels(), 0, at, 1, nil, nil, up)
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkRecord is our own part of a scrape: from the scraper's samples to
// the record on disk.
func BenchmarkRecord(b *testing.B) {
	rec, _ := newRecorder(b)
	scrapeOnce := scrapesOnce(b, rec)
	t := time.Now().Add(-24 * time.Hour).UnixMilli()
	scrapeOnce(t)
	scrapeOnce(t + 1)
	b.ReportAllocs()
	for b.Loop() {
		t += 2
		scrapeOnce(t)
	}
	perSample := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / benchSeries
	b.ReportMetric(perSample/1000, "s/Msample")
	require.NoError(b, rec.Close())
}

// A scrape of known series allocates no memory for each of its samples.
func TestAllocations(t *testing.T) {
	rec, _ := newRecorder(t)
	scrapeOnce := scrapesOnce(t, rec)
	at := time.Now().Add(-time.Hour).UnixMilli()
	scrapeOnce(at)
	allocations := testing.AllocsPerRun(20, func() {
		at += 1000
		scrapeOnce(at)
	})
	assert.Less(t, allocations, benchSeries/20.)
	require.NoError(t, rec.Close())
}

// serveEnv makes the test program serve a page for BenchmarkScrape, so that the
// endpoint's own work is not counted.
const serveEnv = "PCPARCHIVE_BENCH_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveEnv) == "" {
		// The tests wait more than they work.
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
		os.Exit(m.Run())
	}
	body := benchPage()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, body)
	}))
	fmt.Println(srv.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it
	os.Exit(0)
}

// BenchmarkScrape is the whole of recording, HTTP and parsing included: CPU
// time of this process per million samples.
func BenchmarkScrape(b *testing.B) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveEnv+"=1")
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	defer func() { _ = stdin.Close(); _ = cmd.Wait() }()
	var url string
	_, err = fmt.Fscanln(stdout, &url)
	require.NoError(b, err)

	const endpoints = 20
	for b.Loop() {
		rec, _ := newRecorder(b)
		var list []scrape.Endpoint
		for i := range endpoints {
			list = append(list, scrape.Endpoint{URL: fmt.Sprintf("%s/%d", url, i), Name: fmt.Sprintf("e%d", i)})
		}
		cfg, err := scrape.Config(list, scrape.Settings{Interval: 500 * time.Millisecond}, nil)
		require.NoError(b, err)
		ctx, cancel := context.WithCancel(context.Background())
		before := cpuTime(b)
		done := make(chan error, 1)
		go func() { done <- scrape.Run(ctx, cfg, rec, scrape.RunOptions{}) }()
		for rec.Stats().Samples < 1_000_000 {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
		require.NoError(b, <-done)
		require.NoError(b, rec.Close())
		used := cpuTime(b) - before
		b.ReportMetric(used.Seconds()/float64(rec.Stats().Samples)*1e6, "cpu-s/Msample")
	}
}
