package serve

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/receive"
)

// post sends a part to the receiver of a server.
func (r *running) post(path string, part []byte) {
	r.t.Helper()
	resp, err := r.client.Post(r.url+path, receive.PartType, bytes.NewReader(part))
	require.NoError(r.t, err)
	defer resp.Body.Close()
	require.Equal(r.t, http.StatusOK, resp.StatusCode)
}

// TestReceive pushes an archive. Its values are served while it grows and afterwards.
func TestReceive(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "pushed").put(0, 100).close()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	r := run(t, Options{Receive: dir, Rescan: -1})
	file := func(suffix string) []byte {
		raw, err := os.ReadFile(base + suffix)
		require.NoError(t, err)
		return raw
	}
	label := int(archive.HeaderSize(pcp.V3))
	resp, err := r.client.Post(r.url+receive.PathLabel, receive.PartType, bytes.NewReader(file(".0")[:label]))
	require.NoError(t, err)
	var number uint32
	_, err = fmt.Fscanf(resp.Body, `{"archive":%d,"success":true}`, &number)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	r.post(fmt.Sprint(receive.PathMeta, number), file(".meta")[label:])
	data := file(".0")[label:]
	half := len(data) / 2
	r.post(fmt.Sprint(receive.PathVolume, "0/", number), data[:half])
	eventually := func(seconds int, where string) {
		t.Helper()
		query := fmt.Sprintf("/api/v1/query?query=test_requests%%7Bhostname=%%22pushed%%22%%7D&time=%d", at(float64(seconds)).Unix())
		require.Eventually(t, func() bool {
			_, body, _ := r.get(query)
			return strings.Contains(body, fmt.Sprintf(`"%d"`, 10*seconds))
		}, 30*time.Second, 50*time.Millisecond, where)
	}
	eventually(30, "growing")
	r.post(fmt.Sprint(receive.PathVolume, "0/", number), data[half:])
	r.post(fmt.Sprint(receive.PathIndex, number), file(".index")[label:])
	r.post(fmt.Sprint(receive.PathFinish, number), []byte("-"))
	eventually(99, "complete")
	_, metrics, _ := r.get("/-/metrics")
	assert.Contains(t, metrics, "\npcparchive_received_published_total 1\n")
	assert.Contains(t, metrics, `path="/logger/:part"`)
}

// TestReceiveFromStrangers refuses to start where anyone could push.
func TestReceiveFromStrangers(t *testing.T) {
	dir := t.TempDir()
	config := func(text string) string {
		path := filepath.Join(t.TempDir(), "web.yml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	users := config("basic_auth_users:\n  ann: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n")
	headers := config("http_server_config:\n  headers:\n    X-Frame-Options: deny\n")
	for _, test := range []struct {
		listen, config string
		ok             bool
	}{
		{"127.0.0.1:0", "", true}, {"localhost:0", "", true}, {"127.0.0.1:0", headers, true},
		{":0", "", false}, {"0.0.0.0:0", "", false}, {"0.0.0.0:0", headers, false}, {"0.0.0.0:0", users, true},
	} {
		s, err := New(context.Background(), Options{Receive: dir, Listen: []string{test.listen}, WebConfig: test.config})
		if test.ok {
			require.NoError(t, err, test.listen)
			require.NoError(t, s.Close())
			continue
		}
		var option *OptionError
		require.ErrorAs(t, err, &option, test.listen)
		assert.Equal(t, "Receive", option.Option)
		assert.ErrorContains(t, err, "anyone who reaches")
	}
}
