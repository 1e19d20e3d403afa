package values

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Options select values and say in which form they are wanted.
type Options struct {
	// Specs select metrics and instances; none means all.
	Specs []Spec
	// From and To are the first and the last time. They may be zero, which means no
	// limit, if Step is zero.
	From, To pcp.Timestamp
	// Step is the time between rows; zero means the times of the records.
	Step time.Duration
	// Rates turns counters into rates.
	Rates bool
	// Units are those in which values with the same dimension are wanted.
	Units []pcp.Units
	// Earlier interpolates as PCP does before 6.3.2: see [interp.Options].
	Earlier bool
	// Derived are metrics computed from others, which Specs may name.
	Derived []derive.Definition
	// Ranking leaves out instances by their values.
	Ranking Ranking

	outline bool // values of derived metrics do not count, only their series do
}

// Row holds the values of a host at one time, or is a mark.
type Row struct {
	Stamp pcp.Timestamp
	Mark  bool // recording stopped before this time and started again after it
	Cells []Cell
}

// Cell is the value of a column.
type Cell struct {
	Column *Column
	Value  history.Value
}

// Column describes the cells of a series.
type Column struct {
	Series *history.Series
	Units  pcp.Units // those of the numbers
	// Target names the exporter if the archives have the metric of several; else it is "".
	Target string
	// Spec is the place in Options.Specs of the Spec that selects the column, -1 if there
	// are no Specs.
	Spec int

	unitText string  // Units as text, if Units cannot express them
	factor   float64 // multiplies the numbers
	hidden   bool    // ranked, but not selected
}

// UnitText returns the units of the numbers.
func (c *Column) UnitText() string { return cmp.Or(c.unitText, c.Units.String()) }

// checkEvery is the number of steps between two looks at the context.
const checkEvery = 64

// Rows yields the rows of a host's archives by time. A Row is valid until the next one;
// Columns are kept, and the pointer of a Column changes only if its series does. Rows
// without a cell are left out, except marks and, with Options.Step, times without a value.
// An error ends the rows and is yielded once.
func Rows(ctx context.Context, set *store.Set, o Options) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		p := &picker{options: o, shared: set.Shared(), metrics: map[*history.Metric]*picked{}, wants: map[pcp.PMID]wanted{}}
		n := 0
		for step, err := range p.steps(ctx, set) {
			if err == nil && n%checkEvery == 0 && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			n++
			row, err := p.row(step)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(row.Cells) == 0 && !row.Mark && o.Step == 0 {
				continue
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// steps returns the steps with the selected metrics. It ends with the context, however seldom they are recorded.
func (p *picker) steps(ctx context.Context, set *store.Set) iter.Seq2[*history.Step, error] {
	var steps iter.Seq2[*history.Step, error]
	o := &p.options
	derived := newDeriver(set, o, p.shared)
	p.ranker = newRanker(set, derived, o)
	selects := func(d *meta.Desc) bool { return o.selects(d) || derived.needs(d) }
	stop := func() error { return context.Cause(ctx) }
	if o.Step <= 0 {
		steps = set.Steps(history.Query{From: o.From, To: o.To, Metrics: selects, PMIDs: identifiers(set, selects), PastNames: true, Stop: stop})
	} else {
		steps = interp.At(set, o.times(), interp.Options{Metrics: selects, PMIDs: identifiers(set, selects), Marks: true, Earlier: o.Earlier, Stop: stop})
	}
	if len(derived.metrics) > 0 {
		steps = derived.stage(steps)
	}
	return interp.RatesOf(steps, p.rates)
}

// identifiers returns the numbers of the metrics that are selected. It is never nil.
func identifiers(set *store.Set, selects func(*meta.Desc) bool) []pcp.PMID {
	seen := map[pcp.PMID]bool{}
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			if selects(d) {
				seen[d.PMID] = true
			}
		}
	}
	return slices.AppendSeq(make([]pcp.PMID, 0, len(seen)), maps.Keys(seen))
}

// singular returns the number of columns of a host if its metadata says it: if no metric that
// is selected has instances. It returns 0 otherwise.
func (o *Options) singular(set *store.Set) (n int) {
	readers := slices.Collect(set.Readers())
	if len(readers) != 1 || len(o.Derived) > 0 {
		return 0
	}
	for d := range readers[0].Meta().Metrics() {
		if o.selects(d) {
			if d.InDom != pcp.InDomNull {
				return 0
			}
			n++
		}
	}
	return n
}

