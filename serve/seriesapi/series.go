package seriesapi

import (
	"net/http"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/pmseries"
)

// ping answers that the server is there.
func ping(*request) (func(*writer), error) { return nil, nil }

// seriesQuery answers an expression.
func seriesQuery(r *request) (func(*writer), error) {
	expr, err := r.required("expr")
	if err != nil {
		return nil, err
	}
	found, err := r.api.opts.Engine.Query(r.ctx, r.view.Series, r.view.Times, expr)
	if err != nil {
		return nil, err
	}
	if found.Timed {
		r.size = count(found.Values)
		return func(w *writer) { w.values(found.Values) }, nil
	}
	return func(w *writer) {
		w.open()
		for _, id := range found.Series {
			w.next()
			w.text(id.String())
		}
		w.close()
	}, nil
}

// count returns the number of values.
func count(all []pmseries.SeriesValues) (n int64) {
	for _, s := range all {
		n += int64(len(s.Values))
	}
	return n
}

// values writes values of series.
func (w *writer) values(all []pmseries.SeriesValues) {
	w.open()
	for _, s := range all {
		series := s.Series.String()
		origin := ""
		if s.Origin != (pmseries.ID{}) {
			origin = s.Origin.String()
		}
		names := map[*pmseries.Instance]string{}
		for _, x := range s.Values {
			w.next()
			w.member("{", "series", series)
			instance := origin
			if x.Instance != nil {
				if instance = names[x.Instance]; instance == "" {
					instance = x.Instance.ID.String()
					names[x.Instance] = instance
				}
			}
			if instance != "" {
				w.member(",", "instance", instance)
			}
			w.raw(`,"timestamp":`)
			w.stamp(x.Stamp)
			w.member(",", "value", x.String())
			w.raw("}")
		}
	}
	w.close()
}

// seriesValues answers the values of series in a window.
func seriesValues(r *request) (func(*writer), error) {
	ids, err := r.list("series")
	if err == nil && ids == nil {
		_, err = r.required("series")
	}
	if err != nil {
		return nil, err
	}
	window, err := r.window()
	if err != nil {
		return nil, err
	}
	all, err := r.api.opts.Engine.Values(r.ctx, r.view.Series, r.view.Times, seriesIDs(ids), window)
	r.size = count(all)
	return func(w *writer) { w.values(all) }, err
}

// seriesDescs answers the descriptors of series.
func seriesDescs(r *request) (func(*writer), error) {
	texts, err := r.list("series")
	if err == nil && texts == nil {
		_, err = r.required("series")
	}
	if err != nil {
		return nil, err
	}
	all := make([]pmseries.Desc, len(texts))
	for i, text := range texts {
		all[i] = pmseries.Desc{Series: text, Source: "unknown", PMID: "PM_ID_NULL", InDom: "unknown", Semantics: "unknown", Type: "unknown", Units: "unknown"}
		id, ok := pmseries.ParseID(text)
		if !ok {
			continue
		}
		d, known, err := r.api.opts.Engine.Desc(r.ctx, r.view.Series, id)
		if err != nil {
			return nil, err
		}
		if known {
			all[i] = d
		}
	}
	return func(w *writer) {
		w.open()
		for _, d := range all {
			w.next()
			w.member("{", "series", d.Series)
			w.member(",", "source", d.Source)
			w.member(",", "pmid", d.PMID)
			w.member(",", "indom", d.InDom)
			w.member(",", "semantics", d.Semantics)
			w.member(",", "type", d.Type)
			w.member(",", "units", d.Units)
			w.raw("}")
		}
		w.close()
	}, nil
}

// named is a series with one of its names.
type named struct {
	id   pmseries.ID
	name string
}

// names answers pairs of IDs and names, or the names that match a pattern if there are no
// IDs.
func (r *request) names(param, member string, of func(pmseries.ID) ([]string, error), matching func(string) ([]string, error)) (func(*writer), error) {
	texts, err := r.list(param)
	if err != nil {
		return nil, err
	}
	if texts == nil {
		all, err := matching(r.get("match"))
		return func(w *writer) { w.texts(all) }, err
	}
	var pairs []named
	for _, id := range seriesIDs(texts) {
		names, err := of(id)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			pairs = append(pairs, named{id, name})
		}
	}
	return func(w *writer) {
		w.open()
		for _, p := range pairs {
			w.next()
			w.member("{", member, p.id.String())
			w.member(",", "name", p.name)
			w.raw("}")
		}
		w.close()
	}, nil
}

// seriesMetrics answers the names of metrics.
func seriesMetrics(r *request) (func(*writer), error) {
	return r.names("series", "series",
		func(id pmseries.ID) ([]string, error) { return r.api.opts.Engine.Names(r.ctx, r.view.Series, id) },
		func(match string) ([]string, error) { return r.view.Series.MetricNames(r.ctx, match) })
}

// seriesSources answers the names of sources.
func seriesSources(r *request) (func(*writer), error) {
	return r.names("source", "source",
		func(id pmseries.ID) ([]string, error) { return r.view.Series.SourceNames(r.ctx, id) },
		func(match string) ([]string, error) { return r.view.Series.Sources(r.ctx, match) })
}

// seriesInstances answers the instances of series.
func seriesInstances(r *request) (func(*writer), error) {
	texts, err := r.list("series")
	if err != nil {
		return nil, err
	}
	if texts == nil {
		all, err := r.view.Series.InstanceNames(r.ctx, r.get("match"))
		return func(w *writer) { w.texts(all) }, err
	}
	ids := seriesIDs(texts)
	found := make([][]*pmseries.Described, len(ids))
	for i, id := range ids {
		if found[i], err = r.api.opts.Engine.Instances(r.ctx, r.view.Series, id); err != nil {
			return nil, err
		}
	}
	for _, all := range found {
		r.size += int64(len(all))
	}
	return func(w *writer) {
		w.open()
		for i, id := range ids {
			for _, d := range found[i] {
				w.next()
				w.member("{", "series", id.String())
				w.member(",", "source", d.Source.String())
				w.member(",", "instance", d.ID.String())
				w.raw(`,"id":`)
				w.number(int(d.Inst))
				w.member(",", "name", d.Name)
				w.raw("}")
			}
		}
		w.close()
	}, nil
}

// seriesLoad confirms that a path is served: its archives need no loading.
func seriesLoad(r *request) (func(*writer), error) {
	expr, err := r.required("expr")
	if err != nil {
		return nil, err
	}
	path := pmseries.Path(expr)
	switch {
	case path == "":
		return nil, bad(`the expression names no archive: want {source.path: "PATH"}`)
	case !r.view.Series.Holds(path):
		return nil, &statusError{http.StatusBadRequest, "not among the archives that are served: " + httpguard.Short(path) + "; start the server with it"}
	}
	return nil, nil
}
