package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/chart"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// maxSeries is the number of series in a chart.
const maxSeries = 20

// plotter reads what a chart shows.
type plotter struct {
	plotOptions
	ctx     context.Context
	hosts   *hosts
	expr    string
	chart   *chart.Chart
	chosen  *chosenMetrics // nil for PromQL
	request values.Options
	leftOut int // series beyond maxSeries
}

// read fills the chart from metrics or, if the operand is none, from PromQL.
func (p *plotter) read(dir *cachedir.Dir) error {
	chosen, err := p.values.metrics.choose(p.hosts, []string{p.expr})
	switch {
	case err == nil:
		if err := chosen.apply(&p.values); err != nil {
			return err
		}
		p.chosen = chosen
		return p.readMetrics()
	case strings.HasPrefix(p.expr, ":") || !p.isPromQL():
		return err
	}
	found, failed := p.readPromQL(dir)
	if failed == nil && !found {
		return err // the name of a metric is a query, too
	}
	return failed
}

// readMetrics reads the values of metrics.
func (p *plotter) readMetrics() (err error) {
	if err = p.window(); err != nil {
		return err
	}
	if p.request, err = p.values.request(p.values.zones.over(p.hosts), p.chosen); err != nil {
		return err
	}
	p.request.From, p.request.To = pcp.TimestampOf(p.chart.From), pcp.TimestampOf(p.chart.To)
	var units []string
	for _, set := range p.hosts.Sets() {
		if err := p.readHost(set, &units); err != nil {
			return err
		}
	}
	if same := slices.Compact(slices.Clone(units)); len(same) == 1 {
		p.chart.Unit = same[0]
		return nil
	}
	for i, unit := range units {
		if unit != "" {
			p.chart.Series[i].Name += " (" + unit + ")"
		}
	}
	return nil
}

// readHost reads the values of a host. units are those of all series so far.
func (p *plotter) readHost(set *store.Set, units *[]string) error {
	places := map[values.Key]int{} // by key of the column; -1 for those left out
	last := map[int]int{}          // the row of the last value of each series
	n := 0
	for row, err := range values.Rows(p.ctx, set, p.request) {
		if err != nil {
			return err
		}
		n++
		if row.Mark {
			p.chart.Marks = append(p.chart.Marks, row.Stamp.Time())
			continue
		}
		for _, c := range row.Cells {
			v, ok := c.Number()
			if !ok {
				continue
			}
			place, known := places[c.Column.Key()]
			if !known {
				place = p.addSeries(p.nameOf(set, c.Column))
				places[c.Column.Key()] = place
				if place >= 0 {
					*units = append(*units, c.Column.UnitText())
				}
			}
			if place < 0 {
				continue
			}
			at := row.Stamp.Time()
			if before, any := last[place]; any && p.request.Step > 0 && before < n-1 {
				p.chart.Series[place].Add(chart.Point{At: at.Add(-p.request.Step), Value: math.NaN()})
			}
			last[place] = n
			p.chart.Series[place].Add(chart.Point{At: at, Value: v})
		}
	}
	slices.SortFunc(p.chart.Marks, time.Time.Compare)
	return nil
}

// nameOf returns the name of a series in the legend.
func (p *plotter) nameOf(set *store.Set, c *values.Column) string {
	name := c.Header()
	if p.chosen.set != nil {
		name = p.chosen.shown[c.Spec].label
		if c.Instance() != "" {
			name += "[" + c.Instance() + "]"
		}
	}
	if len(p.hosts.Sets()) > 1 {
		name = set.Host() + ":" + name
	}
	return safetext.Line(name)
}

// addSeries adds a series and returns its place, -1 if there are too many.
func (p *plotter) addSeries(name string) int {
	if len(p.chart.Series) >= maxSeries {
		p.leftOut++
		return -1
	}
	p.chart.Series = append(p.chart.Series, chart.Series{Name: name})
	return len(p.chart.Series) - 1
}

// readPromQL evaluates the operand as an expression. found is false if there is no series.
func (p *plotter) readPromQL(dir *cachedir.Dir) (found bool, err error) {
	if err := p.window(); err != nil {
		return false, err
	}
	step := p.stepOf()
	e := query.NewEngine(p.hosts.Sets(), query.Options{Columns: columns.NewCache(dir)})
	q, err := e.Range(p.ctx, p.expr, p.chart.From, ceilMilli(pcp.TimestampOf(p.chart.To)), step)
	if err != nil {
		return false, queryError(err)
	}
	defer q.Close()
	res := q.Exec(p.ctx)
	if res.Err != nil {
		return false, queryError(res.Err)
	}
	p.hosts.Remember()
	matrix, ok := res.Value.(promql.Matrix)
	if !ok {
		return false, fmt.Errorf("%s: %s is nothing that can be drawn", p.expr, res.Value.Type())
	}
	for _, s := range matrix {
		if len(s.Floats) == 0 {
			continue
		}
		place := p.addSeries(safetext.Line(seriesText(s.Metric)))
		if place < 0 {
			continue
		}
		for i, f := range s.Floats {
			at := time.UnixMilli(f.T)
			if i > 0 && time.Duration(f.T-s.Floats[i-1].T)*time.Millisecond > step {
				p.chart.Series[place].Add(chart.Point{At: at.Add(-step), Value: math.NaN()})
			}
			p.chart.Series[place].Add(chart.Point{At: at, Value: f.F})
		}
	}
	return len(p.chart.Series) > 0, cmp.Or(p.readMarks(), err)
}

// readMarks collects the marks of all hosts.
func (p *plotter) readMarks() error {
	none := func(*meta.Desc) bool { return false }
	for _, set := range p.hosts.Sets() {
		for step, err := range set.Steps(history.Query{From: pcp.TimestampOf(p.chart.From), To: pcp.TimestampOf(p.chart.To), Metrics: none, Stop: func() error { return p.ctx.Err() }}) {
			if err != nil {
				return errors.Join(err)
			}
			if step.Mark {
				p.chart.Marks = append(p.chart.Marks, step.Stamp.Time())
			}
		}
	}
	slices.SortFunc(p.chart.Marks, time.Time.Compare)
	return nil
}

// explain prints why there is nothing to draw.
func (p *plotter) explain() {
	if p.chosen != nil {
		v := &valuesPrinter{request: p.request, ctx: p.ctx, hosts: p.hosts}
		v.explain()
	}
}
