package top

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// At returns the state of a host at a time. It reads the records around the window once
// for the counters, and the values of the other metrics with package instant.
func At(ctx context.Context, set *store.Set, o Options) (*Report, error) {
	if o.Window <= 0 {
		o.Window = DefaultWindow
	}
	report := &Report{Host: set.Host(), At: o.At, From: o.At.Add(-o.Window / 2), To: o.At.Add(o.Window - o.Window/2)}
	r := &reader{set: set, from: report.From, to: report.To, described: described(set), metrics: map[string]*metric{}}
	var plans []plan
	for i := range Tables {
		if t := &Tables[i]; len(o.Tables) == 0 || slices.Contains(o.Tables, t.Name) {
			plans = append(plans, r.plan(t))
		}
	}
	r.planExporters(plans, report)
	if err := r.readCounters(ctx); err != nil {
		return nil, err
	}
	for _, t := range []pcp.Timestamp{o.At, report.To} {
		if err := r.readOthers(ctx, t); err != nil {
			return nil, err
		}
	}
	for _, p := range plans {
		report.Tables = append(report.Tables, r.rows(p))
	}
	for name, m := range r.metrics {
		if len(m.values) == 0 {
			report.Empty = append(report.Empty, name)
		}
	}
	slices.Sort(report.Empty)
	return report, nil
}

// plan is a table with the metrics that make up each column; none if the archives lack
// them.
type plan struct {
	table    *Table
	sources  [][]string
	missing  []string
	exporter *exporterTable // instead of sources; nil if the archives have some of these
	jobs     []string       // the exporter's jobs: the metrics' names up to the last component
}

// reader collects the values of a window.
type reader struct {
	set       *store.Set
	from, to  pcp.Timestamp
	described map[string]*meta.Desc // see described
	metrics   map[string]*metric    // the metrics to read, by name
}

// metric is a metric to read, with the values read.
type metric struct {
	desc    *meta.Desc
	counter bool
	values  map[pcp.InstID]value
	// Of a counter:
	series  map[history.SeriesID]*counter
	seconds float64 // of the window that its records cover
}

// value is the value of an instance: the rate of a counter in the units of
// [interp.RateUnits], or the value of another metric.
type value struct {
	instance string
	number   float64
	series   *history.Series
}

// plan chooses the metrics of a table's columns.
func (r *reader) plan(t *Table) plan {
	p := plan{table: t}
	for _, c := range t.Columns {
		chosen := r.firstDescribed(c.Sources)
		if chosen == nil {
			p.missing = append(p.missing, c.Sources[0]...)
		}
		p.sources = append(p.sources, chosen)
	}
	return p
}

// firstDescribed returns the first alternative whose metrics archives describe, nil if
// there is none.
func (r *reader) firstDescribed(sources [][]string) []string {
	for _, source := range sources {
		if slices.ContainsFunc(source, func(name string) bool { return r.described[name] == nil }) {
			continue
		}
		for _, name := range source {
			r.read(name, r.described[name], r.described[name].Sem == pcp.SemCounter)
		}
		return source
	}
	return nil
}

// read adds a metric to those to read.
func (r *reader) read(name string, desc *meta.Desc, isCounter bool) {
	r.metrics[name] = &metric{desc: desc, counter: isCounter, values: map[pcp.InstID]value{}, series: map[history.SeriesID]*counter{}}
}

// described returns the descriptors of the metrics of all tables, from the last archive that
// has each. It looks at every archive once.
func described(set *store.Set) map[string]*meta.Desc {
	descs := map[string]*meta.Desc{}
	for reader := range set.Readers() {
		for _, t := range Tables {
			for _, c := range t.Columns {
				for _, name := range slices.Concat(c.Sources...) {
					if d, ok := reader.Meta().Lookup(name); ok && d.Type.IsNumeric() {
						descs[name] = d
					}
				}
			}
		}
	}
	return descs
}

// readOthers reads the values of the metrics without values at a time.
func (r *reader) readOthers(ctx context.Context, t pcp.Timestamp) error {
	var ids []pcp.PMID
	names := map[pcp.PMID]string{}
	for name, m := range r.metrics {
		if !m.counter && len(m.values) == 0 {
			ids = append(ids, m.desc.PMID)
			names[m.desc.PMID] = name
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	found, err := instant.NewCache(instant.Options{}).At(ctx, instant.Host(r.set), t, ids)
	if err != nil {
		return err
	}
	for _, x := range found.Metrics {
		m := r.metrics[names[x.Metric.Desc.PMID]]
		if m == nil {
			continue
		}
		for i := range x.Points {
			p := &x.Points[i]
			if v, ok := p.Value.Number(x.Metric.Desc.Type); ok {
				m.values[p.Value.Inst] = value{p.Series.Inst.Name, v, p.Series}
			}
		}
	}
	return nil
}

// rows returns the rows of a table.
func (r *reader) rows(p plan) Rows {
	if p.exporter != nil {
		return r.exporterRows(p)
	}
	rows := Rows{Table: p.table}
	at := map[pcp.InstID]int{}
	for i, source := range p.sources {
		for _, name := range source {
			m := r.metrics[name]
			factor := m.factor(&p.table.Columns[i])
			for id, v := range m.values {
				row, known := at[id]
				if !known {
					row = len(rows.Rows)
					at[id] = row
					rows.Rows = append(rows.Rows, Row{Instance: v.instance, ID: id, Values: slices.Repeat([]float64{math.NaN()}, len(p.table.Columns))})
				}
				if rows.Rows[row].Instance == "" {
					rows.Rows[row].Instance = v.instance
				}
				accumulate(&rows.Rows[row].Values[i], v.number*factor)
			}
		}
	}
	for i := range rows.Rows {
		if row := &rows.Rows[i]; row.Instance == "" && row.ID != pcp.InstNull {
			row.Instance = fmt.Sprintf("#%d", row.ID)
		}
	}
	slices.SortFunc(rows.Rows, func(a, b Row) int { return cmp.Compare(a.ID, b.ID) })
	return rows
}

// accumulate adds a value to a sum, which is NaN as long as it has none.
func accumulate(sum *float64, v float64) {
	if math.IsNaN(*sum) {
		*sum = 0
	}
	*sum += v
}

// factor returns the number that turns values of the metric into those of a column.
func (m *metric) factor(c *Column) float64 {
	units, factor := m.desc.Units, 1.0
	if m.counter {
		units, _ = interp.RateUnits(units)
	}
	if scale.SameDimension(units, c.Units) {
		factor = scale.Factor(units, c.Units)
	}
	// A share that is no counter, as sadf writes it, is in percent already.
	if c.Percent && (m.counter || units.DimTime != 0) {
		factor *= 100
	}
	return factor
}

// Duration returns the length of the window.
func (r *Report) Duration() time.Duration { return r.To.Sub(r.From) }
