package pmseries

import (
	"context"
	"slices"

	"github.com/pcparchive/pcparchive/labelset"
)

// Labels returns the labels of series: of a metric, of an instance, or those that all series
// of an expression have. IDs without labels are absent.
func (e *Engine) Labels(ctx context.Context, v *View, ids []ID) (map[ID]labelset.Set, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	all := map[ID]labelset.Set{}
	var others []ID
	for _, id := range ids {
		if found := t.byID[id]; len(found) > 0 {
			all[id] = found[len(found)-1].Labels
			continue
		}
		out, _, err := e.computed(ctx, v, id)
		if err != nil {
			return nil, err
		}
		if len(out) > 0 {
			all[id] = commonLabels(out)
			continue
		}
		others = append(others, id)
	}
	if len(others) == 0 {
		return all, nil
	}
	instances, err := v.instances(ctx, others)
	for id, d := range instances {
		all[id] = d.Labels
	}
	return all, err
}

// commonLabels returns the labels that the metrics of all vectors have.
func commonLabels(out []*vector) labelset.Set {
	var kept []labelset.Label
	for l := range out[0].metric.Labels.All() {
		shared := !slices.ContainsFunc(out, func(c *vector) bool {
			other, ok := c.metric.Labels.Lookup(l.Name)
			return !ok || other.Value != l.Value
		})
		if shared {
			kept = append(kept, l)
		}
	}
	set, err := labelset.New(labelset.Context, kept...)
	if err != nil {
		return labelset.Set{}
	}
	return set
}

// LabelNames returns the sorted names of labels that match a pattern; "" matches all.
func (v *View) LabelNames(ctx context.Context, match string) ([]string, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	t.eachLabels(func(set labelset.Set) {
		for l := range set.All() {
			names[l.Name] = true
		}
	})
	for _, p := range t.parts {
		for _, name := range p.labels {
			names[name] = true
		}
	}
	return matchingTexts(slices.Values(sortedKeys(names)), match), nil
}

// eachLabels visits the different label sets of metrics.
func (t *tables) eachLabels(visit func(labelset.Set)) {
	seen := map[string]bool{}
	for _, m := range t.metrics {
		if json := m.Labels.JSON(); !seen[json] {
			seen[json] = true
			visit(m.Labels)
		}
	}
}

// LabelValues returns the sorted values of a label as JSON texts, of metrics and of
// instances.
func (v *View) LabelValues(ctx context.Context, name string) ([]string, error) {
	t, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	values, limit := map[string]bool{}, v.x.opts.MaxInstances
	t.eachLabels(func(set labelset.Set) {
		if l, ok := set.Lookup(name); ok {
			values[l.Value] = true
		}
	})
	for _, a := range v.archive {
		if !slices.Contains(a.part.labels, name) || len(values) > limit {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r := a.open(ctx); r != nil {
			for rec := range r.Meta().LevelLabels(labelset.Instances) {
				for _, set := range rec.Sets {
					if l, ok := set.Set.Lookup(name); ok {
						values[l.Value] = true
					}
				}
			}
		}
	}
	if len(values) > limit {
		return nil, &LimitError{"values of label " + name, limit}
	}
	return sortedKeys(values), ctx.Err()
}
