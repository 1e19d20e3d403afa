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

// recordAt writes an archive with a record at each time, in seconds. A negative time is a mark.
func recordAt(t *testing.T, base string, times ...int64) {
	t.Helper()
	recordAs(t, base, &archive.WriteOptions{NoSync: true}, times...)
}

func recordAs(t *testing.T, base string, o *archive.WriteOptions, times ...int64) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "web1", Zone: "UTC"}, o)
	require.NoError(t, err)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"m.m"}}
	for _, sec := range times {
		if sec < 0 {
			require.NoError(t, a.Mark(pcp.Timestamp{Sec: -sec}))
			continue
		}
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

// TestKilledLogger reads the last records of a compressed archive whose index ends early, as
// a logger leaves it that is killed. Another archive of the host begins before them.
func TestKilledLogger(t *testing.T) {
	for _, lost := range []int64{0, 1, 2} { // entries of the index
		dir := t.TempDir()
		var times []int64
		for i := range int64(400) {
			times = append(times, 1000+10*i)
		}
		base := filepath.Join(dir, "a")
		recordAs(t, base, &archive.WriteOptions{NoSync: true, Compress: archive.CompressZstd, CompressLast: true}, times...)
		recordAt(t, filepath.Join(dir, "b"), 1300, 4900, 9000)
		size := archive.HeaderSize(pcp.V3) + archive.IndexEntrySize(pcp.V3)*(2-lost)
		require.NoError(t, os.Truncate(base+".index", size))
		hosts, err := store.Open([]string{dir}, nil)
		require.NoError(t, err)
		q := history.Query{From: pcp.Timestamp{Sec: 4000}, To: pcp.Timestamp{Sec: 4100}}
		n := 0
		for _, err := range hosts.Sets()[0].Steps(q) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 11, n, "%d entries of the index lost", lost)
		end, err := hosts.Sets()[0].Ending()
		require.NoError(t, err)
		require.Equal(t, int64(9000), end.Sec)
	}
}

// TestGapAfterOwnMark: the mark that ends one archive does not stand for the gap of another one
// that it overlapped.
func TestGapAfterOwnMark(t *testing.T) {
	dir := t.TempDir()
	recordAt(t, filepath.Join(dir, "a"), 100, 110)
	recordAt(t, filepath.Join(dir, "b"), 105, 115, -120)
	recordAt(t, filepath.Join(dir, "c"), 200, -210)
	recordAt(t, filepath.Join(dir, "d"), 300)
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	var marks []int64
	for step, err := range hosts.Sets()[0].Steps(history.Query{}) {
		require.NoError(t, err)
		if step.Mark && step.Part == history.AllParts {
			marks = append(marks, step.Stamp.Milli())
		}
	}
	require.Equal(t, []int64{120_001}, marks)
}

// TestPartsWithinAQuery has archives that overlap, and queries that end in the pause of one of
// them: no other archive gets its part, and no mark stands for a gap that the query does not see.
func TestPartsWithinAQuery(t *testing.T) {
	dir := t.TempDir()
	recordAt(t, filepath.Join(dir, "a"), 100, 110, 300)
	recordAt(t, filepath.Join(dir, "b"), 150, 160, 170)
	recordAt(t, filepath.Join(dir, "c"), 180, 190, 310)
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	set, err := h.Only()
	require.NoError(t, err)
	steps := func(to int64) (all []string) {
		for step, err := range set.Steps(history.Query{To: pcp.Timestamp{Sec: to}}) {
			require.NoError(t, err)
			all = append(all, fmt.Sprint(step.Stamp.Sec, " ", step.Part, " ", step.Mark))
		}
		return all
	}
	whole := steps(400)
	require.Equal(t, []string{
		"100 0 false", "110 0 false", "150 1 false", "160 1 false", "170 1 false", "180 1 false", "190 1 false", "300 0 false", "310 1 false",
	}, whole)
	for i := range whole {
		for _, later := range []int64{0, 1, 5} {
			var at int64
			_, err := fmt.Sscan(whole[i], &at)
			require.NoError(t, err)
			if i+1 < len(whole) {
				assert.Equal(t, whole[:i+1], steps(at+later), "to %d", at+later)
			}
		}
	}
}
