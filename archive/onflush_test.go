package archive_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// putSeconds writes records of one metric from one second to another.
func putSeconds(t *testing.T, a *archive.Appender, from, to int64) {
	t.Helper()
	d := &meta.Desc{PMID: pcp.NewPMID(144, 1, 0), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a.b"}}
	require.NoError(t, a.Define(d))
	for sec := from; sec < to; sec++ {
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: sec}, Sets: []archive.ValueSet{{
			PMID: d.PMID, Format: archive.FormatOf(d.Type),
			Values: []history.Value{history.StringValue(pcp.InstNull, string(make([]byte, 5000)))},
		}}}))
		require.NoError(t, a.Flush())
	}
}

// secondsIn returns the times of the records of an archive.
func secondsIn(t *testing.T, base string) (all []int64) {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		if !step.Mark {
			all = append(all, step.Stamp.Sec)
		}
	}
	require.Empty(t, r.Warnings())
	return all
}

func TestFilesAppearWithTheirContents(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "rec")
	files := func() (all []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			info, err := e.Info()
			require.NoError(t, err)
			assert.Positive(t, info.Size(), e.Name())
			all = append(all, e.Name())
		}
		return all
	}
	a, err := archive.Create(base, archive.LocalHeader("h"), &archive.WriteOptions{OnFlush: true, NoLock: true, VolumeSize: 25_000, Compress: archive.CompressGzip})
	require.NoError(t, err)
	assert.Empty(t, files(), "nothing was flushed")
	putSeconds(t, a, 100, 102)
	assert.Equal(t, []string{"rec.0", "rec.index", "rec.meta"}, files())
	assert.Zero(t, a.Buffered())
	putSeconds(t, a, 102, 110)
	require.NoError(t, a.Sync())
	assert.Equal(t, []int64{100, 101, 102, 103, 104, 105, 106, 107, 108, 109}, secondsIn(t, base))
	require.NoError(t, a.Close())
	assert.Contains(t, files(), "rec.2", "an archive that may be continued keeps its last volume plain")

	a, err = archive.Continue(base, &archive.WriteOptions{OnFlush: true, NoLock: true, Compress: archive.CompressGzip})
	require.NoError(t, err)
	putSeconds(t, a, 110, 112)
	require.NoError(t, a.Complete())
	assert.Equal(t, []string{"rec.0.gz", "rec.1.gz", "rec.2.gz", "rec.index", "rec.meta"}, files())
	assert.Len(t, secondsIn(t, base), 12)
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
}

func TestContinueReadsTheEndOnly(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	o := &archive.WriteOptions{OnFlush: true, NoLock: true}
	a, err := archive.Create(base, archive.LocalHeader("h"), o)
	require.NoError(t, err)
	putSeconds(t, a, 100, 200)
	for range 2 { // with and without an entry for the last record
		require.NoError(t, a.Close())
		raw, err := os.ReadFile(base + ".0")
		require.NoError(t, err)
		damaged := slices.Clone(raw)
		damaged[3000] ^= 0xff // far from the end
		require.NoError(t, os.WriteFile(base+".0", append(damaged, 0, 0, 20, 0, 1), 0o644))
		a, err = archive.Continue(base, o)
		require.NoError(t, err)
		last, _ := a.Last()
		require.Len(t, a.Recovered(), 1, "%v", a.Recovered())
		assert.Equal(t, archive.RecoveryCut, a.Recovered()[0].Action)
		assert.Equal(t, int64(len(raw)), a.Recovered()[0].Offset)
		require.NoError(t, a.Resume(last.Add(1e9)))
		putSeconds(t, a, last.Sec+1, last.Sec+3)
	}
	require.NoError(t, a.Close())
}

func TestFullDiskIsNotFinal(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.LocalHeader("h"), &archive.WriteOptions{OnFlush: true, NoLock: true})
	require.NoError(t, err)
	putSeconds(t, a, 100, 102)
	full := true
	a.LetDiskFill(&full)
	d := &meta.Desc{PMID: pcp.NewPMID(144, 1, 1), Type: pcp.Type32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a.c"}}
	require.NoError(t, a.Define(d))
	require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: 102}, Sets: []archive.ValueSet{{
		PMID: d.PMID, Format: archive.FormatOf(d.Type), Values: []history.Value{history.WordValue(pcp.InstNull, 1)},
	}}}))
	for range 3 {
		err := a.Flush()
		require.Error(t, err)
		assert.True(t, archive.IsFull(err))
	}
	assert.Equal(t, []int64{100, 101}, secondsIn(t, base), "whole records only")
	assert.Positive(t, a.Buffered())
	full = false
	putSeconds(t, a, 103, 105)
	assert.Equal(t, []int64{100, 101, 102, 103, 104}, secondsIn(t, base))
	require.NoError(t, a.Close())
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
}

// TestMuchMetadata writes metadata of several times the length of a buffer before the first
// record, and again later. The files are those of an Appender without OnFlush.
func TestMuchMetadata(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, o *archive.WriteOptions) {
		a, err := archive.Create(filepath.Join(dir, name), archive.LocalHeader("h"), o)
		require.NoError(t, err)
		help := string(bytes.Repeat([]byte{'x'}, 10_000))
		for n := range uint32(600) {
			d := &meta.Desc{PMID: pcp.NewPMID(144, 1, n), Type: pcp.Type32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprint("a.m", n)}}
			require.NoError(t, a.Define(d))
			require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: uint32(d.PMID), Text: help}))
			if n%200 != 199 {
				continue
			}
			size := a.Size()
			require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: int64(n)}, Sets: []archive.ValueSet{{
				PMID: d.PMID, Format: archive.FormatOf(d.Type), Values: []history.Value{history.WordValue(pcp.InstNull, n)},
			}}}))
			require.Greater(t, a.Size(), size)
			require.NoError(t, a.Flush())
			require.Zero(t, a.Buffered())
		}
		require.NoError(t, a.Close())
	}
	write("plain", &archive.WriteOptions{})
	write("onflush", &archive.WriteOptions{OnFlush: true, NoLock: true})
	for _, suffix := range []string{".meta", ".0", ".index"} {
		want, err := os.ReadFile(filepath.Join(dir, "plain"+suffix))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(dir, "onflush"+suffix))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got), suffix)
	}
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", filepath.Join(dir, "onflush")))
}
