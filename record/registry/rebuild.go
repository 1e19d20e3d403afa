package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// ConflictError reports an archive that has other numbers than the Registry.
type ConflictError struct {
	Metric string // name of a metric
	What   string // what differs
}

// Error names the metric.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s has another %s than in the registry", e.Metric, e.What)
}

// Unwrap returns [pcp.ErrMismatch].
func (e *ConflictError) Unwrap() error { return pcp.ErrMismatch }

// Learn takes over the numbers of an archive. It does so for all that agree with the
// Registry, and returns a [*ConflictError] for the first that do not: such an archive must
// not be continued. Their numbers stay unused.
func (r *Registry) Learn(s *meta.Store) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first error
	for rec := range mapper.Recorded(s, r.opts.Prefix) {
		if err := r.learn(&rec); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (r *Registry) learn(rec *mapper.RecordedMetric) error {
	conflict := func(what string) error { return &ConflictError{Metric: rec.Desc.Name(), What: what} }
	cluster := rec.Desc.PMID.Cluster()
	src := r.sources[rec.Source]
	owner := r.owners[cluster]
	if cluster > mapper.MaxCluster || owner != nil && owner != src {
		return conflict("cluster")
	}
	if src == nil {
		src = r.addSource(strings.Clone(rec.Source), r.freeJob(rec.Job))
		src.since = r.now()
		r.put(src.record())
	}
	if owner == nil {
		r.own(cluster, src)
		r.put(clusterRecord(cluster, src.name))
		src.settleItems()
	}
	at := cluster*mapper.ItemsPerCluster + rec.Desc.PMID.Item()
	m := src.items[at]
	switch {
	case m == nil:
		if m = src.learnMetric(at, rec); m.id != rec.ID {
			return conflict("number")
		}
	case m.id != rec.ID || m.desc.Conflict(rec.Desc) != "" || m.desc.Name() != rec.Desc.Name():
		return conflict("number")
	}
	if !r.learnInstances(m, rec) {
		return conflict("instance")
	}
	return nil
}

// freeJob returns job, or "" if a source stands for it.
func (r *Registry) freeJob(job string) string {
	if r.byJob[job] != nil {
		return ""
	}
	return strings.Clone(job)
}

// learnMetric adds a metric of an archive under a number that is free. If another metric has
// its name or stands for the same samples, the new one only keeps the number from being
// used: it has the zero MetricID.
func (src *source) learnMetric(at uint32, rec *mapper.RecordedMetric) *metric {
	prefix := src.prefix()
	f := metricFields{at: at, since: src.reg.now(), id: rec.ID.Clone(), unit: strings.Clone(rec.Unit), desc: *rec.Desc}
	f.leaf = strings.Clone(strings.TrimPrefix(rec.Desc.Name(), prefix))
	if src.leaves.Has(f.leaf) || src.find(rec.ID, rec.Desc, rec.Unit) != nil {
		f.id, f.leaf = mapper.MetricID{Singular: rec.ID.Singular}, fmt.Sprintf("unused_%d", at)
	}
	m := src.restore(f)
	src.settleItems()
	src.reg.put(m.record(nil))
	return m
}

// learnInstances adds instances of an archive that are new. It reports whether all agree.
func (r *Registry) learnInstances(m *metric, rec *mapper.RecordedMetric) bool {
	agree := true
	for key, id := range rec.Instances {
		in, known := m.instances.Get(key)
		switch {
		case known:
			agree = agree && in.id == id
		case m.withNumber(id) != nil:
			agree = false
		default:
			in = &instance{metric: m, key: strings.Clone(key), id: id}
			m.add(in)
			r.vanish(in, r.now())
			r.put(in.record(nil))
		}
	}
	if rec.Next > m.next {
		m.next = rec.Next
		r.put(m.nextRecord(nil))
	}
	return agree
}

// rebuild learns the numbers of archives in the folder, the newest first. wanted selects
// archives; nil selects all.
func (r *Registry) rebuild(why string, wanted func(base string) bool) {
	bases, _ := store.Find([]string{r.opts.Dir}) // an empty folder is an error there
	if wanted != nil {
		bases = slices.DeleteFunc(bases, func(base string) bool { return !wanted(base) })
	}
	if len(bases) == 0 {
		return
	}
	r.log.Warn("the registry reads numbers from archives", "file", r.file.name, "archives", len(bases), "why", why)
	options := (&archive.ReadOptions{}).Shared()
	starts := map[string]pcp.Timestamp{}
	for _, base := range bases {
		if label, err := archive.OpenLabel(base, options); err == nil {
			starts[base] = label.Header().Start
		}
	}
	slices.SortStableFunc(bases, func(a, b string) int { return starts[b].Compare(starts[a]) })
	for _, base := range bases {
		reader, err := archive.Open(base, options)
		if err != nil {
			r.log.Warn("an archive cannot be read", "archive", base, "err", err)
			continue
		}
		if err := r.Learn(reader.Meta()); err != nil {
			r.log.Warn("an archive has other numbers than later ones", "archive", base, "err", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim()
}
