package webpage_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/webpage"
)

func TestPosted(t *testing.T) {
	h := webpage.Posted(func(w http.ResponseWriter, _ *http.Request) { webpage.Plain(w, http.StatusOK, "done") })
	for _, c := range []struct {
		method, origin string
		status         int
	}{
		{http.MethodPost, "", http.StatusOK},
		{http.MethodPut, "", http.StatusOK},
		{http.MethodGet, "", http.StatusMethodNotAllowed},
		{http.MethodPost, "http://elsewhere.test", http.StatusForbidden},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), c.method, "http://here.test/-/reload", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		h.ServeHTTP(w, r)
		assert.Equal(t, c.status, w.Code, "%s %s", c.method, c.origin)
	}
}
