package receive

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
)

// FuzzRequests sends a label and two parts with any bytes to any path. The receiver must
// answer, write below its folder only, and know the same after a restart.
func FuzzRequests(f *testing.F) {
	for _, v := range archtest.Versions {
		meta, index, data := archtest.Members(f, archtest.Sample(f, v))
		n := archive.HeaderSize(v)
		f.Add(data[:n], "meta/N", meta[n:], "volume/0/N", data[n:])
		f.Add(data[:n], "index/N", index[n:], "volume/3/N?offset=132", data[n:])
		f.Add(data[:n], "volume/0/N", data[n:n+50], "volume/0/N", data[n+50:])
		f.Add(data[:n], "volume/0/N", data[n:], "finish/N", []byte("-"))
		f.Add(data[:n], "status/N", data[n:], "label?polltimeout=1.5&client=x", data[:n])
	}
	parent := archtest.InMemory(f)
	f.Fuzz(func(t *testing.T, label []byte, path1 string, part1 []byte, path2 string, part2 []byte) {
		if len(label)+len(part1)+len(part2) > 8000 {
			return
		}
		dir := filepath.Join(parent, fmt.Sprint("d", os.Getpid()))
		defer os.RemoveAll(dir)
		r, err := Open(dir, Options{})
		require.NoError(t, err)
		handler := r.Handler()
		send := func(path string, part []byte) {
			u, err := url.Parse(Root + path)
			if err != nil || strings.ContainsAny(path, " \r\n") {
				return
			}
			req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(part))
			req.URL = u
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, req)
			require.True(t, slices.Contains([]int{200, 307, 400, 404, 405, 409, 410, 422, 507}, w.Code), "%d: %s", w.Code, w.Body)
		}
		send("label", label)
		number := "1"
		for n := range r.byID {
			number = fmt.Sprint(n)
		}
		send(strings.ReplaceAll(path1, "N", number), part1)
		send(strings.ReplaceAll(path2, "N", number), part2)
		before := sizes(r)
		require.NoError(t, r.Close())
		entries, err := os.ReadDir(parent)
		require.NoError(t, err)
		for _, e := range entries {
			require.True(t, strings.HasPrefix(e.Name(), "d"), e.Name())
		}
		r, err = Open(dir, Options{})
		require.NoError(t, err)
		require.Equal(t, before, sizes(r))
		require.NoError(t, r.Close())
	})
}

// sizes returns the sizes of all files that are being received, and how far they are
// whole records.
func sizes(r *Receiver) map[string][2]int64 {
	all := map[string][2]int64{}
	for n, in := range r.byID {
		for _, s := range in.streams() {
			all[fmt.Sprint(n, "/", filepath.Base(s.path))] = [2]int64{s.size, s.start}
		}
	}
	return all
}
