package scrape

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	httpconfig "github.com/prometheus/common/config"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/logging"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// ScraperOptions configure a Scraper. Only Route is required.
type ScraperOptions struct {
	// Route returns the Recorder of a target. It is called for each scrape, by several
	// goroutines. If it returns nil, the scrape is not recorded.
	Route func(*promscrape.Target) *Recorder
	// UserAgent is the User-Agent header of requests; empty means that of Prometheus.
	UserAgent string
	// FirstScrape is added to the time at which Prometheus would scrape a target first,
	// which is up to an interval after the start. It is negative for earlier scrapes.
	FirstScrape time.Duration
	// Dial opens the connections of scrapes; nil means a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Report counts losses; it may be nil.
	Report *prom.Report
	// Log receives messages of discovery and scraper; nil discards them.
	Log *slog.Logger
}

// Scraper is Prometheus' scraper and its service discovery, which write to the Recorders
// of many archives.
type Scraper struct {
	*shared
	route    func(*promscrape.Target) *Recorder
	registry *prometheus.Registry
	manager  *promscrape.Manager
	found    *discovery.Manager
	end      context.CancelFunc // ends the discovery
	ctx      context.Context    // of the discovery
}

// idleTimeout is the time after which an idle connection is closed. Connections of targets
// that have gone would otherwise take memory and files for five minutes. Targets that are
// scraped once a minute keep theirs.
const idleTimeout = 65 * time.Second

// NewScraper returns a Scraper without jobs; see Apply.
func NewScraper(o ScraperOptions) (*Scraper, error) { return newScraper(newShared(o.Report, o.Log), o) }

func newScraper(common *shared, o ScraperOptions) (*Scraper, error) {
	installGuard()
	dateByClock()
	s := &Scraper{shared: common, route: o.Route, registry: prometheus.NewRegistry()}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	log = slog.New(onceHandler{Handler: redactHandler{log.Handler(), &s.secrets}, repeats: &s.repeats})
	options := &promscrape.Options{
		AppendMetadata: true, PassMetadataInContext: true, DiscoveryReloadOnStartup: true, InitialScrapeOffset: o.FirstScrape,
	}
	options.HTTPClientOptions = append(options.HTTPClientOptions, httpconfig.WithIdleConnTimeout(idleTimeout))
	if o.UserAgent != "" {
		options.HTTPClientOptions = append(options.HTTPClientOptions, httpconfig.WithUserAgent(o.UserAgent))
	}
	if o.Dial != nil {
		options.HTTPClientOptions = append(options.HTTPClientOptions, httpconfig.WithDialContextFunc(o.Dial))
	}
	var err error
	s.manager, err = promscrape.NewManager(options, slog.New(dropHandler{Handler: log.Handler(), drops: &s.drops}), logging.NewJSONFileLogger, nil, s, s.registry)
	if err != nil {
		return nil, err
	}
	metrics, err := discovery.CreateAndRegisterSDMetrics(s.registry)
	if err != nil {
		return nil, fmt.Errorf("service discovery: %w", err)
	}
	s.ctx, s.end = context.WithCancel(context.Background())
	s.found = discovery.NewManager(s.ctx, log, s.registry, metrics, discovery.Name("scrape"))
	if s.found == nil {
		s.end()
		return nil, fmt.Errorf("service discovery cannot start")
	}
	return s, nil
}

// dateByClock makes the scraper give a scrape the time at which it begins, and not the one at
// which it was due. After the clock was set back that one stays in the future, and every scrape
// fails until the clock reaches it. The setting holds for the process.
var dateByClock = sync.OnceFunc(func() { promscrape.AlignScrapeTimestamps = false })

// NewRecorder returns a Recorder for one archive of the Scraper. It owns sink.
func (s *Scraper) NewRecorder(m *mapper.Mapper, sink Sink, o RecorderOptions) *Recorder {
	return s.newRecorder(m, sink, o)
}

// Registry returns the metrics of the scraper and of its discovery.
func (s *Scraper) Registry() *prometheus.Registry { return s.registry }

// Targets returns the active targets by job.
func (s *Scraper) Targets() map[string][]*promscrape.Target { return s.manager.TargetsActive() }

// Dropped returns targets that relabelling dropped, by job.
func (s *Scraper) Dropped() map[string][]*promscrape.Target { return s.manager.TargetsDropped() }

// DroppedCounts returns the numbers of all targets that relabelling dropped, by job. Dropped
// returns at most keep_dropped_targets of a job.
func (s *Scraper) DroppedCounts() map[string]int { return s.manager.TargetsDroppedCounts() }

// Log returns a log that shows no secrets.
func (s *Scraper) Log() *slog.Logger { return s.log }

// Redact returns err with a text that shows no secrets.
func (s *Scraper) Redact(err error) error { return s.secrets.error(err) }

// AppenderV2 begins a scrape of the target in ctx.
func (s *Scraper) AppenderV2(ctx context.Context) storage.AppenderV2 {
	target, ok := promscrape.TargetFromContext(ctx)
	if !ok {
		return &refusedScrape{report: s.report, target: "(no target)"}
	}
	for {
		rec := s.route(target)
		if rec == nil {
			return &refusedScrape{report: s.report, target: target.String()}
		}
		if app, open := rec.begin(target); open {
			return app
		}
	}
}

// Apply makes cfg the configuration in force. Jobs that do not change miss no scrape.
func (s *Scraper) Apply(cfg *promconfig.Config) error {
	s.secrets.addConfig(cfg)
	if err := s.manager.ApplyConfig(cfg); err != nil {
		return s.secrets.error(err)
	}
	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		return s.secrets.error(err)
	}
	discoverers := map[string]discovery.Configs{}
	for _, job := range jobs {
		s.secrets.addConfig(job)
		discoverers[job.JobName] = job.ServiceDiscoveryConfigs
	}
	return s.secrets.error(s.found.ApplyConfig(discoverers))
}

// Run scrapes until ctx ends or a part fails. It returns when no scrape is under way.
// failed may be nil; an error that it yields ends Run.
func (s *Scraper) Run(ctx context.Context, failed <-chan error) error {
	defer s.end()
	context.AfterFunc(ctx, s.end)
	var group sync.WaitGroup
	parts := make(chan error, 2)
	run := func(f func() error) {
		group.Go(func() {
			if err := f(); err != nil {
				parts <- err
			}
		})
	}
	run(func() error {
		if err := s.found.Run(); s.ctx.Err() == nil {
			return err
		}
		return nil
	})
	run(func() error { return s.manager.Run(s.withoutLongLabels(s.ctx, s.found.SyncCh())) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-parts:
	case err = <-failed:
	}
	s.manager.Stop() // waits for the scrapes that are under way
	s.end()
	group.Wait()
	return s.secrets.error(err)
}
