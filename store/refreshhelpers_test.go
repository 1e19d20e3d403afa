package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// writer appends to an archive with one metric for each call of define.
type writer struct {
	*archive.Appender
	t    *testing.T
	ids  []pcp.PMID
	base string
}

func startRecording(t *testing.T, base, host string) *writer {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(base), 0o755))
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC"}, nil)
	require.NoError(t, err)
	w := &writer{Appender: a, t: t, base: base}
	w.define("m.first")
	return w
}

func (w *writer) define(name string) {
	w.t.Helper()
	id := pcp.NewPMID(60, 0, uint32(len(w.ids)))
	require.NoError(w.t, w.Define(&meta.Desc{PMID: id, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{name}}))
	w.ids = append(w.ids, id)
}

// put appends a record with all metrics and makes it visible.
func (w *writer) put(at int64) {
	w.t.Helper()
	res := &archive.Result{Stamp: pcp.Timestamp{Sec: at}}
	for _, id := range w.ids {
		res.Sets = append(res.Sets, archive.ValueSet{PMID: id, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(at))}})
	}
	require.NoError(w.t, w.Append(res))
	require.NoError(w.t, w.Flush())
}

// content lists the values of all hosts: "host seconds metric value", or "host
// seconds mark".
func content(t *testing.T, h *store.Hosts) (lines []string) {
	t.Helper()
	for _, set := range h.Sets() {
		for step, err := range set.Steps(history.Query{}) {
			require.NoError(t, err)
			if step.Mark {
				lines = append(lines, fmt.Sprintf("%s %d mark", set.Host(), step.Stamp.Sec))
			}
			for _, mv := range step.Metrics {
				lines = append(lines, fmt.Sprintf("%s %d %s %d", set.Host(), step.Stamp.Sec, mv.Metric.Name, mv.Points[0].Value.Bits))
			}
		}
	}
	return lines
}

// refresh requires that Hosts changed, that the new ones hold the same as Hosts
// opened anew, and that the former answer as before.
func refresh(t *testing.T, h *store.Hosts, path string) *store.Hosts {
	t.Helper()
	before := content(t, h)
	next, changed, err := h.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	anew, err := store.Open([]string{path}, nil)
	require.NoError(t, err)
	assert.Equal(t, content(t, anew), content(t, next))
	assert.Equal(t, before, content(t, h), "the former Hosts do not change")
	again, changed, err := next.Refresh(t.Context())
	require.NoError(t, err)
	assert.False(t, changed)
	assert.Same(t, next, again)
	return next
}

func open(t *testing.T, path string) *store.Hosts {
	t.Helper()
	h, err := store.Open([]string{path}, nil)
	require.NoError(t, err)
	return h
}

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of open files")
	}
	return len(all)
}
