package ruleeval

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// variables are the short names that templates use.
const variables = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// expand expands the template of a label or an annotation for a sample. An error becomes
// the text, as in Prometheus.
func (k *tracker) expand(text string, s *promql.Sample) string {
	if !isTemplate(text) {
		return text
	}
	data := template.AlertTemplateData(s.Metric.Map(), k.ev.ExternalLabels, "", *s)
	ask := func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		return k.ev.instant(ctx, expr, at)
	}
	e := template.NewTemplateExpander(k.ctx, variables+text, "__alert_"+k.rule.Name, data, model.Time(s.T), ask, &url.URL{}, nil)
	out, err := e.Expand()
	if err != nil {
		return fmt.Sprintf("<error expanding template: %s>", err)
	}
	return out
}

// instant answers a query of a template.
func (ev *evaluation) instant(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	q, err := ev.engine.Instant(ctx, expr, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	switch v := res.Value.(type) {
	case promql.Vector:
		return append(promql.Vector{}, v...), nil // the query owns v
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V}}, nil
	}
	return nil, fmt.Errorf("rule result is not a vector or scalar: %s", res.Value.Type())
}
