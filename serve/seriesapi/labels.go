package seriesapi

import (
	"github.com/pcparchive/pcparchive/labelset"
)

// seriesLabels answers the labels of series, the values of labels, or the names of labels.
func seriesLabels(r *request) (func(*writer), error) {
	texts, err := r.list("series")
	if err != nil {
		return nil, err
	}
	names, err := r.list("names")
	if r.has("name") {
		names, err = r.list("name")
	}
	switch {
	case err != nil:
		return nil, err
	case names != nil:
		return labelValues(r, names)
	case texts == nil:
		all, err := r.view.Series.LabelNames(r.ctx, r.get("match"))
		return func(w *writer) { w.texts(all) }, err
	}
	ids := seriesIDs(texts)
	found, err := r.api.opts.Engine.Labels(r.ctx, r.view.Series, ids)
	return func(w *writer) {
		w.open()
		for _, id := range ids {
			if set, ok := found[id]; ok {
				w.next()
				w.member("{", "series", id.String())
				w.raw(`,"labels":`)
				w.labels(set)
				w.raw("}")
			}
		}
		w.close()
	}, err
}

// labels writes labels as an object.
func (w *writer) labels(set labelset.Set) {
	separator := "{"
	for l := range set.All() {
		w.raw(separator)
		separator = ","
		w.text(l.Name)
		w.raw(":")
		w.value(l.Value, l.Text())
	}
	if separator == "{" {
		w.raw("{")
	}
	w.raw("}")
}

// labelValues answers the values of labels.
func labelValues(r *request, names []string) (func(*writer), error) {
	all := make([][]string, len(names))
	for i, name := range names {
		var err error
		if all[i], err = r.view.Series.LabelValues(r.ctx, name); err != nil {
			return nil, err
		}
	}
	return func(w *writer) {
		separator := "{"
		for i, name := range names {
			if len(all[i]) == 0 {
				continue
			}
			w.raw(separator)
			separator = ","
			w.text(name)
			w.raw(":")
			w.open()
			for _, value := range all[i] {
				w.next()
				w.value(value, value)
			}
			w.close()
		}
		if separator == "{" {
			w.raw("{")
		}
		w.raw("}")
	}, nil
}
