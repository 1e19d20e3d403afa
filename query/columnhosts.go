package query

import (
	"context"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/internal/parallel"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// prepare opens the columns of all hosts side by side. What the archives call their hosts
// is then known without reading their metadata.
func (q *hostsQuerier) prepare(ctx context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) {
	if q.hosts[0].columns == nil {
		return
	}
	_ = parallel.Do(len(q.hosts), func(i int) error {
		host := q.hosts[i]
		s := host.selection(ctx, hints, matchers)
		if s.from <= s.to && !host.known.has(s.key()) {
			host.prepared.put(s.key(), s.openColumns(ctx, pcp.TimestampMilli(s.from), pcp.TimestampMilli(s.to).Add(999_999)))
		}
		return nil
	})
}

// openedColumns are the columns that a selection has opened.
type openedColumns struct {
	*columnar
	err error
}

// openColumns opens the columns that the selection needs.
func (s *selection) openColumns(ctx context.Context, from, to pcp.Timestamp) *openedColumns {
	trial := s.trial()
	c := &columnar{selection: trial}
	trial.columnar = c
	return &openedColumns{c, c.open(ctx, from, to)}
}

// preparedColumns are columns that were opened before a selection asked for them.
type preparedColumns struct {
	mu    sync.Mutex
	byKey map[string]*openedColumns
}

func (p *preparedColumns) put(key string, c *openedColumns) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		p.byKey = map[string]*openedColumns{}
	}
	p.byKey[key] = c
}

// take returns what was prepared, once; nil if there is nothing.
func (p *preparedColumns) take(key string) *openedColumns {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.byKey[key]
	delete(p.byKey, key)
	return c
}

// claims returns what an archive with columns calls its host.
func (o Options) claims(a store.Archive) (flatten.Claims, bool) {
	en := o.Columns.Get(o.Columns.Key(a.State))
	if en == nil {
		return flatten.Claims{}, false
	}
	defer en.Close()
	return en.Claims, true
}

// learnEnds tells Sets when compressed archives with columns end. Others show it at once.
func (o Options) learnEnds(sets []*store.Set) {
	if o.Columns == nil {
		return
	}
	for _, set := range sets {
		for _, a := range set.Archives() {
			if !columns.Compressed(a.State) {
				continue
			}
			if en := o.Columns.Get(o.Columns.Key(a.State)); en != nil {
				if en.Unfit == "" {
					set.Learn(a.Base, en.Last)
				}
				_ = en.Close() // it was only read
			}
		}
	}
}

// seenNames are the names in the columns of archives that selections have opened.
type seenNames struct {
	mu      sync.Mutex
	byState map[*archive.State]*columns.Names
}

func (n *seenNames) note(a store.Archive, names *columns.Names) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byState == nil {
		n.byState = map[*archive.State]*columns.Names{}
	}
	n.byState[a.State] = names
}

// of returns the names of an archive, nil if no selection has opened its columns.
func (n *seenNames) of(a store.Archive) *columns.Names {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byState[a.State]
}

// onlyCounters reports whether PCP knows all metrics with some names to be counters. It
// reads the metadata of archives without columns.
func (s *Storage) onlyCounters(names []string) bool {
	found := map[string]bool{}
	seen := map[*columns.Names]bool{}
	for _, set := range s.read() {
		for _, a := range set.Archives() {
			n := s.seen.of(a)
			if seen[n] {
				continue
			}
			if n != nil {
				seen[n] = true
			} else if r := set.Reader(a.Base); r != nil {
				n = columns.NamesOf(r.Meta())
			} else {
				continue
			}
			for _, name := range names {
				for i, end := n.Find(name); i < end; i++ {
					if n.All[i].Sem != pcp.SemCounter {
						return false
					}
					found[name] = true
				}
			}
		}
	}
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return !found[name] })
}
