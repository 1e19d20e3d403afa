// Package page serves the page in which people look at archives. Its sources are in the
// folder web of the repository; `make web` builds them into the folder assets, which is part
// of the program.
package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/internal/accept"
)

//go:embed assets
var files embed.FS

// Index is the name of the page itself, which is served at the root.
const Index = "index.html"

// Policy is the content security policy of the page. Scripts and styles come from files of
// the server only, and requests go to the server only. blob is for pictures of plots.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// kinds are the media types of the files by their extensions.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

// file is a file of the page in both forms in which it is sent.
type file struct {
	kind    string
	plain   []byte
	packed  []byte // compressed by gzip
	version string // part of the SHA-256 sum of plain
}

// assets returns the files by their names.
var assets = sync.OnceValue(func() map[string]*file {
	all := map[string]*file{}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	for _, e := range entries {
		plain, err := files.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(plain)
		all[e.Name()] = &file{kinds[path.Ext(e.Name())], plain, compressed(plain), hex.EncodeToString(sum[:8])}
	}
	return all
})

// compressed compresses data.
func compressed(plain []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is valid
	}
	_, _ = w.Write(plain) // writing to memory does not fail
	_ = w.Close()
	return b.Bytes()
}

// Register adds the page and its files to a mux.
func Register(mux *http.ServeMux) {
	mux.Handle("GET /{$}", Handler(Index))
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	for _, e := range entries {
		if e.Name() != Index {
			mux.Handle("GET /"+e.Name(), Handler(e.Name()))
		}
	}
}

// Handler serves a file of the page. A client may keep a file for ever if its address names
// the file's version, as the addresses in the page do. Otherwise it asks each time whether
// the file has changed.
func Handler(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := assets()[name]
		if f == nil {
			http.NotFound(w, r)
			return
		}
		f.serve(w, r)
	})
}

// serve sends the file.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Add("Vary", "Accept-Encoding")
	body, tag := f.plain, fmt.Sprintf("%q", f.version)
	if accept.Encoding(r.Header, "gzip") != "" {
		h.Set("Content-Encoding", "gzip")
		body, tag = f.packed, fmt.Sprintf("%q", f.version+"-gzip")
	}
	h.Set("ETag", tag)
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if matches(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Type")
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails if the client has left
	}
}

// matches reports whether a list of tags has one, which a proxy may have weakened.
func matches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}
