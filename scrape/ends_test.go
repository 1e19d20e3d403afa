package scrape

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/pipenet"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// endings are the names of the series that ended, by the time of the scrape in milliseconds.
type endings struct {
	mu  sync.Mutex
	all map[int64][]string
}

func (e *endings) add(t int64, names ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all[t] = append(e.all[t], names...)
	slices.Sort(e.all[t])
}

// Sample adds a series that ends.
func (e *endings) Sample(p *prom.Series, t int64, v float64) error {
	if prom.IsStale(v) {
		e.add(t, p.Name)
	}
	return nil
}

// flatSink makes Prometheus' samples of the steps.
type flatSink struct {
	stamps
	history.Sink
}

func (s *flatSink) Put(step *history.Step) error { return s.Sink.Put(step) }
func (s *flatSink) Close() error                 { return s.Sink.Close() }

// witness passes on what the scraper appends, and keeps the ends among it, which Prometheus
// would store.
type witness struct {
	*Recorder
	told *endings
}

func (w witness) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &witnessed{AppenderV2: w.Recorder.AppenderV2(ctx), told: w.told}
}

type witnessed struct {
	storage.AppenderV2
	told  *endings
	t     int64
	names []string
}

func (w *witnessed) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AppendV2Options) (storage.SeriesRef, error) {
	if prom.IsStale(v) {
		w.t, w.names = t, append(w.names, ls.Get(model.MetricNameLabel))
	}
	return w.AppenderV2.Append(ref, ls, st, t, v, h, fh, opts)
}

func (w *witnessed) Commit() error {
	w.told.add(w.t, w.names...)
	return w.AppenderV2.Commit()
}

// TestEndsAtFailures: every series ends at a scrape that fails. Prometheus agrees where the
// page is not read, except for samples with times of their own. If a page fails while it is
// read, Prometheus means to end all series as well, but misses those that it had read by then.
func TestEndsAtFailures(t *testing.T) {
	const good = "a 1\nb 2\nc 3\nown 4 %d\n"
	all := []string{"a", "b", "c"}
	_, _ = net.LookupHost("localhost") // makes the channels of the resolver outside of the bubble
	for name, test := range map[string]struct {
		settings, page string
		status         int
		prometheus     []string
	}{
		"status":                   {status: 503, prometheus: all},
		"body_size_limit":          {settings: "body_size_limit: 100B", page: "# " + strings.Repeat("x", 200) + "\n", prometheus: all},
		"sample_limit":             {settings: "sample_limit: 4", page: "a 1\nd 1\nb 2\nc 3\ne 4\n"},
		"sample_limit of others":   {settings: "sample_limit: 4", page: "a 1\nd 1\ne 1\nf 1\nb 1\nc 1\n", prometheus: []string{"b", "c"}},
		"label_limit":              {settings: "label_limit: 3", page: "a 1\nd{x=\"y\"} 1\nb 2\nc 3\n", prometheus: []string{"b", "c"}},
		"label_name_length_limit":  {settings: "label_name_length_limit: 9", page: "a 1\nb 2\nd{x123456789=\"y\"} 1\nc 3\n", prometheus: []string{"c"}},
		"label_value_length_limit": {settings: "label_value_length_limit: 9", page: "a 1\nb 2\nd{x=\"0123456789\"} 1\nc 3\n", prometheus: []string{"c"}},
		"invalid line":             {page: "a 1\n}{\nb 2\nc 3\n", prometheus: []string{"b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, failed := 0, false
				told, ours := scrapeInMemory(t, "{job_name: j, scrape_interval: 10s, "+test.settings+"}", func(w http.ResponseWriter, now int64) {
					page := fmt.Sprintf(good, now)
					if asked++; asked == 3 {
						failed = true
						if test.status != 0 {
							w.WriteHeader(test.status)
						}
						page = test.page
					}
					_, _ = fmt.Fprint(w, page) // fails if the scraper has left
				})
				require.True(t, failed)
				require.Len(t, ours, 1, "only the failed scrape ends series")
				at := slices.Collect(maps.Keys(ours))[0]
				assert.Equal(t, test.prometheus, told[at])
				assert.Equal(t, []string{"a", "b", "c", "own"}, ours[at])
			})
		})
	}
}

// scrapeInMemory scrapes six pages of a job's target. It returns the ends that the scraper told
// and those that the recording has.
func scrapeInMemory(t *testing.T, job string, reply func(w http.ResponseWriter, now int64)) (told, ours map[int64][]string) {
	t.Helper()
	listener := pipenet.Listen()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		reply(w, time.Now().UnixMilli())
	})}
	go func() { _ = server.Serve(listener) }() // Close ends it
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	recorded, seen := &endings{all: map[int64][]string{}}, &endings{all: map[int64][]string{}}
	rec := NewRecorder(m, &flatSink{Sink: flatten.New(sinktest.Sink(recorded), flatten.Options{NoHealth: true})}, nil, nil)
	dateByClock()
	manager, err := promscrape.NewManager(&promscrape.Options{
		AppendMetadata: true, PassMetadataInContext: true, DiscoveryReloadOnStartup: true,
		HTTPClientOptions: []httpconfig.HTTPClientOption{httpconfig.WithDialContextFunc(listener.Dial)},
	}, nil, nil, nil, witness{rec, seen}, prometheus.NewRegistry())
	require.NoError(t, err)
	cfg, err := promconfig.Load("scrape_configs: ["+job+"]", newShared(nil, nil).log)
	require.NoError(t, err)
	require.NoError(t, manager.ApplyConfig(cfg))
	found := make(chan map[string][]*targetgroup.Group, 1)
	found <- map[string][]*targetgroup.Group{"j": {{Source: "s", Targets: []model.LabelSet{{model.AddressLabel: "a"}}}}}
	done := make(chan error)
	go func() { done <- manager.Run(found) }()
	time.Sleep(time.Minute)
	manager.Stop()
	require.NoError(t, <-done)
	require.NoError(t, rec.Close())
	require.NoError(t, server.Close())
	return seen.all, recorded.all
}
