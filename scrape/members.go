package scrape

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/internal/redact"
)

// source returns the source of a target. It adds a source for a new target.
func (r *Recorder) source(target *promscrape.Target) (*source, error) {
	if r.only != nil && r.only.target == target {
		return r.only, nil
	}
	lset := target.Labels(labels.NewBuilder(labels.EmptyLabels()))
	key := lset.String() + target.URL().String()
	if src, ok := r.sources[key]; ok {
		src.target = target
		r.only = src
		return src, nil
	}
	if err := r.refused[key]; err != nil {
		return nil, err
	}
	t := mapper.Target{
		Job: lset.Get("job"), Instance: redact.Address(lset.Get("instance")),
		Labels: targetLabels(lset), URL: target.URL().String(), Host: redact.Address(target.URL().Host),
	}
	r.secrets.addURL(t.URL)
	if r.opts.Target != nil {
		r.opts.Target(&t)
	}
	if t.Name == "" || r.names[t.Name] {
		t.Name = r.freeName(t.Job, t.Instance)
	}
	r.names[t.Name] = true
	mapped, err := r.mapper.Source(t)
	if err != nil {
		if r.refused == nil {
			r.refused = map[string]error{}
		}
		r.refused[key] = err
		delete(r.names, t.Name)
		r.log.Error("endpoint cannot be recorded", "source", t.Name, "err", err)
		return nil, err
	}
	src := &source{
		rec: r, key: key, target: target, labels: lset, mapped: mapped, name: t.Name,
		url: redact.URL(t.URL),
	}
	if r.natives != nil {
		src.natives = map[string]*native.Series{}
	}
	r.sources[key], r.only = src, src
	r.stats.Sources++
	return src, nil
}

// freeName returns the name of a source: the one that the archive already has, or else
// the name of its job. If another target of the job has that name, it adds the instance.
func (r *Recorder) freeName(job, instance string) string {
	if name := r.mapper.SourceOf(job, instance); name != "" && !r.names[name] {
		return name
	}
	name := naming.SourceName(job)
	if r.names[name] || name == "control" {
		name = naming.SourceName(job + "_" + instance)
	}
	for n, base := 2, name; r.names[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}

// leave forgets a source that has said farewell, unless a scrape of it is under way.
func (r *Recorder) leave(src *source) {
	for s := range r.inFlight {
		if s.src == src {
			return
		}
	}
	src.mapped.Release()
	delete(r.sources, src.key)
	delete(r.names, src.name)
	if r.only == src && !r.opts.Alone {
		r.only = nil
	}
}

// departed closes the Recorder if its only target has gone, and reports whether it did.
func (r *Recorder) departed() bool {
	if r.opts.Gone == nil || !r.opts.Alone || r.closed || len(r.inFlight)+len(r.queue) > 0 || r.only == nil || !r.only.farewell {
		return false
	}
	_ = r.close() // the sink reports its errors itself
	return true
}
