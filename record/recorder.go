package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/record/layout"
	"github.com/pcparchive/pcparchive/scrape"
)

// Recorder records the jobs of a configuration into the archives of a folder.
type Recorder struct {
	o       Options
	log     *slog.Logger // shows no secrets
	lock    *outlock.Lock
	dir     *os.File
	scraper *scrape.Scraper
	report  *prom.Report
	files   *archive.FilePool
	space   *space
	found   found
	claims  claims
	closing closing
	firsts  *firsts
	dirty   atomic.Bool  // something was written since the last sync
	synced  atomic.Int64 // time before which all data is on the disk, in Unix nanoseconds; 0 if all is
	config  atomic.Pointer[Config]
	ready   atomic.Bool
	began   time.Time

	reloading sync.Mutex           // one reload at a time
	loaded    map[string]fileState // the files of the last reload, guarded by reloading
	reloads   reloads

	mu       sync.Mutex       // guards lines, stems and past
	lines    map[string]*line // by identity, see Recorder.route
	stems    map[stem]*line
	owners   *owners
	byTarget sync.Map // of *promscrape.Target to *line, where each target has its own archives
	past     Stats    // of lines that have ended
}

// New locks the folder and loads the configuration. Close releases the folder unless Run
// was called, which does so itself. If another process records into the folder, the error
// is an [archive.InUseError].
func New(ctx context.Context, o Options) (*Recorder, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := outlock.TakeFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	r := &Recorder{
		o: o, lock: lock, report: &prom.Report{}, files: archive.NewFilePool(openFiles()),
		lines: map[string]*line{}, stems: map[stem]*line{}, began: time.Now(),
		firsts: newFirsts(),
	}
	r.claims.held = map[string]chan struct{}{}
	if err := r.open(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// open prepares the parts that depend on the configuration.
func (r *Recorder) open(ctx context.Context) (err error) {
	if r.dir, err = os.Open(r.o.Dir); err != nil {
		return err
	}
	if r.o.OpenNumbers != nil {
		if r.o.Numbers, err = r.o.OpenNumbers(); err != nil {
			r.o.Numbers = nil
			return err
		}
	}
	if r.owners, err = loadOwners(r.o.Dir); err != nil {
		return err
	}
	cfg, err := r.o.Loader.Load(ctx, r.o.Log)
	if err != nil {
		return err
	}
	r.config.Store(cfg)
	if err := r.reserve(cfg); err != nil {
		return err
	}
	r.loaded = statesOf(cfg.Files)
	r.scraper, err = scrape.NewScraper(scrape.ScraperOptions{
		Route: r.route, UserAgent: r.o.UserAgent, FirstScrape: firstScrape(cfg), Dial: r.dial, Report: r.report, Log: r.o.Log,
	})
	if err != nil {
		return err
	}
	r.log = r.scraper.Log()
	r.space = newSpace(r.o.Dir, r.log)
	return nil
}

// Close releases the folder. Run calls it.
func (r *Recorder) Close() error {
	if r.dir != nil {
		_ = r.dir.Close() // open for reading only
	}
	var err error
	if r.o.OpenNumbers != nil && r.o.Numbers != nil {
		err = r.o.Numbers.Close()
		r.o.Numbers = nil
	}
	return errors.Join(err, r.lock.Release())
}

// Config returns the configuration in force.
func (r *Recorder) Config() *Config { return r.config.Load() }

// Ready reports whether the targets are being scraped.
func (r *Recorder) Ready() bool { return r.ready.Load() }

// Targets returns the active targets by job.
func (r *Recorder) Targets() map[string][]*promscrape.Target { return r.scraper.Targets() }

// Dropped returns the targets that relabelling dropped, by job.
func (r *Recorder) Dropped() map[string][]*promscrape.Target { return r.scraper.Dropped() }

// DroppedCounts returns the numbers of all targets that relabelling dropped, by job.
func (r *Recorder) DroppedCounts() map[string]int { return r.scraper.DroppedCounts() }

// Registry holds the metrics of the scraper, of its discovery and of others who register
// theirs.
func (r *Recorder) Registry() *prometheus.Registry { return r.scraper.Registry() }

// dial opens a connection by the configuration in force.
func (r *Recorder) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if dial := r.config.Load().Dial; dial != nil {
		return dial(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// Run records until ctx ends. Then it closes the archives, which a later run of the same
// day continues.
func (r *Recorder) Run(ctx context.Context) error {
	return errors.Join(r.run(ctx), r.Close())
}

func (r *Recorder) run(ctx context.Context) error {
	unfinished, err := r.found.scan(r.o.Dir, r.o.Compress != archive.CompressNone)
	if err != nil {
		return err
	}
	if err := r.scraper.Apply(r.config.Load().Prometheus); err != nil {
		return err
	}
	r.logConfig(nil, r.config.Load())
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() { r.repair(inner, unfinished) })
	group.Go(func() { r.space.watch(inner, func() { r.cull(inner) }) })
	group.Go(func() { r.keepSyncing(inner) })
	group.Go(func() { r.keepHouse(inner) })
	if r.o.Per != PerTarget {
		group.Go(func() { r.keepDraining(inner) })
	}
	group.Go(func() { r.watchFiles(inner) })
	r.ready.Store(true)
	context.AfterFunc(ctx, func() { close(r.firsts.ending) })
	err = r.scraper.Run(ctx, nil)
	r.ready.Store(false)
	cancel()
	group.Wait()
	return errors.Join(err, r.finish())
}

// finish closes all archives.
func (r *Recorder) finish() error {
	var err error
	for _, l := range r.openLines() {
		err = errors.Join(err, l.rec.Close())
	}
	r.closing.wait()
	return errors.Join(err, r.syncNumbers(), r.syncDisk())
}

// syncNumbers writes the numbers that archives use.
func (r *Recorder) syncNumbers() error {
	if r.o.Numbers == nil {
		return nil
	}
	if err := r.o.Numbers.Sync(); err != nil {
		return fmt.Errorf("the numbers of metrics cannot be written: %w", err)
	}
	return nil
}

// writeOptions returns how archives are written.
func (r *Recorder) writeOptions() *archive.WriteOptions {
	return &archive.WriteOptions{
		Version: r.o.Version, OnFlush: true, NoLock: true, Files: r.files, VolumeSize: r.o.VolumeSize, Compress: r.o.Compress,
	}
}

// hostDir returns the folder of an archive.
func (r *Recorder) hostDir(n layout.Name) string { return filepath.Join(r.o.Dir, n.Host) }
