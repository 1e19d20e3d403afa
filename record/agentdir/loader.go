package agentdir

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/record"
)

// Options say how the sources of a folder are fetched. The zero value is usable.
type Options struct {
	Interval  time.Duration // between two fetches; zero means 10 s
	Timeout   time.Duration // of a fetch; zero means the interval, at most 10 s
	BodyLimit int64         // size of the longest page in bytes; zero means 64 MiB
	UserAgent string        // unless a .url file has a HEADER: User-Agent
	// Numbers gets the names of the sources in the order of the agent's numbers. It may be
	// nil.
	Numbers mapper.Numbers
	Log     *slog.Logger // nil discards messages
}

const (
	defaultInterval  = 10 * time.Second
	longestTimeout   = 10 * time.Second
	defaultBodyLimit = 64 << 20
)

// Loader reads a configuration folder. It is a [record.Loader].
type Loader struct {
	dir  string
	opts Options
	gate *gateway

	mu      sync.Mutex
	sources map[string]*Source
	numbers map[string]mapper.SourceNumbers // of sources, so that nothing else gets them
	faults  map[string]bool                 // those that have been logged
}

var _ record.Loader = (*Loader)(nil)

// New returns a Loader for the folder dir. Close it after the recording.
func New(dir string, o Options) *Loader {
	o.Interval = cmp.Or(o.Interval, defaultInterval)
	o.Timeout = cmp.Or(o.Timeout, min(o.Interval, longestTimeout))
	o.BodyLimit = cmp.Or(o.BodyLimit, defaultBodyLimit)
	o.UserAgent = cmp.Or(o.UserAgent, "pcparchive")
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Loader{
		dir: dir, opts: o, numbers: map[string]mapper.SourceNumbers{}, faults: map[string]bool{},
		gate: newGateway(newFetcher(o.UserAgent, o.BodyLimit), o.Interval, o.Timeout, o.Log),
	}
}

// Close ends the fetches and gives back the numbers.
func (l *Loader) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release(nil)
	l.gate.close()
	return nil
}

// Load reads the folder. It reports a file that cannot be used to log, once, and goes on
// without it. An error means that the folder itself cannot be read.
func (l *Loader) Load(_ context.Context, log *slog.Logger) (*record.Config, error) {
	if log == nil {
		log = l.opts.Log
	}
	found, err := scan(l.dir)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var faults []error
	faults = append(faults, found.faults...)
	files, sources := found.folders, map[string]*Source{}
	var order []*Source
	for _, e := range found.entries {
		files = append(files, e.path)
		s, lines, err := newSource(e)
		faults = append(faults, lines...)
		if err == nil {
			err = l.number(e.name)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if old := l.sources[e.name]; old != nil && old.same(s) {
			s = old
		}
		sources[e.name] = s
		order = append(order, s)
	}
	l.logOnce(log, faults)
	config, err := l.config(order, log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.dir, err)
	}
	l.sources = sources
	l.release(sources)
	l.gate.serve(sources)
	jobs := make(map[string]record.Job, len(order))
	for _, s := range order {
		jobs[s.name] = l.job(s)
	}
	return &record.Config{Prometheus: config, Jobs: jobs, Files: files, Dial: l.gate.dial}, nil
}

// number gives a source its number. The agent numbers sources in the order of their files.
func (l *Loader) number(name string) error {
	if l.opts.Numbers == nil || l.numbers[name] != nil {
		return nil
	}
	n, err := l.opts.Numbers.Source(name)
	if err != nil {
		return fmt.Errorf("source %s: %w", name, err)
	}
	l.numbers[name] = n
	return nil
}

// release gives back the numbers of sources that are no more.
func (l *Loader) release(sources map[string]*Source) {
	for name, n := range l.numbers {
		if sources[name] == nil {
			n.Release()
			delete(l.numbers, name)
		}
	}
}

// logOnce logs the faults that were not there at the last reading.
func (l *Loader) logOnce(log *slog.Logger, faults []error) {
	now := make(map[string]bool, len(faults))
	for _, err := range faults {
		text := err.Error()
		if !l.faults[text] && !now[text] {
			log.Warn("configuration folder: " + text)
		}
		now[text] = true
	}
	l.faults = now
}

// same reports whether two sources have the same content.
func (s *Source) same(other *Source) bool {
	return s.entry == other.entry && s.revision == other.revision
}

// Sources returns the sources of the last reading, by name.
func (l *Loader) Sources() map[string]*Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.sources)
}

// config makes a scrape job of each source.
func (l *Loader) config(sources []*Source, log *slog.Logger) (*promconfig.Config, error) {
	jobs := make([]map[string]any, len(sources))
	for i, s := range sources {
		jobs[i] = map[string]any{
			"job_name":        s.name,
			"scrape_interval": model.Duration(l.opts.Interval).String(),
			"scrape_timeout":  model.Duration(l.opts.Timeout).String(),
			"honor_labels":    true,
			"metrics_path":    "/",
			"static_configs": []map[string]any{{
				"targets": []string{s.name + hostSuffix},
				"labels":  map[string]string{"instance": s.instance()},
			}},
			// The job has one target. The limit, which differs if the file does, makes the
			// scraper forget the series of the job without another effect.
			"target_limit": 1 + s.revision,
		}
	}
	text, err := yaml.Marshal(map[string]any{"scrape_configs": jobs})
	if err != nil {
		return nil, err
	}
	return promconfig.Load(string(text), log)
}
