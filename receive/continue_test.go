package receive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestAgain pushes an archive again: what is complete is refused, what is not continues.
func TestAgain(t *testing.T) {
	dir := t.TempDir()
	r, url := opened(t, dir, Options{})
	p := random(t, "web1", 9, pcp.V3)
	number := p.begin(t, url)
	post(t, fmt.Sprint(url, PathMeta, number), p.files["meta/"][:301])
	assert.Equal(t, number, p.push(t, url, 8192), "the same number")
	assert.Equal(t, number, p.push(t, url, 61), "every byte was there")
	path := finish(t, url, number)
	p.same(t, filepath.Join(dir, path))
	status, reply := post(t, url+PathLabel, p.label)
	assert.Equal(t, 409, status)
	assert.Contains(t, reply.Message, "complete already")
	status, _ = post(t, fmt.Sprint(url, PathMeta, number), p.files["meta/"])
	assert.Equal(t, 410, status)
	assert.Equal(t, 2, r.Counts().Resumed)

	// Another archive that begins in the same minute gets another name.
	other := bytes.Clone(p.label)
	binary.BigEndian.PutUint32(other[8:], 12345)
	status, reply = post(t, url+PathLabel, other)
	require.Equal(t, 200, status, reply.Message)
	q := &pushed{label: other, files: p.files, order: p.order}
	assert.Equal(t, path+"-01", finish(t, url, q.push(t, url, MaxPart)), reply.Archive)
}

// TestRestart ends the receiver in the middle. Clients continue with the same number.
func TestRestart(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		dir := t.TempDir()
		p := random(t, "web1", 10, v)
		r, err := Open(dir, Options{})
		require.NoError(t, err)
		serve := func(path string, body []byte) {
			t.Helper()
			w := direct(r, path, body)
			require.Equal(t, 200, w.Code, w.Body.String())
		}
		l, err := r.begin(p.label, time.Hour)
		require.NoError(t, err)
		number := fmt.Sprint(l.number)
		restart := func() {
			t.Helper()
			require.NoError(t, r.Close())
			r, err = Open(dir, Options{})
			require.NoError(t, err)
			require.Equal(t, 1, r.Counts().Open)
		}
		for _, path := range p.order {
			for at, size := 0, 1+len(p.files[path])/7; at < len(p.files[path]); at += size {
				serve(Root+path+number, p.files[path][at:min(at+size, len(p.files[path]))])
				restart()
			}
		}
		published, err := r.finish(l.number)
		require.NoError(t, err)
		p.same(t, filepath.Join(dir, published))
		require.NoError(t, r.Close())
	})
}

// TestKilledWhileWriting leaves bytes for which the client got no reply. It sends them
// again.
func TestKilledWhileWriting(t *testing.T) {
	p := random(t, "web1", 11, pcp.V3)
	data := p.files["volume/0/"]
	first := int64(binary.BigEndian.Uint32(data))
	second := first + int64(binary.BigEndian.Uint32(data[first:]))
	for name, extra := range map[string][]byte{
		"part of the next record": data[first : first+9],
		"length of the next":      data[first : first+2],
		"zeros":                   make([]byte, 64),
		"nothing":                 nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r, err := Open(dir, Options{})
			require.NoError(t, err)
			in, err := r.begin(p.label, time.Hour)
			require.NoError(t, err)
			require.NoError(t, r.accept(t.Context(), in.number, file{role: archive.RoleData}, data[:first], -1))
			volume := in.volumes[0].path
			require.NoError(t, r.Close())
			f, err := os.OpenFile(volume, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.Write(extra)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			r, err = Open(dir, Options{})
			require.NoError(t, err)
			require.NoError(t, r.accept(t.Context(), in.number, file{role: archive.RoleData}, data[first:second], -1))
			raw, err := os.ReadFile(volume)
			require.NoError(t, err)
			assert.Equal(t, data[:second], raw[len(p.label):])
			require.NoError(t, r.Close())
		})
	}
}

// TestIdle publishes an archive that nobody continues, at once if it is whole, and later
// if it is not.
func TestIdle(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	o := Options{Idle: time.Minute, Abandon: time.Hour, now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }}
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	dir := t.TempDir()
	r, url := opened(t, dir, o)
	whole, torn, empty := random(t, "whole", 12, pcp.V3), random(t, "torn", 13, pcp.V3), random(t, "empty", 14, pcp.V3)
	whole.push(t, url, 8192)
	number := torn.begin(t, url)
	for _, path := range torn.order {
		part := torn.files[path]
		if path == torn.order[len(torn.order)-1] {
			part = part[:len(part)-5]
		}
		post(t, fmt.Sprint(url, Root, path, number), part)
	}
	empty.begin(t, url)
	pass(59 * time.Second)
	r.publishIdle(t.Context())
	assert.Equal(t, 3, r.Counts().Open)
	pass(2 * time.Second)
	r.publishIdle(t.Context())
	assert.Equal(t, Counts{Open: 2, Started: 3, Published: 1, Parts: r.Counts().Parts, Bytes: r.Counts().Bytes}, r.Counts())
	pass(time.Hour)
	r.publishIdle(t.Context())
	assert.Zero(t, r.Counts().Open)
	found, err := store.Find([]string{dir})
	require.NoError(t, err)
	require.Len(t, found, 2)
	for _, base := range found {
		for f := range check.Archive(t.Context(), base, &check.Options{Min: finding.Error}) {
			assert.Fail(t, f.String())
		}
	}
	assert.NoDirExists(t, filepath.Join(dir, "empty"))
	entries, err := os.ReadDir(filepath.Join(dir, asideName))
	require.NoError(t, err)
	assert.Empty(t, entries)
}
