package receive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestReplies compares replies with what the clients of PCP 7 match as text.
func TestReplies(t *testing.T) {
	_, url := opened(t, t.TempDir(), Options{})
	text := func(resp *http.Response, err error) string {
		require.NoError(t, err)
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(raw)
	}
	assert.Equal(t, "{\"success\":true}\r\n", text(http.Get(url+"/logger/ping")))
	p := random(t, "web1", 1, pcp.V3)
	label := text(http.Post(url+"/logger/label", PartType, bytes.NewReader(p.label)))
	var number uint32
	n, err := fmt.Sscanf(label, "{\"archive\":%d,\"success\":true}", &number)
	require.NoError(t, err, label)
	assert.Equal(t, 1, n)
	assert.NotZero(t, number)
	assert.Equal(t, "{\"success\":true}\r\n", text(http.Post(fmt.Sprint(url, "/logger/meta/", number), PartType, bytes.NewReader(p.files["meta/"]))))
	assert.Equal(t, "{\"client\":\"me\",\"success\":true}\r\n", text(http.Get(url+"/logger/ping?client=me")))
}

// TestPush pushes archives of both versions in parts of several sizes. What arrives is
// the same, and nothing else is left.
func TestPush(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, size := range []int{61, 8192, MaxPart} {
			dir := t.TempDir()
			_, url := opened(t, dir, Options{})
			p := random(t, "web1.example.com", uint64(size), v)
			path := finish(t, url, p.push(t, url, size))
			p.same(t, filepath.Join(dir, path))
			assert.Equal(t, "web1.example.com/"+filepath.Base(path), path)
			names := left(t, dir)
			for _, name := range names {
				assert.True(t, strings.HasPrefix(name, path+".") || name == ".pcparchive-.receiving.lock", name)
			}
		}
	})
}

// TestGrowing shows an archive from its first record on.
func TestGrowing(t *testing.T) {
	dir := t.TempDir()
	shown := 0
	r, url := opened(t, dir, Options{Shown: func() { shown++ }})
	p := random(t, "web1", 3, pcp.V3)
	number := p.begin(t, url)
	post(t, fmt.Sprint(url, PathMeta, number), p.files["meta/"])
	found, _ := store.Find([]string{dir})
	assert.Empty(t, found, "without a record there is no archive")
	data := p.files["volume/0/"]
	first := binary.BigEndian.Uint32(data)
	post(t, fmt.Sprint(url, PathVolume, "0/", number), data[:first+3])
	assert.Equal(t, 1, shown)
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	require.Len(t, hosts.Sets(), 1)
	assert.Equal(t, "web1", hosts.Sets()[0].Host())
	post(t, fmt.Sprint(url, PathVolume, "0/", number), data[first+3:])
	post(t, fmt.Sprint(url, PathIndex, number), p.files["index/"])
	finish(t, url, number)
	found, err = store.Find([]string{dir})
	require.NoError(t, err)
	assert.Len(t, found, 1)
	assert.Equal(t, 1, shown)
	assert.Equal(t, Counts{Started: 1, Published: 1, Parts: 4, Bytes: int64(len(data) + len(p.files["meta/"]) + len(p.files["index/"]))}, r.Counts())
}

// TestTwoReceivers refuses a second one of the same folder.
func TestTwoReceivers(t *testing.T) {
	dir := t.TempDir()
	opened(t, dir, Options{})
	_, err := Open(dir, Options{})
	assert.ErrorAs(t, err, new(*archive.InUseError))
}

// TestHosts50 pushes archives of 50 hosts at once.
func TestHosts50(t *testing.T) {
	dir := t.TempDir()
	r, url := opened(t, dir, Options{Idle: time.Hour})
	const hosts = 50
	all := make([]*pushed, hosts)
	paths := make([]string, hosts)
	for i := range all {
		all[i] = random(t, fmt.Sprintf("host%02d", i), uint64(i), 0)
	}
	var pushing sync.WaitGroup
	for i, p := range all {
		pushing.Go(func() { paths[i] = finish(t, url, p.push(t, url, 4000)) })
	}
	pushing.Wait()
	for i, p := range all {
		p.same(t, filepath.Join(dir, paths[i]))
	}
	assert.Equal(t, hosts, r.Counts().Published)
}
