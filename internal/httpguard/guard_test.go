package httpguard_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/httpguard"
)

func TestGuarded(t *testing.T) {
	for name, tt := range map[string]struct {
		handler func(w http.ResponseWriter)
		status  int // zero if the connection ends
		logged  bool
	}{
		"good":           {func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }, http.StatusTeapot, false},
		"before a reply": {func(http.ResponseWriter) { panic("fault") }, http.StatusInternalServerError, true},
		"after headers":  {func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK); panic("fault") }, 0, true},
		"after a part":   {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x"); panic("fault") }, 0, true},
		"flushed":        {func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush(); panic("fault") }, 0, true},
		"hints first":    {func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints); panic("fault") }, http.StatusInternalServerError, true},
		"aborted":        {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			fail := func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, httpguard.ErrDefect.Error(), http.StatusInternalServerError)
			}
			next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tt.handler(w) })
			srv := httptest.NewServer(httpguard.Guarded(slog.New(slog.NewTextHandler(&text, nil)), fail, next))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/p", nil)
			require.NoError(t, err)
			res, err := srv.Client().Do(req)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				require.NoError(t, res.Body.Close())
			}
			srv.Close()
			if tt.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				assert.Equal(t, tt.status, res.StatusCode)
			}
			assert.Equal(t, tt.logged, strings.Contains(text.String(), "guard_test.go"), "the log has the stack\n%s", &text)
		})
	}
}

func TestBodyError(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("a=0123456789"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 5)
	status, err := httpguard.BodyError(r.ParseForm())
	assert.Equal(t, http.StatusRequestEntityTooLarge, status)
	assert.ErrorContains(t, err, "the body is larger than 5 bytes")
	status, err = httpguard.BodyError(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?a=%zz", nil).ParseForm())
	assert.Equal(t, http.StatusBadRequest, status)
	assert.ErrorContains(t, err, "the parameters cannot be read: ")
}
