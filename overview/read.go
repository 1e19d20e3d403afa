package overview

import (
	"context"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// reading reads an archive for an evaluator, and can go on when the archive has grown or
// when its context ended.
type reading struct {
	*evaluator
	last pcp.Timestamp // time of the last record read; zero before the first
}

// looksAt is the number of records between two looks at the context.
const looksAt = 64

// read reads the records after those read before. The error is that of ctx or of a rule;
// damage is none, because the reader goes on after it.
func (g *reading) read(ctx context.Context, r *archive.Reader) error {
	var ids []*series // by the number of the Flattener's series
	sink := prom.SinkFunc(func(p *prom.Series, batch []prom.Sample) error {
		for p.ID >= len(ids) {
			ids = append(ids, nil)
		}
		if ids[p.ID] == nil {
			ids[p.ID] = g.seriesOf(p.Name, p.Sem, p.Labels)
		}
		for i := range batch {
			if batch[i].Histogram == nil && batch[i].Exemplar == nil {
				g.sample(ids[p.ID], batch[i].T, batch[i].V)
			}
		}
		return nil
	})
	flat := flatten.New(sink, flatten.Options{TargetLabels: true, Host: r.Header().Host, Report: &prom.Report{}})
	wanted := g.table.wanted(r.Meta())
	q := history.Query{All: true, Stop: ctx.Err, Metrics: func(d *meta.Desc) bool { return wanted[d] }}
	for d := range wanted {
		q.PMIDs = append(q.PMIDs, d.PMID)
	}
	if !g.last.IsZero() {
		q.From = g.last.Add(1)
	}
	n := 0
	for step, err := range r.Steps(q) {
		if n++; n%looksAt == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return nil // the rest cannot be read
		}
		if step.Stamp.Before(g.last) {
			continue // times go back in a damaged archive
		}
		if err := g.record(ctx, step.Stamp.Milli(), step.Mark); err != nil {
			return err
		}
		if err := flat.Put(step); err != nil {
			return err
		}
		g.last = step.Stamp
	}
	return ctx.Err()
}

// wanted returns the metrics of an archive that the rules need.
func (t *Table) wanted(store *meta.Store) map[*meta.Desc]bool {
	found := map[*meta.Desc]bool{}
	for d := range store.Metrics() {
		if !d.Type.IsNumeric() {
			continue
		}
		if _, needed := t.needs[naming.SampleName(store, d)]; needed {
			found[d] = true
		}
	}
	return found
}

// lengthOf returns how long an archive records, as far as that is known without reading it.
func lengthOf(r *archive.Reader) time.Duration {
	end, err := r.Ending()
	if err != nil {
		return 0
	}
	return max(0, end.Sub(r.Header().Start))
}
