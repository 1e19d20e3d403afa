package page

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// mostBytes is the most that a browser loads for the page, compressed.
const mostBytes = 400_000

// TestSize wants the page to stay small.
func TestSize(t *testing.T) {
	total := 0
	for _, f := range assets() {
		total += len(f.packed)
	}
	assert.Less(t, total, mostBytes)
	assert.Less(t, len(assets()["page.js"].packed)+len(assets()["page.css"].packed), mostBytes/3, "what the first screen waits for")
}

// TestBuilt wants the assets to be what the sources build.
func TestBuilt(t *testing.T) {
	npm, node := oracle.Path(t, "npm"), oracle.Path(t, "node")
	web, err := filepath.Abs("../../web")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(web, "node_modules")); err != nil {
		run(t, web, npm, "ci", "--no-progress")
	}
	out := filepath.Join(t.TempDir(), "assets")
	run(t, web, node, "build.mjs", out)
	built := os.DirFS(out)
	var names []string
	require.NoError(t, fs.WalkDir(built, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		names = append(names, name)
		want, err := fs.ReadFile(built, name)
		require.NoError(t, err)
		if f := assets()[name]; assert.NotNil(t, f, "%s is new: run make web", name) {
			assert.True(t, string(want) == string(f.plain), "%s is not what the sources build: run make web", name)
		}
		return nil
	}))
	assert.Len(t, assets(), len(names), "a file that the sources no longer build: run make web")
}

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", program, args, out)
}

// TestLock wants the lock file to name no registry, so that any will do.
func TestLock(t *testing.T) {
	lock, err := os.ReadFile("../../web/package-lock.json")
	require.NoError(t, err)
	assert.NotContains(t, string(lock), `"resolved"`)
	assert.NotContains(t, string(lock), "://")
	assert.Contains(t, string(lock), `"integrity"`)
}

// TestSelfContained wants the page to name no address of another server, and no code in
// markup, which the policy forbids.
func TestSelfContained(t *testing.T) {
	html := string(assets()[Index].plain)
	for _, tag := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		assert.NotContains(t, tag[1], ":")
		assert.False(t, strings.HasPrefix(tag[1], "/"), "%s: the server may stand behind a path", tag[1])
	}
	assert.NotRegexp(t, `<script>|<style>|\son[a-z]+=|style="`, html)
	assert.NotRegexp(t, `@import|url\(`, string(assets()["page.css"].plain))
	for _, name := range []string{"page.js", "editor.js"} {
		assert.NotContains(t, string(assets()[name].plain), "eval(", name)
	}
}

func TestServed(t *testing.T) {
	mux := http.NewServeMux()
	Register(mux)
	get := func(path string, header ...string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Result()
	}
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/page.js": "text/javascript; charset=utf-8", "/editor.js": "text/javascript; charset=utf-8",
		"/page.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml", "/licenses.txt": "text/plain; charset=utf-8",
	} {
		plain := get(path)
		assert.Equal(t, http.StatusOK, plain.StatusCode, path)
		assert.Equal(t, kind, plain.Header.Get("Content-Type"), path)
		assert.Equal(t, Policy, plain.Header.Get("Content-Security-Policy"), path)
		assert.Equal(t, "nosniff", plain.Header.Get("X-Content-Type-Options"), path)
		want, err := io.ReadAll(plain.Body)
		require.NoError(t, err)

		packed := get(path, "Accept-Encoding", "br, gzip;q=0.5")
		assert.Equal(t, "gzip", packed.Header.Get("Content-Encoding"), path)
		zr, err := gzip.NewReader(packed.Body)
		require.NoError(t, err)
		got, err := io.ReadAll(zr)
		require.NoError(t, err)
		assert.True(t, string(want) == string(got), path)
		assert.NotEqual(t, plain.Header.Get("ETag"), packed.Header.Get("ETag"))
		assert.Empty(t, get(path, "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding"))

		again := get(path, "Accept-Encoding", "gzip", "If-None-Match", `"x", W/`+packed.Header.Get("ETag"))
		assert.Equal(t, http.StatusNotModified, again.StatusCode, path)
		assert.Equal(t, http.StatusOK, get(path, "If-None-Match", `"x"`).StatusCode, path)
	}
	for _, path := range []string{"/index.html", "/assets/page.js", "/no.js"} {
		assert.Equal(t, http.StatusNotFound, get(path).StatusCode, path)
	}
}

// TestVersions wants each file that the page names to be kept for ever, under its version only.
func TestVersions(t *testing.T) {
	mux := http.NewServeMux()
	Register(mux)
	named := regexp.MustCompile(`"(?:\./)?([a-z]+\.[a-z]+\?v=[0-9a-f]+)"`)
	found := 0
	for _, source := range []string{Index, "page.js"} {
		for _, m := range named.FindAllStringSubmatch(string(assets()[source].plain), -1) {
			found++
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/"+m[1], nil))
			assert.Contains(t, w.Header().Get("Cache-Control"), "immutable", m[1])
		}
	}
	assert.Equal(t, 4, found)
	for _, path := range []string{"/", "/page.js", "/page.js?v=0"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		assert.Equal(t, "no-cache", w.Header().Get("Cache-Control"), path)
	}
}
