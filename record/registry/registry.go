package registry

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
)

// Options configure a Registry. Only Dir is required.
type Options struct {
	// Dir is the folder of the recording. The caller has locked it.
	Dir string
	// Prefix is the first component of metric names; "" means openmetrics.
	Prefix string
	// Retention is the time for which archives are kept; zero means for ever.
	Retention time.Duration
	// NoSync skips waiting for the disk, except in Open and when the file is written anew,
	// for which Sync does not wait. After a power failure, Open then learns the numbers of
	// the archives that were written last.
	NoSync bool
	// Now replaces time.Now; may be nil.
	Now func() time.Time
	// Log receives what happens to the file; may be nil.
	Log *slog.Logger

	boot string // the run of the system, for tests; "" asks the system
}

// Registry holds the numbers. It implements [mapper.Numbers]. Several goroutines may
// use it.
type Registry struct {
	opts Options
	log  *slog.Logger
	file journal

	rewriting  sync.Mutex // held while the file is written anew, and while metrics are dropped
	background sync.WaitGroup

	mu      sync.Mutex
	sources map[string]*source // by name
	byJob   map[string]*source
	owners  [mapper.MaxCluster + 1]*source // by cluster
	gone    goneList
	live    int   // instances in use
	written int64 // when the file was last written anew, in Unix seconds
	closed  bool
	boot    string
}

var _ mapper.Numbers = (*Registry)(nil)

// Open reads the registry of a folder, or begins one. If the file is missing or damaged,
// Open takes the numbers from the archives in the folder, the newest first.
func Open(o Options) (*Registry, error) {
	o.Prefix = cmp.Or(o.Prefix, "openmetrics")
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Registry{opts: o, log: o.Log, sources: map[string]*source{}, byJob: map[string]*source{}}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.boot = cmp.Or(o.boot, bootOf())
	p := &replay{reg: r}
	state, err := r.file.open(o.Dir, o.NoSync, p.record)
	if err != nil {
		return nil, err
	}
	r.settle(p.clean)
	switch {
	case state == missing || state == damaged:
		r.rebuild("the file is missing or damaged", nil)
	case o.NoSync && !p.clean && p.boot != r.boot:
		r.rebuild("the system stopped suddenly", r.file.changedLater)
		state = torn
	}
	if state != whole {
		r.file.pending = nil // the state has them
		if err := r.compact(); err != nil {
			return nil, errors.Join(err, r.file.close())
		}
	}
	r.put(openRecord(nil, r.boot))
	if err := r.opened(); err != nil {
		return nil, errors.Join(err, r.file.close())
	}
	return r, nil
}

// opened waits, also with NoSync, until the disk says that the file is in use. After a power
// failure Open would otherwise take it for complete.
func (r *Registry) opened() error {
	if err := r.Sync(); err != nil {
		return err
	}
	return r.file.f.Sync()
}

// Name returns the component of metric names that stands for a job, the same after every
// restart. Two jobs never have the same.
func (r *Registry) Name(job string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if src := r.byJob[job]; src != nil {
		return src.name
	}
	base := naming.SourceName(job)
	name := base
	for n := 2; r.sources[name] != nil || name == "control"; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	src := r.addSource(name, job)
	src.since = r.now()
	r.put(src.record())
	return name
}

// Source returns the numbers of the source called name. It gives a new source a cluster.
func (r *Registry) Source(name string) (mapper.SourceNumbers, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	src := r.sources[name]
	if src == nil {
		src = r.addSource(name, "")
		r.put(src.record())
	}
	if len(src.clusters) == 0 {
		if err := r.newCluster(src); err != nil {
			if src.unused() {
				r.dropSource(src)
			}
			return nil, err
		}
	}
	src.refs++
	src.since = 0
	return src, nil
}

// now returns the time in seconds.
func (r *Registry) now() int64 { return r.opts.Now().Unix() }

// addSource makes a source without a cluster.
func (r *Registry) addSource(name, job string) *source {
	src := &source{reg: r, name: name, job: job, items: map[uint32]*metric{}, metrics: map[mapper.MetricID][]*metric{}}
	r.sources[name] = src
	if job != "" {
		r.byJob[job] = src
	}
	return src
}

// newCluster gives a source the lowest cluster that no source has.
func (r *Registry) newCluster(src *source) error {
	for c := uint32(1); c <= mapper.MaxCluster; c++ {
		if r.owners[c] == nil {
			r.own(c, src)
			r.put(clusterRecord(c, src.name))
			return nil
		}
	}
	return mapper.ErrNumbers
}

// own gives a cluster to a source.
func (r *Registry) own(c uint32, src *source) {
	r.owners[c] = src
	src.clusters = append(src.clusters, c)
}

// dropSource forgets a source. Its clusters are free.
func (r *Registry) dropSource(src *source) {
	for _, c := range src.clusters {
		r.owners[c] = nil
	}
	for _, m := range src.items {
		r.dropInstances(m)
	}
	delete(r.sources, src.name)
	if r.byJob[src.job] == src {
		delete(r.byJob, src.job)
	}
}

// Stats are the counts of a Registry.
type Stats struct {
	Sources, Metrics int
	Instances        int // in use
	Gone             int // instances that have vanished and keep their numbers
}

// Stats returns the counts.
func (r *Registry) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := Stats{Sources: len(r.sources), Instances: r.live, Gone: r.gone.count}
	for _, src := range r.sources {
		st.Metrics += len(src.items)
	}
	return st
}

// Close writes the file anew, with the times at which metrics and instances vanished.
func (r *Registry) Close() error {
	r.file.mu.Lock()
	r.file.closing = true
	r.file.mu.Unlock()
	r.background.Wait()
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return errors.Join(r.compact(), r.file.close())
}
