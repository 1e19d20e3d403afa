package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// recordAt writes an archive with a record at each time, in seconds.
func recordAt(t *testing.T, base string, times ...int64) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "web1", Zone: "UTC"}, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"m.m"}}
	for _, sec := range times {
		require.NoError(t, a.Define(d))
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: sec}, Sets: []archive.ValueSet{{PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(sec))}}}}))
	}
	require.NoError(t, a.Close())
}

// An archive whose records pause during the query's time still overlaps an archive with an
// outline that begins in the pause.
func TestOutlineInAPause(t *testing.T) {
	for _, c := range []struct {
		first []int64
		to    int64
		want  error
	}{
		{first: []int64{100, 110, 200}, to: 130, want: store.ErrOverlap},
		{first: []int64{100, 110, 200, 210}, to: 130, want: store.ErrOverlap},
		{first: []int64{100, 110, 200}, to: 300, want: store.ErrOverlap},
		{first: []int64{100, 110, 120}, to: 130, want: store.ErrOverlap},
		{first: []int64{100, 110}, to: 130},
		{first: []int64{100, 110, 119}, to: 300},
	} {
		dir := t.TempDir()
		recordAt(t, filepath.Join(dir, "a"), c.first...)
		recordAt(t, filepath.Join(dir, "b"), 120, 130)
		hosts, err := store.Open([]string{dir}, nil)
		require.NoError(t, err)
		b := &store.Outline{First: pcp.Timestamp{Sec: 120}, Last: pcp.Timestamp{Sec: 130}, Begin: func() error { return nil }}
		q := history.Query{From: pcp.Timestamp{Sec: 50}, To: pcp.Timestamp{Sec: c.to}, All: true}
		var last error
		for _, err := range hosts.Sets()[0].Outlined(q, map[string]*store.Outline{filepath.Join(dir, "b"): b}) {
			last = err
		}
		if c.want == nil {
			require.NoError(t, last, fmt.Sprint(c))
		} else {
			require.ErrorIs(t, last, c.want, fmt.Sprint(c))
		}
	}
}
