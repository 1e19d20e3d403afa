package serve

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSlowReader wants a client that does not read to be disconnected.
func TestSlowReader(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 3000).close()
	s := run(t, Options{Paths: []string{base}, Rescan: -1, writeTimeout: 50 * time.Millisecond})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	// Replies of some MB do not fit the buffers of the system.
	one := "GET /api/v1/query?query=" + url.QueryEscape(`{__name__=~"kernel_all_load|test_requests"}[1h]`) + "&time=" + seconds(at(3000)) + " HTTP/1.1\r\nHost: x\r\n\r\n"
	go func() {
		_, _ = io.WriteString(conn, strings.Repeat(one, 200)) // ends with the connection
	}()
	require.Eventually(t, func() bool {
		_, metrics, _ := s.get("/-/metrics")
		return strings.Contains(metrics, "pcparchive_http_requests_in_flight 1\n") && s.metrics.openConns.Load() == 1
	}, time.Minute, 20*time.Millisecond, "only the connection that asks is left")
}
