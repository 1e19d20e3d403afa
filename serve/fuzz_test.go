package serve

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/query"
)

// FuzzHandler sends a request to the server: no path and no header causes a defect, leaves
// the server, or gets into the page.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][3]string{
		{"/", "", "localhost"}, {"/", "x=<script>", `"><script>`}, {"/page.css", "v=0", "x"}, {"/api/archives", "", "x"}, {"/api/metrics", "", "x"}, {"/api/check", "archive=rec", "x"}, {"/-/ready", "", "x"}, {"/-/healthy", "", "x"}, {"/-/reload", "", "x"},
		{"/../etc/passwd", "", "x"}, {"/api/v1/../query", "query=1", "x"}, {"/a\\b", "", "x"}, {"/\x00", "", "x"}, {"//", "", "x"}, {"/api/v1/query", "query=1%2B1", "x"},
		{"/api/v1/query_range", "query=kernel_all_load&start=1772366400&end=1772366410&step=1", "x"}, {"/federate", "match[]=kernel_all_load", "x"},
		{"/api/v1/label/hostname/values", "", "x"}, {"/api/v1/read", "", "x"}, {"/api/v1/rules", "type=alert", "x"}, {"/no/such", "", "x"}, {"", "", ""},
		{"/pmapi/context", "hostspec=db1", "x"}, {"/pmapi/1/metric", "prefix=kernel", "x"}, {"/pmapi/fetch", "name=kernel.all.load", "x"}, {"/metrics", "names=kernel", "x"},
		{"/series/query", "expr=kernel.all.load", "x"}, {"/search/text", "query=load", "x"}, {"/logger/label", "", "x"},
	} {
		for method := range 3 {
			f.Add(uint8(method), seed[0], seed[1], seed[2], "gzip", "")
		}
	}
	f.Add(uint8(0), "/", "", "x", "zstd;q=0, *", "http://evil")
	dir := f.TempDir()
	record(f, filepath.Join(dir, "rec"), "db1").put(0, 20).close()
	s := run(f, Options{Paths: []string{dir}, Rescan: -1, Query: query.Options{Timeout: 20 * time.Millisecond, MaxSamples: 10_000}})
	handler := s.handler()
	_, page, _ := s.get("/")
	methods := []string{http.MethodGet, http.MethodPost, http.MethodOptions, http.MethodHead, http.MethodPut}
	f.Fuzz(func(t *testing.T, method uint8, path, form, host, encoding, origin string) {
		if len(path)+len(form) > 500 {
			return // long expressions take long
		}
		m := methods[int(method)%len(methods)]
		body := ""
		if m == http.MethodPost {
			body = form
		}
		r := httptest.NewRequest(m, "/", strings.NewReader(body))
		r.URL = &url.URL{Path: path, RawQuery: form}
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body)
		if path == "/" && w.Header().Get("Content-Encoding") == "" && w.Code == http.StatusOK && m == http.MethodGet {
			require.Equal(t, page, w.Body.String(), "the page does not depend on the request")
		}
	})
}
