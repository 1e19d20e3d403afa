package scrape

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	httpconfig "github.com/prometheus/common/config"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
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
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if o.Duration > 0 {
		limited, cancel := context.WithCancel(ctx)
		defer cancel()
		go rec.endAfter(limited, cancel, o.Duration, scrapeInterval(cfg))
		ctx = limited
	}
	rec.secrets.addConfig(cfg)
	return rec.secrets.error(rec.run(ctx, cfg, o, slog.New(redactHandler{log.Handler(), &rec.secrets})))
}

// run does the work of Run with a log that shows no secrets.
func (r *Recorder) run(ctx context.Context, cfg *promconfig.Config, o RunOptions, log *slog.Logger) error {
	installGuard()
	registry := prometheus.NewRegistry()
	options := &promscrape.Options{
		AppendMetadata: true, PassMetadataInContext: true, DiscoveryReloadOnStartup: true,
	}
	if o.UserAgent != "" {
		options.HTTPClientOptions = []httpconfig.HTTPClientOption{httpconfig.WithUserAgent(o.UserAgent)}
	}
	if o.StartNow {
		// The scraper waits for this offset and for up to one interval.
		options.InitialScrapeOffset = -longestInterval(cfg)
	}
	manager, err := promscrape.NewManager(options, slog.New(dropHandler{Handler: log.Handler(), drops: &r.drops}), nil, nil, r, registry)
	if err != nil {
		return err
	}
	metrics, err := discovery.CreateAndRegisterSDMetrics(registry)
	if err != nil {
		return fmt.Errorf("service discovery: %w", err)
	}
	// Discovery ends with this context, when ctx ends and when another part fails.
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	found := discovery.NewManager(inner, log, registry, metrics, discovery.Name("scrape"))
	if found == nil {
		return fmt.Errorf("service discovery cannot start")
	}
	if err := apply(cfg, manager, found); err != nil {
		return err
	}
	return serve(inner, cancel, r, manager, found)
}

func apply(cfg *promconfig.Config, manager *promscrape.Manager, found *discovery.Manager) error {
	if err := manager.ApplyConfig(cfg); err != nil {
		return err
	}
	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		return err
	}
	discoverers := map[string]discovery.Configs{}
	for _, job := range jobs {
		discoverers[job.JobName] = job.ServiceDiscoveryConfigs
	}
	return found.ApplyConfig(discoverers)
}

// serve runs discovery, scraper and recorder until ctx ends or one of them fails. cancel
// ends ctx.
func serve(ctx context.Context, cancel context.CancelFunc, rec *Recorder, manager *promscrape.Manager, found *discovery.Manager) error {
	var group sync.WaitGroup
	failed := make(chan error, 2)
	run := func(f func() error) {
		group.Go(func() {
			if err := f(); err != nil {
				failed <- err
			}
		})
	}
	run(func() error {
		if err := found.Run(); ctx.Err() == nil {
			return err
		}
		return nil
	})
	run(func() error { return manager.Run(rec.withoutLongLabels(ctx, found.SyncCh())) })
	group.Go(func() { rec.drainUntil(ctx) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	case err = <-rec.failed:
	}
	rec.stopping()
	manager.Stop()
	cancel()
	group.Wait()
	return err
}

func longestInterval(cfg *promconfig.Config) time.Duration {
	longest := time.Duration(cfg.GlobalConfig.ScrapeInterval)
	for _, job := range cfg.ScrapeConfigs {
		longest = max(longest, time.Duration(job.ScrapeInterval))
	}
	return longest
}
