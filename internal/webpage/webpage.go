// Package webpage holds what the pages of serve and record share: the style, plain replies,
// the handlers around all paths, and the metrics of the program.
package webpage

import (
	_ "embed" // for the style
	"io"
	"net/http"
	"slices"
	"strings"
)

//go:embed style.css
var style string

// Style replies with the style of the pages.
func Style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = io.WriteString(w, style) // fails if the client has left
}

// Plain replies with a line of text.
func Plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // fails if the client has left
}

// Posted passes POST and PUT requests on, except those of pages of other origins.
func Posted(next http.HandlerFunc) http.Handler {
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost && r.Method != http.MethodPut {
			w.Header().Set("Allow", "POST, PUT")
			Plain(w, http.StatusMethodNotAllowed, "send a POST request")
			return
		}
		next(w, r)
	}))
}

// Secured adds headers that keep browsers from doing more than showing the page.
func Secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "deny")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// SafePaths refuses paths that try to leave their folder. No path names a file; such a
// request is an attack, or a mistake that a redirection would hide.
func SafePaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.ContainsAny(r.URL.Path, "\x00\\") || slices.Contains(strings.Split(r.URL.Path, "/"), "..") {
			Plain(w, http.StatusBadRequest, "the path is not allowed")
			return
		}
		next.ServeHTTP(w, r)
	})
}
