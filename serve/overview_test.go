package serve

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOverview asks a running server, which reads each archive once.
func TestOverview(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "web1", "rec"), "web1").put(0, 60).close()
	record(t, filepath.Join(dir, "web2", "rec"), "web2").put(0, 30).close()
	s := run(t, Options{Paths: []string{dir}, Rescan: -1})
	for range 2 {
		status, body, header := s.get("/api/overview?steps=6")
		require.Equal(t, http.StatusOK, status)
		assert.Equal(t, "application/json", header.Get("Content-Type"))
		var reply struct {
			Data struct {
				Hosts []struct {
					Host    string
					Level   []*float64
					Missing []struct{ Rule string }
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(body), &reply))
		require.Len(t, reply.Data.Hosts, 2)
		assert.Equal(t, "web2", reply.Data.Hosts[1].Host)
		assert.NotNil(t, reply.Data.Hosts[0].Level[5])
		assert.Nil(t, reply.Data.Hosts[1].Level[5], "it ended before")
		assert.NotEmpty(t, reply.Data.Hosts[0].Missing)
	}
	_, metrics, _ := s.get("/-/metrics")
	assert.Contains(t, metrics, `pcparchive_overview_tracks_total{result="read"} 2`)
	assert.Contains(t, metrics, `pcparchive_overview_tracks_total{result="kept"} 2`)
	assert.Contains(t, metrics, `pcparchive_http_requests_total{code="200",path="/api/overview"} 2`)
}
