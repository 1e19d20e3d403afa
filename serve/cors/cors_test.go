package cors_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/serve/cors"
)

// TestOrigins has the rule of Prometheus: no header without an origin, * if all origins are
// allowed, else the origin if it is allowed.
func TestOrigins(t *testing.T) {
	ours := regexp.MustCompile(`^https://ours$`)
	for _, c := range []struct {
		origins      *regexp.Regexp
		origin, want string
	}{
		{nil, "", ""},
		{nil, "https://any", "*"},
		{ours, "", ""},
		{ours, "https://ours", "https://ours"},
		{ours, "https://theirs", ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			asked := 0
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, "/", nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			cors.Handler(c.origins, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ })).ServeHTTP(w, r)
			h := w.Result().Header
			assert.Equal(t, c.want, h.Get("Access-Control-Allow-Origin"), c)
			assert.Equal(t, "Origin", h.Get("Vary"), "caches keep replies to different origins apart")
			assert.Equal(t, c.origin != "", h.Get("Access-Control-Allow-Methods") != "", c)
			if method == http.MethodOptions {
				assert.Equal(t, http.StatusNoContent, w.Code)
				assert.Equal(t, "GET, HEAD, POST, OPTIONS", h.Get("Allow"))
				assert.Zero(t, asked, "the API sees no preflight request")
			} else {
				assert.Equal(t, 1, asked)
			}
		}
	}
}
