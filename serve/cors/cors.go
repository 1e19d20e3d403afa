// Package cors lets web pages of other origins read the replies of an API, by the rule of
// Prometheus' API.
package cors

import (
	"net/http"
	"regexp"
)

// Handler answers preflight requests, and passes other requests to next. Pages whose origin
// matches origins may read the replies; nil matches all origins. A request without the
// header Origin is not from a page of another origin, so that its reply has no more than
// the header Vary, by which caches keep both kinds of reply apart.
func Handler(origins *regexp.Regexp, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" {
			h.Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Authorization, Content-Language, Content-Type, Origin")
			h.Set("Access-Control-Allow-Methods", methods)
			h.Set("Access-Control-Expose-Headers", "Date")
			switch {
			case origins == nil:
				h.Set("Access-Control-Allow-Origin", "*")
			case origins.MatchString(origin):
				h.Set("Access-Control-Allow-Origin", origin)
			}
		}
		if r.Method == http.MethodOptions {
			h.Set("Allow", methods)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// methods are those of some path; a path answers status 405 to a method that it does not know.
const methods = "GET, HEAD, POST, OPTIONS"
