package pmseries

import (
	"context"
	"fmt"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// tables are the metrics of a View.
type tables struct {
	parts   []*part // from which they were made
	metrics []*Metric
	byID    map[ID][]*Metric
	byName  map[string][]*Metric
	names   []string // sorted
	sources map[ID][]string
}

// load returns the tables, once all archives are read.
func (v *View) load(ctx context.Context) (*tables, error) {
	if err := v.making.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer v.making.Release(1)
	if v.tables != nil {
		return v.tables, nil
	}
	if err := v.read(ctx); err != nil {
		return nil, err
	}
	t, err := v.x.tablesOf(v.archive)
	if err != nil {
		return nil, err
	}
	v.tables = t
	return t, nil
}

// read reads the archives that were not read yet, several at a time.
func (v *View) read(ctx context.Context) error {
	queue := make(chan viewed, len(v.archive))
	v.x.mu.Lock()
	for _, a := range v.archive {
		if !a.part.loaded {
			queue <- a
		}
	}
	v.x.mu.Unlock()
	close(queue)
	var workers defect.Group
	for range min(len(queue), v.x.opts.Workers) {
		workers.Go(func() {
			for a := range queue {
				if ctx.Err() == nil {
					v.x.readPart(ctx, a)
				}
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// few is the number of archives whose metadata a Set may keep in memory as well.
const few = 8

// open opens an archive. It returns nil if ctx ends or if opening fails; the Set lists why.
func (a viewed) open(ctx context.Context) *archive.Reader {
	set := a.set.Until(ctx.Err)
	if len(set.Archives()) > few {
		if r, err := set.Open(a.base); err == nil && len(r.Warnings()) == 0 {
			return r
		}
	}
	return set.Reader(a.base)
}

// readPart reads an archive unless somebody else did.
func (x *Index) readPart(ctx context.Context, a viewed) {
	if a.part.loading.Acquire(ctx, 1) != nil {
		return
	}
	defer a.part.loading.Release(1)
	x.mu.Lock()
	loaded := a.part.loaded
	x.mu.Unlock()
	if loaded {
		return
	}
	r := a.open(ctx)
	if ctx.Err() != nil {
		return // the next question reads the archive
	}
	var found []Metric
	domains := map[pcp.InDomID]bool{}
	labels := map[string]bool{}
	if r != nil {
		for rec := range r.Meta().LevelLabels(labelset.Instances) {
			for _, set := range rec.Sets {
				for l := range set.Set.All() {
					labels[l.Name] = true
				}
			}
		}
		found = describe(r, a.set.Host())
		for id := range r.Meta().InDoms() {
			domains[id] = true
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	a.part.metrics, a.part.domains, a.part.labels, a.part.loaded = x.intern(found), domains, sortedKeys(labels), true
}

// tablesOf returns the tables of archives that are read.
func (x *Index) tablesOf(archives []viewed) (*tables, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	parts := make([]*part, len(archives))
	for i, a := range archives {
		parts[i] = a.part
	}
	if x.latest != nil && slices.Equal(x.latest.parts, parts) {
		return x.latest, nil
	}
	t := &tables{parts: parts, byID: map[ID][]*Metric{}, byName: map[string][]*Metric{}, sources: map[ID][]string{}}
	seenLists, seen := map[**Metric]bool{}, map[*Metric]bool{}
	for i, a := range archives {
		list := a.part.metrics
		if len(list) == 0 {
			continue
		}
		t.source(list, a)
		if seenLists[&list[0]] {
			continue
		}
		seenLists[&list[0]] = true
		for _, m := range list {
			if !seen[m] {
				seen[m] = true
				t.add(m)
			}
		}
		if len(t.metrics) > x.opts.MaxMetrics {
			return nil, &LimitError{fmt.Sprintf("metrics in the first %d archives", i+1), x.opts.MaxMetrics}
		}
	}
	slices.Sort(t.names)
	x.latest = t
	return t, nil
}

func (t *tables) add(m *Metric) {
	t.metrics = append(t.metrics, m)
	t.byID[m.ID] = append(t.byID[m.ID], m)
	if t.byName[m.Name] == nil {
		t.names = append(t.names, m.Name)
	}
	t.byName[m.Name] = append(t.byName[m.Name], m)
}

// source notes the names of the source of an archive: its host and its path.
func (t *tables) source(list []*Metric, a viewed) {
	id := list[len(list)-1].Source
	for _, name := range []string{a.set.Host(), a.base} {
		if !slices.Contains(t.sources[id], name) {
			t.sources[id] = append(t.sources[id], name)
		}
	}
}
