package query

import (
	"context"
	"errors"
	"sync"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/parallel"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// columnSource is an archive with columns.
type columnSource struct {
	store.Archive
	entry  *columns.Entry
	series []*column
	rows   []int // the names that the matchers allow, in entry.Names
}

// column is a series of an archive that matches.
type column struct {
	columns.Series
	name   string
	packed *packedSeries // nil before a sample is in the selection's time
	live   bool          // the last sample taken does not end the series
}

// lasting reports whether a series has values that hold.
func (src *columnSource) lasting() bool {
	for _, col := range src.series {
		if col.Sem == pcp.SemDiscrete {
			return true
		}
	}
	return false
}

// open finds the archives with columns, and reads what the selection needs of them. It
// makes the columns of closed archives that have none, unless the selection needs little of a
// large archive.
func (c *columnar) open(ctx context.Context, from, to pcp.Timestamp) error {
	var all []store.Archive
	for a := range c.set.Spanning(from, to) {
		all = append(all, a)
	}
	o := &columnOpener{columnar: c, from: from, to: to, rows: map[*columns.Names]*columnNames{}}
	found := make([]*columnSource, len(all))
	err := parallel.Do(len(all), func(i int) (err error) {
		found[i], err = o.open(ctx, all, i)
		return err
	})
	if err != nil {
		return err
	}
	c.use(all, found)
	if len(c.sources) == 0 {
		return errVolumes
	}
	return nil
}

// use takes the archives that no other one overlaps.
func (c *columnar) use(all []store.Archive, found []*columnSource) {
	c.sources, c.outlines = map[string]*columnSource{}, map[string]*store.Outline{}
	var end pcp.Timestamp // of the archives so far, as far as it is known
	for i, src := range found {
		if src == nil {
			continue
		}
		overlaps := i > 0 && !end.Before(src.Header.Start) || i+1 < len(all) && !src.entry.Last.Before(all[i+1].Header.Start)
		if src.entry.Last.After(end) {
			end = src.entry.Last
		}
		if overlaps {
			continue
		}
		c.sources[src.Base] = src
		c.outlines[src.Base] = &store.Outline{
			First: src.entry.First, Last: src.entry.Last, Marks: src.entry.Marks,
			Begin: func() error { return c.begin(src) },
		}
	}
}

// columnOpener opens the archives of one selection.
type columnOpener struct {
	*columnar
	from, to pcp.Timestamp

	mu   sync.Mutex
	rows map[*columns.Names]*columnNames
}

// columnNames are the names of archives that the matchers allow.
type columnNames struct {
	rows  []int
	mixed bool // several metrics want one name, or a metric has several
}

// namesOf returns the names that the matchers allow.
func (o *columnOpener) namesOf(n *columns.Names) *columnNames {
	o.mu.Lock()
	defer o.mu.Unlock()
	if known := o.rows[n]; known != nil {
		return known
	}
	found := &columnNames{}
	for _, i := range n.Shared {
		found.mixed = found.mixed || o.allowsOne(n.All[i].Text, n.All[i].Rivals)
	}
	first, end := 0, len(n.All)
	if only, ok := onlyName(o.matchers); ok {
		first, end = n.Find(only)
	}
	for i := first; i < end; i++ {
		if name := &n.All[i]; o.allows(name.Text) {
			found.rows = append(found.rows, i)
			found.mixed = found.mixed || name.Alias
		}
	}
	o.rows[n] = found
	return found
}

// open returns an archive with what the selection needs of its columns, nil if it must be
// read from its volumes.
func (o *columnOpener) open(ctx context.Context, all []store.Archive, i int) (*columnSource, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := all[i]
	key := o.columns.Key(a.State)
	en := o.columns.Get(key)
	if en != nil {
		defer en.Close()
		o.names.Learn(a.Base, en.Claims)
		o.seen.note(a, en.Names)
		if en.Unfit != "" {
			return nil, nil
		}
		src, state, err := o.take(a, en)
		if err != nil && !errors.Is(err, errVolumes) {
			o.columns.Damaged(key, err)
			return nil, nil
		}
		if err != nil || state != columns.Unknown {
			return src, err
		}
	}
	if o.labelsOnly || !columns.Closed(a, o.set.IsLast(a.Base)) {
		return nil, nil
	}
	worth := cheap(a.State) || o.muchOf(all, i)
	if !worth && !columns.Compressed(a.State) {
		return nil, nil
	}
	// Damage outside the selection's time must not become one of its warnings.
	r, err := o.set.Open(a.Base)
	if err != nil || !worth && !r.Sequential() {
		return nil, nil //nolint:nilerr // reading the volumes reports it
	}
	return o.build(ctx, a, r, key)
}

// take reads what the selection needs of an entry. state is columns.Kept if the entry has
// it all.
func (o *columnOpener) take(a store.Archive, en *columns.Entry) (src *columnSource, state columns.Metric, err error) {
	names := o.namesOf(en.Names)
	if names.mixed {
		return nil, columns.Left, errVolumes
	}
	for _, row := range names.rows {
		if state = en.Has(row); state != columns.Kept {
			return nil, state, nil
		}
	}
	src = &columnSource{Archive: a, entry: en, rows: names.rows}
	for _, row := range names.rows {
		found, err := en.Series(row, columns.Span{From: o.selection.from, To: o.selection.to}, o.matches)
		if err != nil {
			return nil, columns.Unknown, err
		}
		for _, s := range found {
			src.series = append(src.series, &column{Series: s, name: en.Names.All[row].Text})
			n := int64(s.Samples())
			o.loaded.Add(n)
			o.querier.budget.opening.Add(-n)
		}
		if o.querier.budget.opening.Load() < 0 {
			return nil, columns.Left, errVolumes
		}
	}
	return src, columns.Kept, nil
}

// cheapBytes is the size of an archive that is read at once, whatever the selection needs.
const cheapBytes = 8 << 20

// cheap reports whether reading all of an archive takes no longer than a user notices.
func cheap(s *archive.State) bool {
	size := int64(0)
	for _, info := range s.Files {
		size += info.Size()
	}
	return size <= cheapBytes && !columns.Compressed(s)
}

// leastShare is the part of an archive's time from which on reading all of it is worth it.
const leastShare = 8

// muchOf reports whether the selection needs a large part of an archive's time.
func (o *columnOpener) muchOf(all []store.Archive, i int) bool {
	from, to := all[i].Header.Start, o.to
	if i+1 < len(all) {
		to = all[i+1].Header.Start
	} else if t, err := o.set.Ending(); err == nil {
		to = t
	}
	whole := to.Sub(from)
	if from.Before(o.from) {
		from = o.from
	}
	if to.After(o.to) {
		to = o.to
	}
	return to.Sub(from) >= whole/leastShare
}

// build reads the columns of an archive, and keeps them.
func (o *columnOpener) build(ctx context.Context, a store.Archive, r *archive.Reader, key cachedir.Key) (*columnSource, error) {
	limit := o.querier.budget.opening.Load()
	if limit <= 0 {
		return nil, errVolumes
	}
	built, err := o.columns.Read(ctx, r, columns.Options{Metrics: func(n *columns.Name) bool { return o.allows(n.Text) }, Limit: int(limit)})
	switch {
	case err == nil:
	case errors.Is(err, columns.ErrFull):
		return nil, errVolumes
	default:
		return nil, ctx.Err() // reading the volumes shows whether they are the reason
	}
	defer built.Close()
	_ = o.columns.Put(key, built) // costs only time; the cache remembers the reason
	o.names.Learn(a.Base, built.Head.Claims)
	o.seen.note(a, built.Names)
	if built.Head.Unfit != "" {
		return nil, nil
	}
	en, err := built.Entry()
	if err != nil {
		return nil, ctx.Err()
	}
	src, state, err := o.take(a, en)
	if state != columns.Kept {
		return nil, err
	}
	return src, err
}