// rates reports whether a metric is turned into a rate, and keeps its units.
func (p *picker) rates(d *meta.Desc) bool {
	w, known := p.wants[d.PMID]
	if !known {
		w.want, w.err = p.options.wantOf(d)
		w.units = d.Units
		p.wants[d.PMID] = w
	}
	return w.rate
}

// wanted is what a Spec wants of a metric with units.
type wanted struct {
	want
	units pcp.Units
	err   error
}

// times yields the times of the rows.
func (o *Options) times() iter.Seq[pcp.Timestamp] {
	return func(yield func(pcp.Timestamp) bool) {
		for t := o.From; !t.After(o.To); t = t.Add(o.Step) {
			if !yield(t) {
				return
			}
		}
	}
}

// selects reports whether a Spec selects instances of a metric.
func (o *Options) selects(d *meta.Desc) bool {
	return len(o.Specs) == 0 || slices.ContainsFunc(o.Specs, func(s Spec) bool { return d.Matches(s.Name) })
}

// picker turns steps into rows.
type picker struct {
	options Options
	metrics map[*history.Metric]*picked
	shared  map[pcp.PMID]bool // see store.Set
	wants   map[pcp.PMID]wanted
	ranker  *ranker // nil if all instances are wanted
	scratch Row
}

// picked is what a picker knows of a metric.
type picked struct {
	units    pcp.Units
	unitText string
	factor   float64
	columns  map[*history.Series]*Column // nil for an instance that is not selected
}

// row returns the row of a step.
func (p *picker) row(step *history.Step) (*Row, error) {
	r := &p.scratch
	r.Stamp, r.Mark, r.Cells = step.Stamp, step.Mark, r.Cells[:0]
	if p.ranker != nil {
		p.ranker.begin()
	}
	for i := range step.Metrics {
		m := &step.Metrics[i]
		known := p.metrics[m.Metric]
		if known == nil {
			var err error
			if known, err = p.pick(m.Metric); err != nil {
				return nil, err
			}
			p.metrics[m.Metric] = known
		}
		from := len(r.Cells)
		limited := p.ranker == nil || !p.ranker.isPredicate(m.Metric.Name)
		for j := range m.Points {
			point := &m.Points[j]
			column, seen := known.columns[point.Series]
			if !seen {
				column = p.column(known, point.Series)
				known.columns[point.Series] = column
			}
			if column != nil && (!limited || !p.beyond(Cell{column, point.Value})) {
				r.Cells = append(r.Cells, Cell{column, point.Value})
			}
		}
		if p.ranker != nil {
			p.ranker.add(m.Metric, from, len(r.Cells))
		}
	}
	if p.ranker != nil {
		r.Cells = p.ranker.rank(r.Cells, p.beyond)
	}
	return r, nil
}

// beyond reports whether the limit of a Spec leaves out a value.
func (p *picker) beyond(c Cell) bool {
	if c.Column.Spec < 0 {
		return false
	}
	limit := p.options.Specs[c.Column.Spec].Limit
	if limit == 0 {
		return false
	}
	n, ok := c.Number()
	return ok && (limit > 0 && n < limit || limit < 0 && n > -limit)
}

// pick returns the units of a metric.
func (p *picker) pick(m *history.Metric) (*picked, error) {
	known := &picked{units: m.Desc.Units, factor: 1, columns: map[*history.Series]*Column{}}
	if !m.Desc.Type.IsNumeric() {
		return known, nil
	}
	if w := p.wants[m.Desc.PMID]; w.err != nil {
		return nil, w.err
	} else if w.converted {
		known.convert(w.want, w.units)
		return known, nil
	}
	for _, u := range p.options.Units {
		if u != known.units && scale.SameDimension(known.units, u) {
			known.units, known.factor = u, scale.Factor(known.units, u)
			break
		}
	}
	return known, nil
}

// column returns the column of a series, nil if no Spec selects it.
func (p *picker) column(known *picked, s *history.Series) *Column {
	c := &Column{Series: s, Spec: -1, Units: known.units, unitText: known.unitText, factor: known.factor}
	if p.shared[s.Metric.Desc.PMID] {
		c.Target = s.Metric.Target.String()
	}
	if len(p.options.Specs) > 0 {
		if c.Spec = firstSpec(p.options.Specs, s); c.Spec < 0 && p.ranker != nil && p.options.Ranking.First {
			c.hidden, c.Spec = true, slices.IndexFunc(p.options.Specs, func(x Spec) bool { return s.Metric.Desc.Matches(x.Name) })
		}
		if c.Spec < 0 {
			return nil
		}
	}
	return c
}
