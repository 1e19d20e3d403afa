package columns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
)

// ErrFull says that an archive has more samples than Read may take.
var ErrFull = errors.New("more samples than allowed")

// Built are the samples of an archive by series, ready to be written as an entry.
// Close frees their temporary file.
type Built struct {
	Head  Head
	Names *Names

	read    []bool // by name: was read
	left    []bool // by name: a query must read the archive
	columns []*column
	metrics [][]member // by name: its series
	spill   chunk.File
	limit   int
	report  *prom.Report
}

// member is a series of a metric.
type member struct {
	*column
	live bool
}

// Options of Read.
type Options struct {
	// Metrics says which metrics to read; nil means all.
	Metrics func(*Name) bool
	// Limit is the most samples to take, after which Read returns [ErrFull]. Zero means
	// no limit.
	Limit int
	// TempDir is the folder for the temporary file; "" means the system's.
	TempDir string
	// Pause is called after each record; it may be nil. See [Filler].
	Pause func(ctx context.Context) error

	memo *namesMemo
}

// Read reads an archive. Damage is not an error: the Head then says that the archive is
// unfit. The error is that of ctx, of a file that cannot be read or written, or
// [ErrFull].
func Read(ctx context.Context, r *archive.Reader, o Options) (*Built, error) {
	names, at := o.memo.namesOf(r.Meta())
	b := &Built{
		Names: names, read: make([]bool, len(names.All)), left: make([]bool, len(names.All)),
		metrics: make([][]member, len(names.All)), spill: chunk.NewFile(o.TempDir), limit: o.Limit, report: &prom.Report{},
	}
	b.Head = Head{Host: r.Header().Host, Whole: o.Metrics == nil, Claims: flatten.ClaimsOf(r.Header().Host, r.Meta())}
	for i := range names.All {
		b.read[i] = o.Metrics == nil || o.Metrics(&names.All[i])
		b.left[i] = !names.All[i].kept()
	}
	flat := flatten.New(prom.SinkFunc(b.append), flatten.Options{TargetLabels: true, Host: r.Header().Host, Report: b.report})
	q := history.Query{All: true, Stop: ctx.Err, Metrics: func(d *meta.Desc) bool {
		i, ok := at[d]
		return ok && b.read[i] && !b.left[i]
	}}
	if err := b.steps(ctx, r, q, flat, o.Pause); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	b.check(r, at)
	b.assign(flat, at)
	return b, nil
}

// Close frees the temporary file.
func (b *Built) Close() error { return b.spill.Close() }

// steps reads the steps of an archive.
func (b *Built) steps(ctx context.Context, r *archive.Reader, q history.Query, flat *flatten.Flattener, pause func(context.Context) error) error {
	any := false
	for step, err := range r.Steps(q) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err // damage is none: the reader goes on after it
		}
		if !any {
			b.Head.First, any = step.Stamp, true
		} else if step.Stamp.Before(b.Head.Last) {
			b.unfit("its times go back")
			return nil
		}
		b.Head.Last = step.Stamp
		if step.Mark {
			b.Head.Marks = append(b.Head.Marks, step.Stamp)
		}
		if err := flat.Put(step); err != nil {
			return err
		}
		if pause != nil {
			if err := pause(ctx); err != nil {
				return err
			}
		}
	}
	if !any {
		b.unfit("it has no records")
	}
	return nil
}

// append takes samples of the Flattener.
func (b *Built) append(p *prom.Series, batch []prom.Sample) error {
	for p.ID >= len(b.columns) {
		b.columns = append(b.columns, nil)
	}
	c := b.columns[p.ID]
	if c == nil {
		c = &column{series: p}
		b.columns[p.ID] = c
	}
	if b.limit > 0 {
		if b.limit -= len(batch); b.limit <= 0 {
			return ErrFull
		}
	}
	for i := range batch {
		if err := c.add(&b.spill, &batch[i]); err != nil {
			return err
		}
	}
	return nil
}

// unfit notes why the archive has no samples in an entry.
func (b *Built) unfit(why string) { b.Head.Unfit = cmp.Or(b.Head.Unfit, why) }

// check finds the conditions about which a query would warn.
func (b *Built) check(r *archive.Reader, at map[*meta.Desc]int) {
	if warnings := r.Warnings(); len(warnings) > 0 {
		b.unfit(warnings[0].Error())
	}
	if b.Head.First.Before(r.Header().Start) {
		b.unfit("it has records from before its label")
	}
	named := map[string][]int{}
	for d, i := range at {
		named[d.Name()] = append(named[d.Name()], i)
	}
	for _, l := range b.report.Losses() {
		switch {
		case l.Loss.ByNature():
		case len(named[l.Name]) > 0:
			for _, i := range named[l.Name] {
				b.left[i] = true
			}
		default:
			b.unfit(fmt.Sprintf("%s: %s", l.Name, l.Loss))
		}
	}
}

// assign gives the series to their metrics.
func (b *Built) assign(flat *flatten.Flattener, at map[*meta.Desc]int) {
	for o := range flat.Origins() {
		i, ok := at[o.Desc]
		if !ok {
			continue // no query could want it
		}
		if o.Series.ID >= len(b.columns) || b.columns[o.Series.ID] == nil {
			continue // no sample
		}
		c := b.columns[o.Series.ID]
		if o.Mixed || c.unfit || o.Series.Name != b.Names.All[i].Text {
			b.leave(i)
			first, end := b.Names.Find(o.Series.Name)
			for j := first; j < end; j++ {
				b.leave(j)
			}
			continue
		}
		b.metrics[i] = append(b.metrics[i], member{c, o.Live})
	}
	for _, members := range b.metrics {
		slices.SortFunc(members, func(x, y member) int {
			return cmp.Compare(prom.LabelsKey(x.series.Labels), prom.LabelsKey(y.series.Labels))
		})
	}
}

// leave leaves a metric to the archive, with all others of its name: they may share
// series.
func (b *Built) leave(i int) {
	first, end := b.Names.Find(b.Names.All[i].Text)
	for j := first; j < end; j++ {
		b.left[j] = true
	}
}
