package record

import (
	"iter"
	"net"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/record/layout"
)

// listedTarget is a target that the configuration lists, or the cause why it is wrong.
type listedTarget struct {
	labels labels.Labels // empty if relabelling drops the target
	url    string
	err    error
}

// key identifies a target.
func (t listedTarget) key() string { return t.labels.String() + t.url }

// listedTargets yields the targets that a job lists.
func listedTargets(job *promconfig.ScrapeConfig) iter.Seq[listedTarget] {
	return func(yield func(listedTarget) bool) {
		builder := labels.NewBuilder(labels.EmptyLabels())
		for _, found := range job.ServiceDiscoveryConfigs {
			static, _ := found.(discovery.StaticConfig)
			for _, group := range static {
				targets, failures := promscrape.TargetsFromGroup(group, job, nil, builder)
				for _, err := range failures {
					if !yield(listedTarget{err: err}) {
						return
					}
				}
				for _, t := range targets {
					one := listedTarget{labels: t.Labels(builder)}
					if !one.labels.IsEmpty() {
						one.url = t.URL().String()
					}
					if !yield(one) {
						return
					}
				}
			}
		}
	}
}

// stemOf returns the name that the archives of a target have if nothing else has it.
func (c *Config) stemOf(per Per, job, instance string) stem {
	host, name := placeOf(per, c, job, instance)
	s := stem{layout.Part(host), layout.Part(name)}
	if strings.HasPrefix(s.host, ownersFile) { // or the name with which it is written
		s.host = "_" + s.host
	}
	return s
}

// choose returns the name of a target's archives. A second target of the same host and job
// gets its port at the end, a third one with that port a checksum of its address.
func (s stem) choose(instance, target string, free func(stem) bool) stem {
	if free(s) {
		return s
	}
	if _, port, err := net.SplitHostPort(instance); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err == nil { // else it is the rest of a URL
			if withPort := (stem{s.host, s.name + "-" + port}); free(withPort) {
				return withPort
			}
		}
	}
	return stem{s.host, s.name + "-x" + target}
}

// reserve gives names to jobs and to the archives of targets that the configuration lists,
// in the order of the configuration. Otherwise the first that is scraped would get the
// plain name.
func (r *Recorder) reserve(cfg *Config) error {
	jobs, err := cfg.ScrapeConfigs()
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if r.o.Numbers != nil && cfg.Jobs[job.JobName].Name == "" {
			r.o.Numbers.Name(job.JobName)
		}
	}
	if r.o.Per != PerTarget {
		return nil
	}
	names, sharers := map[stem]string{}, map[stem]int{}
	plain := map[stem]stem{}
	for _, job := range jobs {
		for t := range listedTargets(job) {
			if t.labels.IsEmpty() {
				continue
			}
			s, target := cfg.stemOf(r.o.Per, t.labels.Get("job"), t.labels.Get("instance")), checksum(t.key())
			own := s.choose(t.labels.Get("instance"), target, func(s stem) bool { return r.mayHave(names, s, target) })
			names[own], plain[own] = target, s
			sharers[s]++
		}
	}
	for own := range names {
		if sharers[plain[own]] < 2 {
			delete(names, own)
		}
	}
	r.owners.set(names)
	if err := r.owners.save(); err != nil {
		r.o.Log.Warn("archives of one host and job may swap their names after a restart", "err", err)
	}
	return nil
}

// mayHave reports whether a target may have a name although others are reserved.
func (r *Recorder) mayHave(reserved map[stem]string, s stem, target string) bool {
	if other := reserved[s]; other != "" && other != target {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.stems[s]
	return (l == nil || checksum(l.key) == target) && r.owners.mayHave(s, target)
}
