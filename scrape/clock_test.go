package scrape

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/pipenet"
	"github.com/pcparchive/pcparchive/pcp"
)

// stamps is a sink that keeps the times of its steps.
type stamps struct {
	mu   sync.Mutex
	all  []time.Time
	slow func(n int) // may be nil; called with the number of steps
}

func (s *stamps) Put(step *history.Step) error {
	s.mu.Lock()
	s.all = append(s.all, step.Stamp.Time().UTC())
	n := len(s.all)
	s.mu.Unlock()
	if s.slow != nil {
		s.slow(n)
	}
	return nil
}

func (s *stamps) Flush() error                { return nil }
func (s *stamps) Close() error                { return nil }
func (s *stamps) Size() int64                 { return 0 }
func (s *stamps) Written() (int64, float64)   { return 0, 1 }
func (s *stamps) Last() (pcp.Timestamp, bool) { return pcp.Timestamp{}, false }

// turningStamps is a sink that takes earlier steps.
type turningStamps struct{ stamps }

func (*turningStamps) Earlier(pcp.Timestamp) bool { return true }

// TestTimesAreTheClocks: a scrape has the time of the clock at its beginning. If the scraper
// aligned it to the time at which it was due, it would have that one also after the clock was
// set back, when it is in the future. No test can set the clock, so one of the scrapes here
// begins late, by less than the tolerance of the alignment.
func TestTimesAreTheClocks(t *testing.T) {
	_, _ = net.LookupHost("localhost") // makes the channels of the resolver outside of the bubble
	synctest.Test(t, func(t *testing.T) {
		const interval, late = 10 * time.Second, time.Millisecond
		asked := make(chan time.Time, 100)
		listener := pipenet.Listen()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked <- time.Now().UTC().Truncate(time.Millisecond)
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			_, _ = fmt.Fprintln(w, "x 1") // fails if the scraper has left
		})}
		go func() { _ = server.Serve(listener) }() // Close ends it
		sink := &stamps{slow: func(n int) {
			if n == 2 {
				time.Sleep(interval + late)
			}
		}}
		m, err := mapper.New(mapper.Options{Host: "h"})
		require.NoError(t, err)
		var rec *Recorder
		s, err := NewScraper(ScraperOptions{Route: func(*promscrape.Target) *Recorder { return rec }, Dial: listener.Dial})
		require.NoError(t, err)
		rec = s.NewRecorder(m, sink, RecorderOptions{Alone: true})
		cfg, err := promconfig.Load("scrape_configs: [{job_name: j, scrape_interval: 10s, static_configs: [{targets: [a]}]}]", s.Log())
		require.NoError(t, err)
		require.NoError(t, s.Apply(cfg))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx, nil) }()
		time.Sleep(6 * interval)
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, rec.Close())
		require.NoError(t, server.Close())
		close(asked)
		var want []time.Time
		for at := range asked {
			want = append(want, at)
		}
		require.GreaterOrEqual(t, len(want), 4)
		assert.Equal(t, want, sink.all)
		assert.Equal(t, interval+late, want[2].Sub(want[1]), "a scrape begins late")
	})
}

// reporter returns a function that records a scrape of a target with a value of up.
func reporter(t *testing.T, rec *Recorder, instance string) func(at int64, up float64) {
	t.Helper()
	target := promscrape.NewTarget(labels.FromStrings("job", "j", "instance", instance), &promconfig.ScrapeConfig{},
		model.LabelSet{model.AddressLabel: model.LabelValue(instance), model.SchemeLabel: "http", model.MetricsPathLabel: "/metrics"}, nil)
	return func(at int64, up float64) {
		app := rec.AppenderV2(promscrape.ContextWithTarget(t.Context(), target))
		_, err := app.Append(0, labels.EmptyLabels(), 0, at, up, nil, nil, storage.AppendV2Options{MetricFamilyName: "up\xff"})
		require.NoError(t, err)
		require.NoError(t, app.Commit())
	}
}

const hour = int64(time.Hour / time.Millisecond)

// A target that goes after the clock was set back ends its archive, although its earlier
// scrapes have later times. The loop of a target that came back ends nothing.
func TestFarewellAfterTheClockWasSetBack(t *testing.T) {
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	gone, sink := 0, &turningStamps{}
	rec := newShared(nil, nil).newRecorder(m, sink, RecorderOptions{Alone: true, Gone: func() { gone++ }})
	at := time.Now().UnixMilli()
	old, next := reporter(t, rec, "a:1"), reporter(t, rec, "a:1")
	old(at+hour, 1)
	next(at+1000, 1)
	old(at+2000, prom.StaleNaN)
	assert.Zero(t, gone, "the target came back")
	next(at+3000, prom.StaleNaN)
	assert.Equal(t, 1, gone)
	assert.Len(t, sink.all, 3)
}

// A scrape that waits for others of its archive does not wait until a clock that was set back
// reaches its time.
func TestWaitingScrapesAfterTheClockWasSetBack(t *testing.T) {
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	sink := &turningStamps{}
	rec := NewRecorder(m, sink, nil, nil)
	at := time.Now().UnixMilli()
	reporter(t, rec, "a:1")(at+2*hour, 1) // waits
	require.Empty(t, sink.all)
	rec.mu.Lock()
	require.NoError(t, rec.drainAt(at+2*hour))
	require.Empty(t, sink.all, "another scrape may still have an earlier time")
	require.NoError(t, rec.drainAt(at+hour))
	rec.mu.Unlock()
	assert.Len(t, sink.all, 1)
	require.NoError(t, rec.Close())
}
