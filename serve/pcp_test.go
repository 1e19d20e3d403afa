package serve

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPCPServices answer without a flag, count themselves, and follow an archive that grows.
func TestPCPServices(t *testing.T) {
	dir := t.TempDir()
	rec := record(t, filepath.Join(dir, "rec"), "db1").put(0, 5)
	require.NoError(t, rec.a.Flush())
	r := run(t, Options{Paths: []string{dir}, Rescan: -1})
	want := func(path, text string) {
		t.Helper()
		status, body, _ := r.get(path)
		assert.Equal(t, http.StatusOK, status, body)
		assert.Contains(t, body, text, path)
	}
	want("/metrics", "test_requests{hostname=\"db1\"} 40\n")
	want("/metrics?time=2026-03-01T12:00:02Z", "test_requests{hostname=\"db1\"} 20\n")
	want("/pmapi/fetch?name=test.requests", `"instances":[{"instance":null,"value":40}]`)
	want("/pmapi/children?prefix=kernel", `"nonleaf":["all"]`)
	rec.put(5, 7).close()
	require.NoError(t, r.Reload(t.Context()))
	want("/metrics", "test_requests{hostname=\"db1\"} 60\n")
	want("/pmapi/fetch?name=test.requests", `"value":60}`)
	for _, text := range []string{
		`pcparchive_exporter_pages_total{result="made"} 3`, "pcparchive_pmapi_contexts 3\n",
		`pcparchive_http_requests_total{code="200",path="/pmapi/fetch"} 2`, `pcparchive_http_requests_total{code="200",path="/metrics"} 3`,
	} {
		want("/-/metrics", text)
	}
	status, _, _ := r.get("/pmapi/nosuch")
	assert.Equal(t, http.StatusNotFound, status)
}

// TestSlowScrapers has clients that ask much and read nothing, while others scrape.
func TestSlowScrapers(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "rec"), "db1").put(0, 5).close()
	r := run(t, Options{Paths: []string{dir}, Rescan: -1, writeTimeout: 20 * time.Second})
	var idle []net.Conn
	for range 50 {
		c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		require.NoError(t, err)
		idle = append(idle, c)
		_, err = io.WriteString(c, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /pmapi/metric HTTP/1.1\r\nHost: x\r\n\r\n", 40))
		require.NoError(t, err)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			status, _, _ := r.get(fmt.Sprintf("/metrics?times=true&time=%d", start.Unix()+int64(i%5)))
			assert.Equal(t, http.StatusOK, status)
		})
	}
	wg.Wait()
	for _, c := range idle {
		require.NoError(t, c.Close())
	}
}
