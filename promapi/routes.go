package promapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pcparchive/pcparchive/internal/httpguard"
)

// endpoint describes how the API answers a path.
type endpoint struct {
	serve func(*request) (*reply, error)
	// raw answers without a JSON reply; serve is nil.
	raw        func(*API, http.ResponseWriter, *http.Request)
	compressed bool // raw's reply may be compressed
	get        bool
	post       bool
	reads      bool // the endpoint reads archives
}

// request is a request to an endpoint.
type request struct {
	params
	api  *API
	ctx  context.Context
	view *View
	name string // the label of /label/NAME/values
	// busy is closed when the request has ended its use of archives, which may be after
	// its reply. It may be nil.
	busy <-chan struct{}
}

// leave calls f once the request has ended its use of archives.
func (r *request) leave(f func()) {
	if r.busy == nil {
		f()
		return
	}
	select {
	case <-r.busy:
		f()
	default:
		go func() {
			<-r.busy
			f()
		}()
	}
}

// prefix precedes the names of endpoints.
const prefix = "/api/v1/"

// routes returns the endpoints by their names below /api/v1/.
func routes() map[string]endpoint {
	return map[string]endpoint{
		"query":              {serve: instantQuery, get: true, post: true, reads: true},
		"query_range":        {serve: rangeQuery, get: true, post: true, reads: true},
		"series":             {serve: listSeries, get: true, post: true, reads: true},
		"labels":             {serve: labelNames, get: true, post: true, reads: true},
		"label//values":      {serve: labelValues, get: true, post: true, reads: true},
		"metadata":           {serve: metricMetadata, get: true, reads: true},
		"query_exemplars":    {serve: queryExemplars, get: true, post: true, reads: true},
		"format_query":       {serve: formatQuery, get: true, post: true},
		"parse_query":        {serve: parseQuery, get: true, post: true},
		"rules":              {serve: rules, get: true},
		"alerts":             {serve: alerts, get: true},
		"targets":            {serve: targets, get: true},
		"targets/metadata":   {serve: targetsMetadata, get: true, reads: true},
		"scrape_pools":       {serve: scrapePools, get: true},
		"alertmanagers":      {serve: alertmanagers, get: true},
		"status/buildinfo":   {serve: buildInfo, get: true},
		"status/config":      {serve: configuration, get: true},
		"status/flags":       {serve: flags, get: true},
		"status/runtimeinfo": {serve: runtimeInfo, get: true},
		"read":               {raw: remoteRead, post: true},
		"status/tsdb":        {serve: tsdb, get: true, reads: true},
	}
}

// route returns the endpoint of a request, and the label that its path names.
func (a *API) route(r *http.Request) (e endpoint, label string, err error) {
	if r.URL.Path == "/federate" {
		return endpoint{raw: federate, get: true, compressed: true}, "", nil
	}
	path, inside := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if inside {
		if rest, ok := strings.CutPrefix(path, "label/"); ok {
			if name, ok := strings.CutSuffix(rest, "/values"); ok && !strings.Contains(name, "/") {
				if name, err := url.PathUnescape(name); err == nil {
					return a.routes["label//values"], name, nil
				}
			}
		}
		if found, ok := a.routes[path]; ok && !strings.Contains(path, "//") {
			return found, "", nil
		}
	}
	return e, "", &apiError{notFound, fmt.Errorf("no such path: %s", httpguard.Short(r.URL.Path))}
}

// allows returns an error unless the endpoint has a method.
func (e endpoint) allows(w http.ResponseWriter, method string) error {
	switch method {
	case http.MethodGet, http.MethodHead:
		if e.get {
			return nil
		}
	case http.MethodPost:
		if e.post {
			return nil
		}
	}
	var methods []string
	if e.get {
		methods = append(methods, http.MethodGet)
	}
	if e.post {
		methods = append(methods, http.MethodPost)
	}
	methods = append(methods, http.MethodOptions)
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return &apiError{notAllowed, fmt.Errorf("method %s: use %s", method, strings.Join(methods[:len(methods)-1], " or "))}
}
