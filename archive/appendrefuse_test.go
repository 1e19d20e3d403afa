package archive_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestCreateErrors(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name, base string
		header     archive.Header
		version    pcp.Version
		err        error
	}{
		{"unknown version", "rec", archive.Header{}, 1, pcp.ErrVersion},
		{"host too long", "rec", archive.Header{Host: strings.Repeat("h", 64)}, pcp.V2, pcp.ErrLimit},
		{"zone too long", "rec", archive.Header{Zone: strings.Repeat("z", 40)}, pcp.V2, pcp.ErrLimit},
		{"zoneinfo too long", "rec", archive.Header{ZoneInfo: strings.Repeat("z", 256)}, pcp.V3, pcp.ErrLimit},
		{"no such folder", "none/rec", archive.Header{}, pcp.V3, fs.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := archive.Create(filepath.Join(dir, tt.base), tt.header, &archive.WriteOptions{Version: tt.version})
			require.ErrorIs(t, err, tt.err)
			assert.Empty(t, names(t, dir))
		})
	}
}

// TestRefusals checks that rejected input leaves no trace, and that other calls
// may follow.
func TestRefusals(t *testing.T) {
	metric := func(s archive.ValueSet) func(a *archive.Appender) error {
		s.PMID = archtest.Release.PMID
		return func(a *archive.Appender) error {
			return a.Append(&archive.Result{Stamp: at(6), Sets: []archive.ValueSet{s}})
		}
	}
	instance := func(id pcp.InstID) *meta.InDom {
		return &meta.InDom{Stamp: at(6), ID: 7, Instances: []meta.Instance{{ID: id, Name: "x"}}}
	}
	named := func(names ...string) func(a *archive.Appender) error {
		return func(a *archive.Appender) error {
			return a.Define(&meta.Desc{PMID: 99, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: names})
		}
	}
	other := *archtest.Count
	other.Type = pcp.TypeU64
	long := make([]byte, 0xffffff-3)
	for _, tt := range []struct {
		name string
		call func(a *archive.Appender) error
		err  error
	}{
		{"positive error code", metric(archive.ValueSet{Err: 1}), pcp.ErrRange},
		{"unknown format", metric(archive.ValueSet{Format: 3, Values: []history.Value{history.WordValue(0, 1)}}), pcp.ErrRange},
		{"block in situ", metric(archive.ValueSet{Values: []history.Value{history.StringValue(0, "x")}}), pcp.ErrRange},
		{"word in a block", metric(archive.ValueSet{Format: archive.Block, Values: []history.Value{history.WordValue(0, 1)}}), pcp.ErrRange},
		{"type beyond a byte", metric(archive.ValueSet{Format: archive.Block, Values: []history.Value{{Type: 256, Data: []byte{}}}}), pcp.ErrRange},
		{"value beyond 16 MiB", metric(archive.ValueSet{Format: archive.Block, Values: []history.Value{{Type: pcp.TypeString, Data: long}}}), pcp.ErrLimit},
		{"fraction of more than a second", func(a *archive.Appender) error { return a.Mark(pcp.Timestamp{Sec: 6, Nsec: 1e9}) }, pcp.ErrRange},
		{"time of an instance domain", func(a *archive.Appender) error {
			in := instance(1)
			in.Stamp.Nsec = -1
			return a.SetInDom(in)
		}, pcp.ErrRange},
		{"time of labels", func(a *archive.Appender) error {
			return a.SetLabels(&meta.Labels{Stamp: pcp.Timestamp{Nsec: -1}, Level: labelset.Context})
		}, pcp.ErrRange},
		{"negative instance", func(a *archive.Appender) error { return a.SetInDom(instance(-1)) }, pcp.ErrRange},
		{"unknown type of help text", func(a *archive.Appender) error { return a.SetText(&meta.Text{Type: meta.TextPMID}) }, pcp.ErrRange},
		{"empty name", named(""), pcp.ErrRange},
		{"NUL in a name", named("a\x00b"), pcp.ErrRange},
		{"long name", named(strings.Repeat("n", 4096)), pcp.ErrRange},
		{"another metric of that identifier", func(a *archive.Appender) error { return a.Define(&other) }, pcp.ErrMismatch},
		{"name of another metric", named("sample.count"), pcp.ErrMismatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, base := create(t, pcp.V3)
			require.NoError(t, a.Define(archtest.Count))
			require.NoError(t, a.Append(count(5, 5)))
			before := a.Size()
			require.ErrorIs(t, tt.call(a), tt.err)
			assert.Equal(t, before, a.Size())
			require.NoError(t, a.Append(count(7, 7)))
			require.NoError(t, a.Close())
			assert.Equal(t, []string{"5:5", "7:7"}, counts(t, base))
		})
	}
}

func TestV2Range(t *testing.T) {
	a, _ := create(t, pcp.V2)
	assert.ErrorIs(t, a.Mark(pcp.Timestamp{Sec: 1 << 31}), pcp.ErrRange)
	assert.NoError(t, a.Mark(pcp.Timestamp{Sec: 1<<31 - 1, Nsec: 999999999}), "a finer fraction is cut")
	require.NoError(t, a.Close())
}

// TestFileLimit checks that a record too long for any volume, and metadata
// beyond the limit of its file, are rejected without losing earlier records.
func TestFileLimit(t *testing.T) {
	a, base := create(t, pcp.V2)
	a.SetRecordLimit(132 + 3*40)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Append(count(0, 0)))
	long := count(1, 1)
	for range 9 {
		long.Sets = append(long.Sets, long.Sets[0])
	}
	err := a.Append(long)
	require.ErrorIs(t, err, pcp.ErrLimit)
	assert.EqualError(t, err, base+".0: a file of v2 may have 252 bytes: limit exceeded")
	err = a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Text: strings.Repeat("x", 300)})
	require.ErrorIs(t, err, pcp.ErrLimit)
	assert.ErrorContains(t, err, base+".meta")
	require.NoError(t, a.Close())
	assert.Equal(t, []string{"0:0"}, counts(t, base))
}

func TestClosed(t *testing.T) {
	a, _ := create(t, pcp.V3)
	require.NoError(t, a.Append(count(1, 1)))
	require.NoError(t, a.Close())
	require.NoError(t, a.Close(), "closing twice does no harm")
	for _, err := range []error{
		a.Append(count(2, 2)), a.Mark(at(2)), a.Flush(), a.Define(archtest.Load), a.SetInDom(&meta.InDom{}),
		a.SetLabels(&meta.Labels{}), a.SetText(&meta.Text{}),
	} {
		assert.ErrorIs(t, err, archive.ErrClosed)
	}
	assert.Equal(t, pcp.V3, a.Version())
}
