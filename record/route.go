package record

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/record/layout"
	"github.com/pcparchive/pcparchive/scrape"
)

// line is the archives of a target, or of several that share an archive.
type line struct {
	key     string
	job     string // of the first target
	stem    stem
	rec     *scrape.Recorder
	chain   *chain
	targets []*promscrape.Target // of Recorder.byTarget
}

// route returns the Recorder of a target's archive, which is ready to be written.
func (r *Recorder) route(target *promscrape.Target) *scrape.Recorder {
	l := r.lineOf(target)
	if l == nil {
		return nil
	}
	l.chain.prepare()
	return l.rec
}

// lineOf returns the line of a target; nil if the target cannot be recorded.
func (r *Recorder) lineOf(target *promscrape.Target) *line {
	if l, ok := r.byTarget.Load(target); ok {
		return l.(*line)
	}
	lset := target.Labels(labels.NewBuilder(labels.EmptyLabels()))
	job, instance := lset.Get("job"), lset.Get("instance")
	key := ""
	switch r.o.Per {
	case PerTarget:
		key = lset.String() + target.URL().String()
	case PerJob:
		key = job
	}
	l, begun, err := r.lineFor(key, job, instance, target)
	if err != nil {
		r.log.Error("target cannot be recorded", "job", job, "instance", instance, "err", err)
		return nil
	}
	if !begun {
		return l
	}
	if err := r.owners.save(); err != nil { // no lock is held that other targets need
		r.log.Warn("archives of one host and job may swap their names after a restart", "job", job, "instance", instance, "err", err)
	}
	return l
}

// lineFor returns the line with a key, and whether it has begun it.
func (r *Recorder) lineFor(key, job, instance string, target *promscrape.Target) (l *line, begun bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l = r.lines[key]; l == nil {
		if l, err = r.newLine(key, job, instance); err != nil {
			return nil, false, err
		}
		r.lines[key], begun = l, true
	}
	if r.o.Per == PerTarget {
		l.targets = append(l.targets, target)
		r.byTarget.Store(target, l)
	}
	return l, begun, nil
}

// newLine begins the archives of a target or of a group of targets.
func (r *Recorder) newLine(key, job, instance string) (*line, error) {
	cfg := r.config.Load()
	host, _ := placeOf(r.o.Per, cfg, job, instance)
	host = hostLabel(host, r.o.Version)
	alone := r.o.Per == PerTarget
	slow := 2 * time.Minute // a scrape of a shared archive may end after later ones
	if alone {
		slow = time.Second
	}
	l := &line{key: key, job: job, stem: r.freeStem(cfg.stemOf(r.o.Per, job, instance), instance, key)}
	m, err := mapper.New(mapper.Options{
		Prefix: r.o.Prefix, Host: host, External: r.labels(), Report: r.report, Numbers: r.numbers(),
	})
	if err != nil {
		return nil, err
	}
	l.chain = &chain{rec: r, name: layout.Name{Host: l.stem.host, Stem: l.stem.name}, host: host, slow: slow}
	l.rec = r.scraper.NewRecorder(m, l.chain, scrape.RecorderOptions{
		Alone: alone, Target: r.describe, Gone: func() { r.drop(l) },
	})
	r.stems[l.stem] = l
	return l, nil
}

// numbers returns the numbers as an interface that may be nil.
func (r *Recorder) numbers() mapper.Numbers {
	if r.o.Numbers == nil {
		return nil
	}
	return r.o.Numbers
}

// describe names a target in an archive.
func (r *Recorder) describe(t *mapper.Target) {
	cfg := r.config.Load()
	job := cfg.Jobs[t.Job]
	t.Options = job.Source
	t.URL = cmp.Or(job.Address, t.URL)
	t.Name = job.Name
	if t.Name == "" {
		t.Name = naming.SourceName(t.Job)
		if r.o.Numbers != nil {
			t.Name = r.o.Numbers.Name(t.Job)
		}
	}
	if r.o.Per != PerTarget && !job.Single {
		t.Name += instanceSuffix(t.Instance)
	}
}

// instanceSuffix returns what an instance adds to the name of its job in a shared archive.
func instanceSuffix(instance string) string {
	return strings.TrimPrefix(naming.SourceName("x_"+instance), "x")
}

// labels returns the context labels: those of the options and the external labels of the
// configuration.
func (r *Recorder) labels() []prom.Label {
	all := append([]prom.Label(nil), r.o.Labels...)
	r.config.Load().external().Range(func(l labels.Label) {
		for _, have := range all {
			if have.Name == l.Name {
				return
			}
		}
		all = append(all, prom.Label{Name: l.Name, Value: l.Value})
	})
	return all
}

// freeStem returns the name of a target's archives, which is plain if no other target has it.
func (r *Recorder) freeStem(plain stem, instance, key string) stem {
	target := checksum(key)
	s := plain.choose(instance, target, func(s stem) bool { return r.stems[s] == nil && r.owners.mayHave(s, target) })
	if s == plain {
		return s
	}
	owners := map[stem]string{s: target}
	if first := r.stems[plain]; first != nil {
		owners[plain] = checksum(first.key)
	}
	r.owners.set(owners)
	return s
}

// drop forgets the archives of a target that has gone.
func (r *Recorder) drop(l *line) {
	stats := l.rec.Stats()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.past.add(stats)
	delete(r.lines, l.key)
	delete(r.stems, l.stem)
	for _, target := range l.targets {
		r.byTarget.Delete(target)
	}
}

// dropJobs closes the archives of targets whose jobs a new configuration lacks. Prometheus
// says no farewell for them.
func (r *Recorder) dropJobs(jobs []string) {
	if r.o.Per == PerAll {
		return
	}
	for _, l := range r.openLines() {
		if !slices.Contains(jobs, l.job) {
			_ = l.rec.Close() // the chain reports errors itself
			r.drop(l)
		}
	}
}

// hostOf returns the host that the instance label of a target names.
func hostOf(instance string) string {
	host := instance
	if strings.Contains(instance, "://") {
		if u, err := url.Parse(instance); err == nil {
			host = u.Host
		}
	}
	host = mapper.HostOnly(redact.Address(host))
	if host == "" || mapper.IsLoopback(host) {
		return mapper.LocalHost()
	}
	return host
}

// nameOf returns the name of a job in paths.
func (c *Config) nameOf(job string) string { return cmp.Or(c.Jobs[job].Name, job) }
