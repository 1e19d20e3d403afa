package push

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/receive"
)

// server receives into a folder. around may change how it answers.
func server(t *testing.T, dir string, around func(http.Handler) http.Handler) string {
	t.Helper()
	r, err := receive.Open(dir, receive.Options{})
	require.NoError(t, err)
	s := httptest.NewServer(around(r.Handler()))
	t.Cleanup(func() {
		s.Close()
		assert.NoError(t, r.Close())
	})
	return s.URL
}

func plainly(h http.Handler) http.Handler { return h }

// random writes a random archive.
func random(t *testing.T, seed uint64, v pcp.Version) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	archtest.Random(t, base, seed, archtest.RandomOptions{Version: v, Host: "web1"})
	return base
}

// same compares two archives file by file. The labels have been checked by the receiver.
func same(t *testing.T, base, copied string) {
	t.Helper()
	for _, suffix := range []string{".meta", ".index", ".0"} {
		want, err := os.ReadFile(base + suffix)
		require.NoError(t, err)
		got, err := os.ReadFile(copied + suffix)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got), suffix)
	}
}

func TestArchive(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		dir, base := t.TempDir(), random(t, 1, v)
		c, err := New(server(t, dir, plainly)+"/", Options{Part: 700})
		require.NoError(t, err)
		result, err := c.Archive(t.Context(), base)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(result.Path, "web1/"), result.Path)
		assert.Positive(t, result.Bytes)
		same(t, base, filepath.Join(dir, result.Path))
		result, err = c.Archive(t.Context(), base)
		require.NoError(t, err)
		assert.Equal(t, Result{Already: true}, result)
	})
}

// TestCompressed pushes an archive whose volume is compressed.
func TestCompressed(t *testing.T) {
	dir, base := t.TempDir(), random(t, 2, pcp.V3)
	data, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(base+".0.xz", archtest.Pack(t, data, "xz", "-c"), 0o600))
	require.NoError(t, os.Remove(base+".0"))
	c, err := New(server(t, dir, plainly), Options{})
	require.NoError(t, err)
	result, err := c.Archive(t.Context(), base)
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, result.Path) + ".0")
	require.NoError(t, err)
	assert.Equal(t, data, got)
}

// TestLostConnections loses requests before and replies after they are handled.
func TestLostConnections(t *testing.T) {
	var count atomic.Int64
	unreliable := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch count.Add(1) % 5 {
			case 1:
				panic(http.ErrAbortHandler)
			case 3:
				h.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			case 4:
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
	dir, base := t.TempDir(), random(t, 3, pcp.V3)
	c, err := New(server(t, dir, unreliable), Options{Part: 2000, pause: time.Nanosecond})
	require.NoError(t, err)
	_, err = c.Archive(t.Context(), base)
	require.NoError(t, err)
	found, err := filepath.Glob(filepath.Join(dir, "web1", "*.meta"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	same(t, base, strings.TrimSuffix(found[0], ".meta"))
}

// TestPmproxy pushes to a server that knows only what pmproxy knows.
func TestPmproxy(t *testing.T) {
	var log []string
	pmproxy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body, _ := io.ReadAll(r.Body)
		path := r.URL.RequestURI()
		switch {
		case path == "/logger/label":
			fmt.Fprint(w, "{\"archive\":5,\"success\":true}\r\n")
		case strings.HasPrefix(path, "/logger/meta/") || strings.HasPrefix(path, "/logger/index/") || strings.HasPrefix(path, "/logger/volume/"):
			fmt.Fprint(w, "{\"success\":true}\r\n")
		default:
			http.Error(w, "<html>", http.StatusBadRequest)
			return
		}
		log = append(log, fmt.Sprint(path, " ", len(body)))
	})
	s := httptest.NewServer(pmproxy)
	defer s.Close()
	base := random(t, 4, pcp.V2)
	c, err := New(s.URL, Options{})
	require.NoError(t, err)
	result, err := c.Archive(t.Context(), base)
	require.NoError(t, err)
	size := func(suffix string) int {
		info, err := os.Stat(base + suffix)
		require.NoError(t, err)
		return int(info.Size()) - 132
	}
	assert.Equal(t, []string{
		"/logger/label 132", fmt.Sprint("/logger/meta/5 ", size(".meta")), fmt.Sprint("/logger/index/5 ", size(".index")), fmt.Sprint("/logger/volume/0/5 ", size(".0")),
	}, log)
	assert.EqualValues(t, size(".meta")+size(".index")+size(".0"), result.Bytes)
}

func TestErrors(t *testing.T) {
	for _, address := range []string{"", "host:44322", "ftp://host", "http://", "http://user:secret@\x7f"} {
		_, err := New(address, Options{})
		require.Error(t, err, address)
		assert.NotContains(t, err.Error(), "secret")
	}
	base := random(t, 5, pcp.V3)
	c, err := New("http://user:secret@127.0.0.1:1", Options{Patience: -1})
	require.NoError(t, err)
	_, err = c.Archive(t.Context(), base)
	require.ErrorContains(t, err, "127.0.0.1:1: ")
	assert.NotContains(t, err.Error(), "secret")
	_, err = c.Archive(t.Context(), base+"x")
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Remove(base+".0"))
	_, err = c.Archive(t.Context(), base)
	assert.ErrorIs(t, err, archive.ErrNoData)

	var asked atomic.Int64
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer refusing.Close()
	c, err = New(refusing.URL, Options{})
	require.NoError(t, err)
	_, err = c.Archive(t.Context(), random(t, 6, pcp.V3))
	var refused *Error
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, 401, refused.Status)
	assert.EqualValues(t, 1, asked.Load(), "it does not try again")
}
