package values

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Layout gives the series of one or more hosts fixed places, for tables with a column for
// each series.
type Layout struct {
	Columns []*Column // by Options.Specs, metric and instance
	Hosts   []string  // the host of each of Columns

	sets    []*store.Set
	options Options
	places  []map[Key]int // by host and Column.Key

	computed []*Line // of NewComputed
}

// NewLayout reads the rows of hosts once to learn their columns.
func NewLayout(ctx context.Context, sets []*store.Set, options Options) (*Layout, error) {
	l := &Layout{sets: sets, options: options}
	o := options
	if !o.filters() {
		o.outline = true
		o.Step = 0 // every series that has interpolated values is in a record
		if options.Step > 0 {
			o.From = pcp.Timestamp{} // an earlier discrete value may hold
		}
	}
	for _, set := range sets {
		columns, seen := map[Key]*Column{}, map[*Column]bool{}
		known := o.singular(set)
		for row, err := range Rows(ctx, set, o) {
			if err != nil {
				return nil, err
			}
			for _, c := range row.Cells {
				if seen[c.Column] {
					continue
				}
				seen[c.Column] = true
				if key := c.Column.Key(); columns[key] == nil {
					columns[key] = c.Column
				}
			}
			if known > 0 && len(columns) == known {
				break
			}
		}
		l.place(set.Host(), columns)
	}
	return l, nil
}

// place appends the columns of a host.
func (l *Layout) place(host string, columns map[Key]*Column) {
	keys := make([]Key, 0, len(columns))
	for key := range columns {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		ca, cb := columns[a], columns[b]
		return cmp.Or(
			cmp.Compare(ca.Spec, cb.Spec),
			strings.Compare(ca.Series.Metric.Name, cb.Series.Metric.Name),
			cmp.Compare(uint32(ca.Series.Metric.Desc.PMID), uint32(cb.Series.Metric.Desc.PMID)),
			cmp.Compare(ca.Series.Inst.ID, cb.Series.Inst.ID),
			strings.Compare(a.name, b.name),
		)
	})
	places := map[Key]int{}
	for _, key := range keys {
		places[key] = len(l.Columns)
		l.Columns = append(l.Columns, columns[key])
		l.Hosts = append(l.Hosts, host)
	}
	l.places = append(l.places, places)
}

// firstSpec returns the place of the first Spec that selects a series, -1 for none.
func firstSpec(specs []Spec, series *history.Series) int {
	return slices.IndexFunc(specs, func(s Spec) bool { return s.matches(series.Metric.Desc, &series.Inst) })
}

// Line is a row of all hosts.
type Line struct {
	Stamp pcp.Timestamp
	Marks []string // hosts whose recording stopped before this time and started again
	Cells []Cell   // one for each of Layout.Columns; without a Column where there is no value
}

// Lines yields the rows of the hosts side by side, by time. A Line is valid until the
// next one.
func (l *Layout) Lines(ctx context.Context) iter.Seq2[*Line, error] {
	return func(yield func(*Line, error) bool) {
		for _, line := range l.computed {
			if !yield(line, nil) {
				return
			}
		}
		heads := make([]head, len(l.sets))
		for i, set := range l.sets {
			next, stop := iter.Pull2(Rows(ctx, set, l.options))
			defer stop()
			heads[i] = head{next: next, host: set.Host(), keys: l.places[i], places: map[*Column]int{}}
			if err := heads[i].advance(); err != nil {
				yield(nil, err)
				return
			}
		}
		line := &Line{Cells: make([]Cell, len(l.Columns))}
		for {
			t, ok := earliest(heads)
			if !ok {
				return
			}
			if err := fill(line, heads, t); err != nil {
				yield(nil, err)
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// head is the next row of a host.
type head struct {
	next   func() (*Row, error, bool)
	row    *Row // nil at the end
	host   string
	keys   map[Key]int     // the places by Column.Key
	places map[*Column]int // those met so far; -1 for none
}

// place returns the place of a column, -1 for none.
func (h *head) place(c *Column) int {
	place, known := h.places[c]
	if !known {
		var ok bool
		if place, ok = h.keys[c.Key()]; !ok {
			place = -1
		}
		h.places[c] = place
	}
	return place
}

// advance reads the next row.
func (h *head) advance() error {
	row, err, ok := h.next()
	if !ok {
		row = nil
	}
	h.row = row
	return err
}

// earliest returns the time of the earliest row.
func earliest(heads []head) (t pcp.Timestamp, ok bool) {
	for _, h := range heads {
		if h.row != nil && (!ok || h.row.Stamp.Before(t)) {
			t, ok = h.row.Stamp, true
		}
	}
	return t, ok
}

// fill collects the rows of a time.
func fill(line *Line, heads []head, t pcp.Timestamp) error {
	line.Stamp, line.Marks = t, line.Marks[:0]
	clear(line.Cells)
	for i := range heads {
		h := &heads[i]
		for h.row != nil && h.row.Stamp == t {
			if h.row.Mark {
				line.Marks = append(line.Marks, h.host)
			}
			for _, c := range h.row.Cells {
				if place := h.place(c.Column); place >= 0 {
					line.Cells[place] = copied(c)
				}
			}
			if err := h.advance(); err != nil {
				return err
			}
		}
	}
	return nil
}

// copied returns a cell that outlives its row.
func copied(c Cell) Cell {
	if c.Value.Data != nil {
		c.Value.Data = slices.Clone(c.Value.Data)
	}
	return c
}
