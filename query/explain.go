package query

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/internal/similar"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
)

// Explanation says why the result of an expression is empty.
type Explanation struct {
	// Unknown are the names in the expression that no metric has.
	Unknown []UnknownMetric
	// NoSample: all metrics exist, but no series that matches has a sample as far back
	// as the expression looks.
	NoSample bool
	// Requests are the selectors of the expression whose metrics exist. For each,
	// [summary.Explain] finds out why it selects no sample.
	Requests []summary.Request
}

// UnknownMetric is a name in an expression that no metric has.
type UnknownMetric struct {
	Name    string
	Similar []string // names that exist and may be meant
}

// Explain says why the result of an expression, evaluated from one time to
// another, is empty. It returns nil for any other result. Explain reads metadata
// only.
func (e *Engine) Explain(expr parser.Expr, result parser.Value, from, to time.Time) *Explanation {
	if !isEmpty(result) {
		return nil
	}
	why := &Explanation{}
	names, metrics := metricNames(expr), e.metricsByName()
	for _, name := range names {
		if _, ok := metrics[name]; !ok {
			why.Unknown = append(why.Unknown, UnknownMetric{name, similar.Names(name, maps.Keys(metrics))})
		}
	}
	if filters(expr) {
		return why
	}
	why.NoSample = len(names) > 0 && len(why.Unknown) == 0
	why.Requests = e.requests(expr, metrics, pcp.TimestampOf(from), pcp.TimestampOf(to))
	return why
}

// requests returns a request for each metric that a selector names and that
// exists, with the times that the selector looks at.
func (e *Engine) requests(expr parser.Expr, metrics map[string][]*meta.Desc, from, to pcp.Timestamp) (all []summary.Request) {
	seen := map[string]bool{}
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok || seen[v.Name] || len(metrics[v.Name]) == 0 {
			return nil
		}
		seen[v.Name] = true
		ids := map[pcp.PMID]bool{}
		for _, d := range metrics[v.Name] {
			ids[d.PMID] = true
		}
		r := summary.Request{Name: v.Name, Metrics: func(d *meta.Desc) bool { return ids[d.PMID] }, Labels: len(v.LabelMatchers) > 1}
		back, err := e.lookbackOf(context.Background(), v)
		if err != nil {
			return err
		}
		if len(path) > 0 {
			if m, ok := path[len(path)-1].(*parser.MatrixSelector); ok {
				back, r.Range = m.Range, m.Range
			}
		}
		r.From, r.To = from.Add(-back-v.OriginalOffset), to.Add(-v.OriginalOffset)
		all = append(all, r)
		return nil
	})
	return all
}

// Remarks returns the warnings and notes of a result. It leaves out the note that
// a metric may not be a counter if PCP knows that it is one.
func (e *Engine) Remarks(expr parser.Expr, res *promql.Result) []error {
	remarks := res.Warnings.AsErrors()
	doubtsCounter := func(err error) bool { return errors.Is(err, annotations.PossibleNonCounterInfo) }
	if slices.ContainsFunc(remarks, doubtsCounter) && e.storage.onlyCounters(metricNames(expr)) {
		remarks = slices.DeleteFunc(remarks, doubtsCounter)
	}
	return remarks
}

// metricsByName returns the metrics of all archives by their names in PromQL.
func (e *Engine) metricsByName() map[string][]*meta.Desc {
	all := map[string][]*meta.Desc{}
	for r := range store.NewHosts(e.storage.read()...).Readers() {
		for d := range r.Meta().Metrics() {
			for _, name := range promNames(r.Meta(), d) {
				all[name] = append(all[name], d)
			}
		}
	}
	return all
}

func isEmpty(v parser.Value) bool {
	switch v := v.(type) {
	case promql.Vector:
		return len(v) == 0
	case promql.Matrix:
		return len(v) == 0
	}
	return false
}
