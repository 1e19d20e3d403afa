package receive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// opened returns a Receiver and a server with its handler.
func opened(t testing.TB, dir string, o Options) (*Receiver, string) {
	t.Helper()
	r, err := Open(dir, o)
	require.NoError(t, err)
	server := httptest.NewServer(r.Handler())
	t.Cleanup(func() {
		server.Close()
		assert.NoError(t, r.Close())
	})
	return r, server.URL
}

// pushed is an archive as a client sees it.
type pushed struct {
	base  string
	label []byte
	files map[string][]byte // by the path below Root, without the number; no label
	order []string
}

// load reads an archive for a client.
func load(t testing.TB, base string) *pushed {
	t.Helper()
	_, members, err := archive.Members(base)
	require.NoError(t, err)
	p := &pushed{base: base, files: map[string][]byte{}}
	for _, m := range members {
		raw, err := os.ReadFile(m.Path)
		require.NoError(t, err)
		n := int(archive.HeaderSize(pcp.Version(raw[7])))
		path := map[archive.Role]string{archive.RoleMeta: "meta/", archive.RoleIndex: "index/", archive.RoleData: "volume/" + strconv.Itoa(m.Volume) + "/"}[m.Role]
		p.label, p.files[path] = raw[:n], raw[n:]
		p.order = append(p.order, path)
	}
	return p
}

// random returns a random archive.
func random(t testing.TB, host string, seed uint64, v pcp.Version) *pushed {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	archtest.Random(t, base, seed, archtest.RandomOptions{Version: v, Host: host})
	return load(t, base)
}

// post sends a part as the clients of PCP do.
func post(t testing.TB, url string, body []byte) (int, Reply) {
	t.Helper()
	resp, err := http.Post(url, PartType, bytes.NewReader(body))
	require.NoError(t, err)
	return answered(t, resp)
}

// answered checks what clients of PCP check of a reply.
func answered(t testing.TB, resp *http.Response) (int, Reply) {
	t.Helper()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"), "%s", raw)
	require.Greater(t, len(raw), 10)
	var reply Reply
	require.NoError(t, json.Unmarshal(raw, &reply), "%s", raw)
	require.Equal(t, resp.StatusCode == http.StatusOK, reply.Success, "%s", raw)
	if !reply.Success {
		require.NotEmpty(t, reply.Message)
	}
	return resp.StatusCode, reply
}

// begin sends the label.
func (p *pushed) begin(t testing.TB, url string) uint32 {
	t.Helper()
	status, reply := post(t, url+"/logger/label", p.label)
	require.Equal(t, http.StatusOK, status, reply.Message)
	require.NotZero(t, reply.Archive)
	return reply.Archive
}

// push sends everything in parts, as pmlogpush does.
func (p *pushed) push(t testing.TB, url string, size int) uint32 {
	t.Helper()
	number := p.begin(t, url)
	for _, path := range p.order {
		for at := 0; at < len(p.files[path]); at += size {
			part := p.files[path][at:min(at+size, len(p.files[path]))]
			status, reply := post(t, url+Root+path+fmt.Sprint(number), part)
			require.Equal(t, http.StatusOK, status, reply.Message)
		}
	}
	return number
}

// finish asks the server to publish.
func finish(t testing.TB, url string, number uint32) string {
	t.Helper()
	status, reply := post(t, url+PathFinish+fmt.Sprint(number), nil)
	require.Equal(t, http.StatusOK, status, reply.Message)
	return reply.Path
}

// same checks that an archive has the bytes of p.
func (p *pushed) same(t testing.TB, base string) {
	t.Helper()
	got := load(t, base)
	require.Equal(t, p.order, got.order)
	for path := range p.files {
		assert.True(t, bytes.Equal(p.files[path], got.files[path]), "%s differs", path)
	}
}

// left returns the names of the files in a folder and below it, without folders.
func left(t testing.TB, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator))))
		}
		return err
	}))
	return names
}

// direct sends a part to a Receiver without a server.
func direct(r *Receiver, path string, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", PartType)
	r.Handler().ServeHTTP(w, req)
	return w
}
