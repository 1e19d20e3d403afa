package seriesapi

import (
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/pmsearch"
)

// searchRequest returns the parameters of a search.
func (r *request) searchRequest() (q pmsearch.Query, err error) {
	if q.Text, err = r.required("query"); err != nil {
		return q, err
	}
	if q.Offset, err = r.number("offset", 0); err != nil {
		return q, err
	}
	if q.Limit, err = r.number("limit", pmsearch.DefaultLimit); err != nil {
		return q, err
	}
	if q.Limit == 0 {
		q.Limit = pmsearch.DefaultLimit
	}
	if q.Fields, err = r.fields("field"); err != nil {
		return q, err
	}
	if q.Highlight, err = r.fields("highlight"); err != nil {
		return q, err
	}
	if !r.has("highlight") {
		q.Highlight = 0
	}
	for _, name := range r.words("type") {
		kind, ok := pmsearch.KindOf(name)
		if !ok {
			return q, bad("the parameter type has an unknown type: " + httpguard.Short(name))
		}
		q.Kinds = append(q.Kinds, kind)
	}
	return q, nil
}

// words returns the elements of a parameter with commas.
func (r *request) words(name string) []string {
	return strings.FieldsFunc(strings.Join(r.values[name], ","), func(c rune) bool { return c == ',' || c == ' ' })
}

// fields returns the fields that a parameter names, all if it is absent.
func (r *request) fields(name string) (f pmsearch.Fields, err error) {
	if !r.has(name) {
		return pmsearch.AllFields, nil
	}
	for _, word := range r.words(name) {
		one, ok := pmsearch.FieldOf(word)
		if !ok {
			return 0, bad("the parameter " + name + " has an unknown field: " + httpguard.Short(word))
		}
		f |= one
	}
	return f, nil
}

// returned are the members of a result.
type returned struct{ name, kind, indom, oneLine, help bool }

// returns returns the members that the parameter return names, all if it is absent.
func (r *request) returns() (m returned, err error) {
	if !r.has("return") {
		return returned{true, true, true, true, true}, nil
	}
	for _, word := range r.words("return") {
		switch word {
		case "name":
			m.name = true
		case "type":
			m.kind = true
		case "indom":
			m.indom = true
		case "oneline":
			m.oneLine = true
		case "helptext":
			m.help = true
		default:
			return m, bad("the parameter return has an unknown field: " + httpguard.Short(word))
		}
	}
	return m, nil
}

// searchText answers a search of names and help.
func searchText(r *request) (func(*writer), error) {
	q, err := r.searchRequest()
	if err != nil {
		return nil, err
	}
	return r.found(func() (*pmsearch.Results, error) { return r.view.Search.Text(r.ctx, q) }, q)
}

// searchInDom answers the instance domain, its instances and its metrics.
func searchInDom(r *request) (func(*writer), error) {
	q, err := r.searchRequest()
	if err != nil {
		return nil, err
	}
	return r.found(func() (*pmsearch.Results, error) { return r.view.Search.InDom(r.ctx, q) }, q)
}

// found writes the results of a search.
func (r *request) found(search func() (*pmsearch.Results, error), q pmsearch.Query) (func(*writer), error) {
	m, err := r.returns()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	results, err := search()
	elapsed := time.Since(begin)
	return func(w *writer) {
		w.raw(`{"total":` + strconv.Itoa(results.Total) + `,"elapsed":` + strconv.FormatFloat(elapsed.Seconds(), 'f', 6, 64))
		w.raw(`,"offset":` + strconv.Itoa(q.Offset) + `,"limit":` + strconv.Itoa(q.Limit) + `,"results":`)
		w.open()
		for _, d := range results.Found {
			w.next()
			w.result(d, m)
		}
		w.close()
		w.raw("}")
	}, err
}

// result writes a result.
func (w *writer) result(d pmsearch.Result, m returned) {
	separator := "{"
	add := func(wanted bool, name, value string) {
		if wanted && value != "" {
			w.member(separator, name, value)
			separator = ","
		}
	}
	add(m.name, "name", d.Name)
	add(m.kind, "type", d.Kind.String())
	add(m.indom, "indom", d.InDom)
	add(m.oneLine, "oneline", d.OneLine)
	add(m.help, "helptext", d.Help)
	if separator == "{" {
		w.raw("{")
	}
	w.raw("}")
}

// searchSuggest answers names that a text may stand for.
func searchSuggest(r *request) (func(*writer), error) {
	text, err := r.required("query")
	if err != nil {
		return nil, err
	}
	limit, err := r.number("limit", pmsearch.DefaultLimit)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = pmsearch.DefaultLimit
	}
	all, err := r.view.Search.Suggest(r.ctx, text, limit)
	return func(w *writer) { w.texts(all) }, err
}

// searchInfo answers figures of the index.
func searchInfo(r *request) (func(*writer), error) {
	info, err := r.view.Search.Info(r.ctx)
	return func(w *writer) {
		separator := "{"
		member := func(name, value string) {
			w.raw(separator + `"` + name + `":` + value)
			separator = ","
		}
		ratio := func(a, b float64) string {
			if b == 0 {
				return "0.00"
			}
			return strconv.FormatFloat(a/b, 'f', 2, 64)
		}
		docs, records, bytes := float64(info.Docs), float64(info.Records), float64(info.PostingBytes)
		member("docs", strconv.Itoa(info.Docs))
		member("terms", strconv.Itoa(info.Terms))
		member("records", strconv.Itoa(info.Records))
		member("records_per_doc_avg", ratio(records, docs))
		member("bytes_per_record_avg", ratio(bytes, records))
		member("inverted_sz_mb", ratio(bytes, 1<<20))
		for _, name := range []string{"inverted_cap_mb", "inverted_cap_ovh", "skip_index_size_mb", "score_index_size_mb"} {
			member(name, "0.00")
		}
		member("offsets_per_term_avg", ratio(records, float64(info.Terms)))
		member("offset_bits_per_record_avg", "0.00")
		member("docs_left_out", strconv.Itoa(info.LeftOut))
		w.raw("}")
	}, err
}
