package pmsearch

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/pmseries"
)

// Kind is the kind of a document.
type Kind int

// The kinds, in the order in which [View.InDom] lists them.
const (
	InDom Kind = iota
	Instance
	Metric
)

var kindNames = [...]string{"indom", "instance", "metric"}

// String returns metric, indom or instance.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kindNames[k]
}

// KindOf returns the kind with a name.
func KindOf(name string) (Kind, bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(i), i >= 0
}

// Options configure an [Index]. The zero value means the defaults.
type Options struct {
	// MaxDocs limits the documents. Instances beyond it are left out. Zero means 200,000.
	MaxDocs int
}

// DefaultMaxDocs is the default of [Options].
const DefaultMaxDocs = 200_000

// Index has the documents of archives. Several goroutines may use it.
type Index struct {
	opts Options

	mu     sync.Mutex // guards the fields below
	parts  map[string]*part
	docs   map[doc]*doc
	latest *inverted
	listed int // instances in the lists of parts
}

// doc is a metric, an instance domain or an instance.
type doc struct {
	kind          Kind
	name, indom   string
	oneLine, help string
}

// part is the documents of an archive.
type part struct {
	docs    []*doc
	leftOut int
}

// NewIndex returns an empty Index.
func NewIndex(o Options) *Index {
	if o.MaxDocs == 0 {
		o.MaxDocs = DefaultMaxDocs
	}
	return &Index{opts: o, parts: map[string]*part{}, docs: map[doc]*doc{}}
}

// View answers questions about some archives. It does not change. Several goroutines may use
// it.
type View struct {
	x        *Index
	archives []pmseries.Archive
	making   *semaphore.Weighted // taken while the index is being made
	made     *inverted
}

// View returns a View of the archives of another one. It reads nothing yet.
func (x *Index) View(series *pmseries.View) *View {
	return &View{x: x, archives: series.Archives(), making: semaphore.NewWeighted(1)}
}

// load returns the index of the archives.
func (v *View) load(ctx context.Context) (*inverted, error) {
	if err := v.making.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer v.making.Release(1)
	if v.made != nil {
		return v.made, nil
	}
	parts := make([]*part, len(v.archives))
	for i, a := range v.archives {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		parts[i] = v.x.part(ctx, a)
	}
	made, err := v.x.inverted(ctx, parts)
	if err == nil {
		v.made = made
	}
	return made, err
}

// part returns the documents of an archive, which it reads unless it knows them.
func (x *Index) part(ctx context.Context, a pmseries.Archive) *part {
	x.mu.Lock()
	known := x.parts[a.Key]
	x.mu.Unlock()
	if known != nil {
		return known
	}
	p := &part{}
	r := a.Open(ctx)
	if ctx.Err() != nil {
		return p // the caller checks the context
	}
	if r != nil {
		x.collect(r, p)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.parts[a.Key] = p
	return p
}

// collect collects the documents of an archive.
func (x *Index) collect(r *archive.Reader, p *part) {
	m := r.Meta()
	for d := range m.Metrics() {
		indom := ""
		if d.InDom != pcp.InDomNull {
			indom = d.InDom.String()
		}
		oneLine, _ := m.Text(meta.TextPMID|meta.TextOneLine, uint32(d.PMID))
		help, _ := m.Text(meta.TextPMID|meta.TextHelp, uint32(d.PMID))
		for _, name := range d.Names {
			p.docs = append(p.docs, x.intern(doc{Metric, name, indom, oneLine, help}))
		}
	}
	for id := range m.InDoms() {
		oneLine, _ := m.Text(meta.TextInDom|meta.TextOneLine, uint32(id))
		help, _ := m.Text(meta.TextInDom|meta.TextHelp, uint32(id))
		p.docs = append(p.docs, x.intern(doc{InDom, id.String(), id.String(), oneLine, help}))
	}
	most := min(x.opts.MaxDocs, x.room())
	before := len(p.docs)
	for id := range m.InDoms() {
		seen := map[string]bool{}
		for version := range m.InDomVersions(id) {
			for _, inst := range version.Instances {
				if inst.Name == "" || seen[inst.Name] {
					continue
				}
				seen[inst.Name] = true
				if most--; most < 0 {
					p.leftOut++
					continue
				}
				p.docs = append(p.docs, x.intern(doc{kind: Instance, name: inst.Name, indom: id.String()}))
			}
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.listed += len(p.docs) - before
}

// room returns the number of instances that the lists of archives may still have: archives
// repeat instances, but each list takes memory.
func (x *Index) room() int {
	const archives = 20
	x.mu.Lock()
	defer x.mu.Unlock()
	return max(archives*x.opts.MaxDocs-x.listed, 0)
}

// intern returns the one copy of a document.
func (x *Index) intern(d doc) *doc {
	x.mu.Lock()
	defer x.mu.Unlock()
	if known := x.docs[d]; known != nil {
		return known
	}
	x.docs[d] = &d
	return &d
}

// inverted returns the index of some archives, made anew unless they are those of the last
// one. It forgets archives that are mostly gone.
func (x *Index) inverted(ctx context.Context, parts []*part) (*inverted, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.latest != nil && slices.Equal(x.latest.parts, parts) {
		return x.latest, nil
	}
	const spare = 64
	if len(x.parts) > 2*len(parts)+spare {
		x.parts, x.docs, x.listed = map[string]*part{}, map[doc]*doc{}, 0
	}
	made := invert(ctx, parts, x.opts.MaxDocs)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x.latest = made
	return made, nil
}
