package catalogue

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Options configure a Catalogue.
type Options struct {
	// Cache keeps descriptions for later runs, and has their damage. It may be nil.
	Cache *cachedir.Dir
	// Workers is the number of archives to read at the same time. Zero means the number of
	// processors.
	Workers int
}

// Catalogue holds the descriptions of metrics that archives contain. Several goroutines may
// use it.
type Catalogue struct {
	opts  Options
	files *cachedir.Dir // makes keys; Options.Cache if there is one

	mu     sync.Mutex // guards the field below
	tables *tables
}

// tables holds the contents of a Catalogue. They only grow; see [Catalogue.View].
type tables struct {
	mu      sync.RWMutex // guards the fields below and those of hosts
	hosts   []*host
	parts   map[cachedir.Key]*part
	index   *index
	metrics map[digest]*Metric
	// described has a Description for each hash of some of its fields, of which the latest
	// stays. Metrics share it.
	described map[uint64]*Description
	seed      maphash.Seed
	groups    map[digest]*group
	texts     map[string]string
	claims    map[string]*flatten.Claims // by their text
	clashed   *clashedIndex              // for the clashes of the latest question; may be nil
}

// host is a host with the names that its metrics have in Prometheus. All archives of the
// host contribute names.
type host struct {
	name    string
	number  uint32
	named   map[string][]*Metric
	further map[string][]furtherName // further names of PCP's own metrics
	rivals  bool                     // whether several metrics share a name
	series  map[pcp.PMID]*knownSeries
}

// part is the metadata file of an archive in one state.
type part struct {
	loading chan struct{} // holds a token while the part is being read
	loaded  bool
	sound   bool // the archive could be read and has no damaged metadata
	groups  []*group
	claims  *flatten.Claims
}

// clashedIndex is an index of the labels that series have because names of hosts clash.
type clashedIndex struct {
	clashes string
	index   *index
}

// New returns an empty Catalogue.
func New(o Options) *Catalogue {
	c := &Catalogue{opts: o, files: o.Cache, tables: newTables()}
	if c.files == nil {
		c.files = cachedir.Open("", 0)
	}
	return c
}

func newTables() *tables {
	return &tables{
		parts: map[cachedir.Key]*part{}, index: newIndex(), metrics: map[digest]*Metric{}, groups: map[digest]*group{},
		described: map[uint64]*Description{}, seed: maphash.MakeSeed(),
		texts: map[string]string{}, claims: map[string]*flatten.Claims{},
	}
}

// View answers questions about the archives of some Sets. It is immutable. Several
// goroutines may use it.
type View struct {
	c     *Catalogue
	t     *tables
	sets  []*store.Set
	hosts []*host // the host of each Set

	known    sync.Mutex // guards archives
	archives map[*archive.State]archived
}

// View returns a View of archives, with a Set for each host. It reads nothing yet. Views
// share the contents of the Catalogue. If most archives of a Catalogue no longer exist, View
// drops its contents, and questions read the archives that they need again. Earlier Views
// are not affected.
func (c *Catalogue) View(sets []*store.Set) *View {
	archives := 0
	for _, set := range sets {
		archives += len(set.Archives())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables.mu.Lock()
	defer func(t *tables) { t.mu.Unlock() }(c.tables)
	const spare = 64
	if len(c.tables.parts) > 2*archives+spare {
		c.tables = newTables()
		c.tables.mu.Lock()
		defer func(t *tables) { t.mu.Unlock() }(c.tables)
	}
	v := &View{c: c, t: c.tables, sets: sets, archives: map[*archive.State]archived{}}
	for _, set := range sets {
		v.hosts = append(v.hosts, c.tables.host(set.Host()))
	}
	return v
}

// host finds or adds the host with a name. The caller holds t.mu.
func (t *tables) host(name string) *host {
	i := slices.IndexFunc(t.hosts, func(h *host) bool { return h.name == name })
	if i >= 0 {
		return t.hosts[i]
	}
	h := &host{
		name: name, number: uint32(len(t.hosts)),
		named: map[string][]*Metric{}, further: map[string][]furtherName{}, series: map[pcp.PMID]*knownSeries{},
	}
	t.hosts = append(t.hosts, h)
	return h
}

// indexFor returns the index for clashes of hosts. The caller holds t.mu for writing.
func (t *tables) indexFor(clashes *flatten.HostClashes) *index {
	if clashes == nil {
		return t.index
	}
	key := strings.Join(clashes.Lines(), "\n")
	if t.clashed == nil || t.clashed.clashes != key || len(t.clashed.index.labels) != len(t.index.labels) {
		t.clashed = &clashedIndex{key, t.index.rehosted(clashes, t.hosts)}
	}
	return t.clashed.index
}
