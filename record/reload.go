package record

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// reloads counts the reloads of the configuration.
type reloads struct {
	mu         sync.Mutex
	good       bool
	when       time.Time // of the last successful one
	done, fail int
}

// note counts a reload.
func (s *reloads) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = err == nil
	if err != nil {
		s.fail++
		return
	}
	s.done++
	s.when = time.Now()
}

// Reloaded returns the number of reloads that succeeded and that failed, whether the last
// one succeeded, and when one last succeeded.
func (r *Recorder) Reloaded() (done, failed int, good bool, when time.Time) {
	s := &r.reloads
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done, s.fail, s.good || s.done+s.fail == 0, s.when
}

// Reload loads the configuration again. Unchanged jobs miss no scrape. If it cannot be
// loaded or applied, the old one stays in force, and the log and the error say why.
func (r *Recorder) Reload(ctx context.Context) error {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	return r.reloadNoting(ctx)
}

// reloadChanged is Reload for files that are not those that were loaded last. seen are their
// states shortly before.
func (r *Recorder) reloadChanged(ctx context.Context, seen map[string]fileState) error {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	// Another reload may have loaded newer states than those in seen.
	if sameStates(seen, r.loaded) || sameStates(statesOf(r.config.Load().Files), r.loaded) {
		return nil
	}
	return r.reloadNoting(ctx)
}

// reloadNoting reloads and notes what came of it. A file that changes meanwhile counts as
// not loaded; a bad one counts as loaded, and is not tried again before it changes.
func (r *Recorder) reloadNoting(ctx context.Context) error {
	before := statesOf(r.config.Load().Files)
	err := r.reload(ctx)
	files := r.config.Load().Files
	r.loaded = statesOf(files)
	for name, state := range before {
		if slices.Contains(files, name) {
			r.loaded[name] = state
		}
	}
	r.reloads.note(err)
	if err != nil {
		err = r.scraper.Redact(err)
		r.log.Error("the configuration cannot be loaded: the old one stays in force", "err", err)
	}
	return err
}

func (r *Recorder) reload(ctx context.Context) error {
	next, err := r.o.Loader.Load(ctx, r.o.Log)
	if err != nil {
		return err
	}
	if err := r.reserve(next); err != nil {
		return err
	}
	before := r.config.Swap(next)
	if err := r.scraper.Apply(next.Prometheus); err != nil {
		r.config.Store(before)
		if again := r.scraper.Apply(before.Prometheus); again != nil {
			return fmt.Errorf("%w; and the old one cannot be applied again: %w", err, again)
		}
		return err
	}
	r.dropJobs(jobNames(next))
	if !labels.Equal(before.external(), next.external()) {
		r.relabel()
	}
	r.logConfig(before, next)
	return nil
}

// external returns the external labels.
func (c *Config) external() labels.Labels { return c.Prometheus.GlobalConfig.ExternalLabels }

// relabel gives all archives the external labels of the configuration.
func (r *Recorder) relabel() {
	external := r.labels()
	for _, l := range r.openLines() {
		if err := l.rec.SetExternal(external); err != nil {
			r.log.Warn("the archives of a job keep their external labels", "job", l.job, "err", err)
		}
	}
}

// logConfig says what a configuration holds, or what it changes.
func (r *Recorder) logConfig(before, now *Config) {
	if before == nil || !slices.Equal(before.Ignored, now.Ignored) {
		if len(now.Ignored) > 0 {
			r.log.Info("sections of the configuration do not concern a recorder", "sections", strings.Join(now.Ignored, ", "))
		}
	}
	if before == nil {
		r.log.Info("recording", "folder", r.o.Dir, "jobs", len(jobNames(now)), "archive_per", string(r.o.Per))
		return
	}
	was, is := jobNames(before), jobNames(now)
	r.log.Info("configuration loaded", "jobs", len(is), "added", strings.Join(without(is, was), ", "), "removed", strings.Join(without(was, is), ", "))
}

// jobNames returns the names of the jobs.
func jobNames(c *Config) []string {
	jobs, err := c.ScrapeConfigs()
	if err != nil {
		return nil
	}
	names := make([]string, len(jobs))
	for i, job := range jobs {
		names[i] = job.JobName
	}
	slices.Sort(names)
	return names
}

// without returns the elements of a that b lacks.
func without(a, b []string) (only []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			only = append(only, x)
		}
	}
	return only
}

// watchFiles loads the configuration again when a file of it has changed and stays as it
// is for a second.
func (r *Recorder) watchFiles(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var last map[string]fileState
	for {
		now := statesOf(r.config.Load().Files)
		if sameStates(now, last) {
			_ = r.reloadChanged(ctx, now) // the log says why it failed
		}
		last = now
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// fileState identifies the contents of a file, also where a symbolic link leads to another one
// of the same time and size.
type fileState struct{ os.FileInfo }

// is reports whether two states are of the same contents. A script may become executable.
func (s fileState) is(other fileState) bool {
	return os.SameFile(s.FileInfo, other.FileInfo) && s.ModTime().Equal(other.ModTime()) && s.Size() == other.Size() && s.Mode() == other.Mode()
}

// sameStates reports whether all files have the same contents.
func sameStates(a, b map[string]fileState) bool { return maps.EqualFunc(a, b, fileState.is) }

// statesOf returns the states of files. A file that does not exist has none.
func statesOf(names []string) map[string]fileState {
	all := make(map[string]fileState, len(names))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			all[name] = fileState{info}
		}
	}
	return all
}
