package record_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/pipenet"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/registry"
	"github.com/pcparchive/pcparchive/record/retention"
)

var everyMinute = flag.Bool("every-minute", false, "ask pminfo for every archive at every minute of the simulated day, not every twenty minutes")

// pipedJobs is the Loader of a configuration whose targets answer in memory.
type pipedJobs struct {
	yml string
	net *pipenet.Listener
}

// Load returns the configuration.
func (p pipedJobs) Load(context.Context, *slog.Logger) (*record.Config, error) {
	cfg, err := promconfig.Load(p.yml, slog.New(slog.DiscardHandler))
	return &record.Config{Prometheus: cfg, Dial: p.net.Dial}, err
}

// TestDay records a day, a short test eight hours, in a moment. Archives begin every hour, closed volumes are
// compressed, and archives older than five hours go. Whenever somebody looks, each archive
// opens.
func TestDay(t *testing.T) {
	oracle.Path(t, "pminfo") // a test cannot be skipped inside the bubble
	oracle.Path(t, "pmlogcheck")
	// The resolver makes its channels when it is first asked. Those that it makes inside the
	// bubble fail the tests outside.
	_, _ = net.LookupHost("localhost")
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { recordDay(t, dir) })
}

func recordDay(t *testing.T, dir string) {
	network := pipenet.Listen()
	var mu sync.Mutex
	served := map[string]int{}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		served[r.Host]++
		n := served[r.Host]
		mu.Unlock()
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		for i := range 5 {
			_, _ = fmt.Fprintf(w, "x{k=\"%d\"} %d\n", i, n) // a client that left
		}
	})}
	go func() { _ = server.Serve(network) }() // Close ends it
	numbers, err := registry.Open(registry.Options{Dir: dir, NoSync: true, Retention: 5 * time.Hour})
	require.NoError(t, err)
	culler := retention.New(retention.Options{Dir: dir, Limits: retention.Limits{Keep: 5 * time.Hour}})
	log := &safeLog{}
	rec, err := record.New(t.Context(), record.Options{
		Dir: dir, Numbers: numbers, Rotate: time.Hour, VolumeSize: 8_000, Compress: archive.CompressGzip, Log: textLog(log),
		Loader: pipedJobs{"global: {scrape_interval: 1m}\nscrape_configs: [{job_name: node, static_configs: [{targets: [a, b]}]}]\n", network},
		Cull: func(ctx context.Context, writing func(string) bool) error {
			_, err := culler.Cull(ctx, writing)
			return err
		},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- rec.Run(ctx) }()
	began := time.Now()
	day := 24 * time.Hour
	if testing.Short() {
		day /= 3 // archives go after five hours
	}
	for minute := range int(day / time.Minute) {
		time.Sleep(time.Minute)
		if !*everyMinute && minute%20 != 0 {
			continue
		}
		bases := opened(t, dir)
		if minute > 5 {
			require.GreaterOrEqual(t, len(bases), 2, "minute %d: %s", minute, log)
			require.LessOrEqual(t, len(bases), 2*7)
		}
	}
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, numbers.Close())
	require.NoError(t, server.Close())

	packed, err := filepath.Glob(filepath.Join(dir, "*", "*.gz"))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(packed), 2*4, "volumes of closed archives are compressed")
	left := opened(t, dir)
	values := map[string][]float64{}
	for _, base := range left {
		one, marks, _ := read(t, base, "openmetrics.node.x")
		assert.Zero(t, marks)
		host := filepath.Base(filepath.Dir(base))
		values[host] = append(values[host], one["0 k:0"]...)
		require.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base), base)
	}
	for host, list := range values {
		assert.Equal(t, served[host+":80"]+served[host], int(list[len(list)-1]), "the last scrape of %s", host)
		for i := range list[1:] {
			require.InDelta(t, list[i]+1, list[i+1], 0, "no scrape is lost at a rotation")
		}
		assert.GreaterOrEqual(t, len(list), int(5*time.Hour/time.Minute))
	}
	assert.Len(t, values, 2)
	assert.Equal(t, day, time.Since(began))
}

// opened opens all archives in a folder, also with pminfo: it takes the folder of a host and
// opens each archive there. opened returns them in the order of their times.
func opened(t *testing.T, dir string) (bases []string) {
	t.Helper()
	metas, err := filepath.Glob(filepath.Join(dir, "*", "*.meta"))
	require.NoError(t, err)
	hosts := map[string]bool{}
	for _, meta := range metas {
		base := strings.TrimSuffix(meta, ".meta")
		hosts[filepath.Dir(base)] = true
		// Meanwhile an archive may be removed, or a volume replaced by its compressed form.
		err := again(func() error { return firstStep(base) })
		if _, gone := os.Stat(meta); gone == nil {
			require.NoError(t, err)
			bases = append(bases, base)
		}
	}
	for host := range hosts {
		require.NoError(t, again(func() error {
			res := oracle.Exec(t, "pminfo", "-a", host, "openmetrics.node.x")
			if res.Exit != 0 || res.Stderr != "" || strings.TrimSpace(res.Stdout) != "openmetrics.node.x" {
				return fmt.Errorf("pminfo: %v", res)
			}
			return nil
		}))
	}
	slices.SortFunc(bases, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return bases
}

// again tries something that may fail when files change meanwhile.
func again(try func() error) (err error) {
	for range 4 {
		if err = try(); err == nil {
			break
		}
	}
	return err
}

// firstStep reads the first step of an archive.
func firstStep(base string) error {
	r, err := archive.Open(base, nil)
	if err != nil {
		return err
	}
	for step, err := range r.Steps(history.Query{}) {
		if err == nil && step.Stamp.Sec == 0 {
			err = fmt.Errorf("no time")
		}
		return err
	}
	return nil
}
