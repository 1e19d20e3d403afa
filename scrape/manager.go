package scrape

import (
	"context"
	"log/slog"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
	promscrape "github.com/prometheus/prometheus/scrape"
)

// RunOptions change how Run scrapes.
type RunOptions struct {
	// UserAgent is the User-Agent header of requests; empty means that of Prometheus.
	UserAgent string
	// StartNow scrapes all targets at the start. Otherwise their first scrapes are spread
	// over an interval, which suits many targets.
	StartNow bool
	// Duration ends the recording half an interval before the first scrape that would
	// begin this long after the first one. Zero means no limit.
	Duration time.Duration
	// Log receives messages of discovery and scraper; nil discards them.
	Log *slog.Logger
}

// Run scrapes the targets of cfg into rec until ctx ends or o.Duration has passed. It
// returns when no scrape is under way; the caller closes rec.
func Run(ctx context.Context, cfg *promconfig.Config, rec *Recorder, o RunOptions) error {
	options := ScraperOptions{Route: func(*promscrape.Target) *Recorder { return rec }, UserAgent: o.UserAgent, Log: o.Log}
	if o.StartNow {
		// The scraper waits for this offset and for up to one interval.
		options.FirstScrape = -longestInterval(cfg)
	}
	s, err := newScraper(rec.shared, options)
	if err != nil {
		return err
	}
	if err := s.Apply(cfg); err != nil {
		s.end()
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Duration > 0 {
		go rec.endAfter(ctx, cancel, o.Duration, longestInterval(cfg))
	}
	go rec.drainUntil(ctx)
	return s.Run(ctx, rec.failed)
}
