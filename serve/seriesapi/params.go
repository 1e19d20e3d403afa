package seriesapi

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/pmseries"
)

// params are the parameters of a request.
type params struct {
	values url.Values
	client *string // as the client named itself; nil if it did not
}

// knownParams are the parameters of all paths.
var knownParams = []string{
	"align", "begin", "client", "clientid", "count", "delta", "end", "expr", "field", "finish", "highlight", "interval", "limit", "match", "name",
	"names", "offset", "query", "range", "return", "samples", "series", "source", "start", "timezone", "type", "zone", "hostzone",
}

// params returns the parameters of a request: those of its address, and those of its body.
func (a *API) params(w http.ResponseWriter, r *http.Request) (p params, err error) {
	p.values, err = url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return p, bad("the parameters cannot be read: " + err.Error())
	}
	p.noteClient()
	if r.Method != http.MethodPost {
		return p, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.opts.MaxBody))
	if err != nil {
		status, err := httpguard.BodyError(err)
		return p, &statusError{status, err.Error()}
	}
	if err := p.addBody(r.URL.Path, string(body)); err != nil {
		return p, bad("the parameters in the body cannot be read: " + err.Error())
	}
	p.noteClient()
	return p, nil
}

// noteClient notes the name of the client.
func (p *params) noteClient() {
	for _, name := range []string{"client", "clientid"} {
		if all := p.values[name]; len(all) > 0 {
			p.client = &all[0]
			return
		}
	}
}

// addBody adds the parameters of a body. Clients send a form without saying so; older ones
// send the expression itself, or the series line by line.
func (p *params) addBody(path, body string) error {
	name, _, hasValue := strings.Cut(body, "=")
	switch {
	case strings.TrimSpace(body) == "":
	case hasValue && slices.Contains(knownParams, name):
		form, err := url.ParseQuery(strings.TrimSpace(body))
		if err != nil {
			return err
		}
		for name, all := range form {
			p.values[name] = append(all, p.values[name]...)
		}
	case path == "/series/query" || path == "/series/load":
		p.values.Set("expr", body)
	case path == "/series/sources":
		p.values.Set("source", strings.Join(strings.Fields(body), ","))
	case strings.HasPrefix(path, "/search/"):
		p.values.Set("query", body)
	default:
		p.values.Set("series", strings.Join(strings.Fields(body), ","))
	}
	return nil
}

// get returns the first value of a parameter, "" if there is none.
func (p params) get(name string) string { return p.values.Get(name) }

// has reports whether a parameter is given.
func (p params) has(name string) bool { return p.values.Has(name) }

// required returns a parameter that must not be empty.
func (p params) required(name string) (string, error) {
	if v := p.get(name); v != "" {
		return v, nil
	}
	return "", bad("the parameter " + name + " is missing")
}

// list returns the elements of a parameter with commas, nil if it is absent. Errors report an
// empty list.
func (p params) list(name string) ([]string, error) {
	if !p.has(name) {
		return nil, nil
	}
	all := strings.FieldsFunc(strings.Join(p.values[name], ","), func(r rune) bool { return r == ',' || r == '\n' || r == '\r' })
	if len(all) == 0 {
		return nil, bad("the parameter " + name + " is empty")
	}
	return all, nil
}

// seriesIDs returns the IDs of the parameter series that have the form of one.
func seriesIDs(texts []string) (all []pmseries.ID) {
	seen := map[pmseries.ID]bool{}
	for _, text := range texts {
		if id, ok := pmseries.ParseID(text); ok && !seen[id] {
			seen[id] = true
			all = append(all, id)
		}
	}
	return all
}

// window returns the time window of a request.
func (p params) window() (w pmseries.Window, err error) {
	for _, name := range []string{
		"align", "samples", "count", "interval", "delta", "start", "begin", "finish", "end", "range", "offset", "zone", "timezone", "hostzone",
	} {
		if value := p.get(name); value != "" && !unset(name, value) {
			if err := w.Set(name, value); err != nil {
				return w, err
			}
		}
	}
	return w, nil
}

// unset reports whether a value means that there is none: Grafana sends an interval of zero
// for short windows.
func unset(name, value string) bool {
	return (name == "interval" || name == "delta" || name == "align" || name == "offset") && strings.Trim(value, "0.s") == ""
}

// number returns a number that is not negative, or otherwise if the parameter is absent.
func (p params) number(name string, otherwise int) (int, error) {
	text := p.get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, bad("the parameter " + name + " is not a number: " + httpguard.Short(text))
	}
	return int(n), nil
}
