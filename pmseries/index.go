package pmseries

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// IndexOptions configure an [Index]. The zero value means the defaults.
type IndexOptions struct {
	// MaxMetrics limits the metrics that the index holds, those of each host apart. Zero
	// means two million. A question that needs more fails with a [LimitError].
	MaxMetrics int
	// MaxInstances limits the instances that an answer lists, and those that the index
	// remembers. Zero means 200,000.
	MaxInstances int
	// Workers is the number of archives that are read at once. Zero means the number of
	// processors.
	Workers int
}

// The defaults of [IndexOptions].
const (
	DefaultMaxMetrics   = 2_000_000
	DefaultMaxInstances = 200_000
)

// LimitError reports that an answer would be larger than allowed.
type LimitError struct {
	What  string
	Limit int
}

// Error names the limit.
func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Limit, e.What) }

// Index knows the metrics of many archives by their IDs. It holds each description once,
// however many archives repeat it, and reads the metadata of an archive when a question
// first needs it. Several goroutines may use it.
type Index struct {
	opts  IndexOptions
	files *cachedir.Dir // makes keys

	mu    sync.Mutex // guards the fields below
	parts map[cachedir.Key]*part
	interned
	recent recent
	latest *tables // those of the View that was loaded last
}

// interned holds one copy of what archives repeat.
type interned struct {
	metrics map[metricKey]*Metric
	lists   map[ID][]*Metric // by the sum of their IDs
	labels  map[string]labelset.Set
	texts   map[string]string
}

// Metric is a metric of a source under one name. It does not change.
type Metric struct {
	ID     ID
	Name   string
	Source ID
	Host   string
	Labels labelset.Set // of all levels above the instance, merged, optional ones included

	PMID  pcp.PMID
	InDom pcp.InDomID
	Type  pcp.Type
	Sem   pcp.Semantics
	Units pcp.Units

	labelled bool // instances have labels of their own
}

// metricKey tells Metrics apart.
type metricKey struct {
	id       ID
	host     string
	pmid     pcp.PMID
	indom    pcp.InDomID
	labels   string
	labelled bool
}

// part is what an archive describes.
type part struct {
	loading *semaphore.Weighted // taken while the part is being read
	loaded  bool
	metrics []*Metric
	domains map[pcp.InDomID]bool
	labels  []string // names of the labels of instances
}

// NewIndex returns an empty Index.
func NewIndex(o IndexOptions) *Index {
	if o.MaxMetrics == 0 {
		o.MaxMetrics = DefaultMaxMetrics
	}
	if o.MaxInstances == 0 {
		o.MaxInstances = DefaultMaxInstances
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	x := &Index{opts: o, files: cachedir.Open("", 0)}
	x.forget()
	return x
}

// forget empties the index. The caller holds mu, or nobody else knows x.
func (x *Index) forget() {
	x.parts = map[cachedir.Key]*part{}
	x.interned = interned{map[metricKey]*Metric{}, map[ID][]*Metric{}, map[string]labelset.Set{}, map[string]string{}}
	x.recent = newRecent(x.opts.MaxInstances)
}

// View answers questions about the archives of some Sets. It does not change. Several
// goroutines may use it.
type View struct {
	x    *Index
	sets []*store.Set

	making  *semaphore.Weighted // taken while the tables are being made
	tables  *tables             // nil until a question needs them
	archive []viewed

	unknown sync.Mutex  // guards absent
	absent  map[ID]bool // IDs that no instance has
}

// viewed is an archive of a View.
type viewed struct {
	set  *store.Set
	base string
	key  cachedir.Key
	part *part
}

// View returns a View of archives, with a Set for each host. It reads nothing yet. An Index
// whose archives are mostly gone forgets all, and reads again what is needed.
func (x *Index) View(sets []*store.Set) *View {
	v := &View{x: x, sets: sets, making: semaphore.NewWeighted(1)}
	keys := []cachedir.Key{}
	for _, set := range sets {
		for _, a := range set.Archives() {
			v.archive = append(v.archive, viewed{set: set, base: a.Base})
			keys = append(keys, x.key(a))
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	const spare = 64
	if len(x.parts) > 2*len(keys)+spare {
		x.forget()
	}
	for i, key := range keys {
		p := x.parts[key]
		if p == nil {
			p = &part{loading: semaphore.NewWeighted(1)}
			x.parts[key] = p
		}
		v.archive[i].key, v.archive[i].part = key, p
	}
	return v
}

// Sets returns the archives, with a Set for each host.
func (v *View) Sets() []*store.Set { return v.sets }

// key returns the key of an archive's metadata file in the state that its Set reads.
func (x *Index) key(a store.Archive) cachedir.Key {
	return x.files.KeyOf(func(yield func(string, fs.FileInfo) bool) {
		for path, info := range a.State.Files {
			if strings.HasPrefix(path, a.Base+".meta") && !yield(path, info) {
				return
			}
		}
	})
}

// intern returns the one copy of metrics and of their list. The caller holds mu.
func (x *Index) intern(found []Metric) []*Metric {
	all := make([]*Metric, len(found))
	var ids strings.Builder
	for i, m := range found {
		key := metricKey{m.ID, m.Host, m.PMID, m.InDom, m.Labels.JSON(), m.labelled}
		known := x.metrics[key]
		if known == nil {
			m.Name, m.Host = x.text(m.Name), x.text(m.Host)
			if same, ok := x.labels[key.labels]; ok && same.Equal(m.Labels) {
				m.Labels = same
			} else {
				x.labels[key.labels] = m.Labels
			}
			key.labels, key.host = m.Labels.JSON(), m.Host
			known = &m
			x.metrics[key] = known
		}
		all[i] = known
		fmt.Fprintf(&ids, "%p", known)
	}
	list := sum(ids.String())
	if known := x.lists[list]; slices.Equal(known, all) {
		return known
	}
	x.lists[list] = all
	return all
}

// text returns the one copy of a text. The caller holds mu.
func (x *Index) text(s string) string {
	if known, ok := x.texts[s]; ok {
		return known
	}
	x.texts[s] = s
	return s
}

// Archive is an archive of a [View].
type Archive struct {
	// Key identifies the metadata of the archive.
	Key string
	// Open opens the archive. It returns nil if that fails or if the context ends.
	Open func(context.Context) *archive.Reader
}

// Archives lists the archives, by host and by ascending start.
func (v *View) Archives() []Archive {
	all := make([]Archive, len(v.archive))
	for i, a := range v.archive {
		all[i] = Archive{string(a.key), a.open}
	}
	return all
}
