package archive_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func at(sec int64) pcp.Timestamp { return pcp.Timestamp{Sec: sec} }

// create begins an archive of version v in a temporary folder.
func create(t testing.TB, v pcp.Version) (*archive.Appender, string) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: v})
	require.NoError(t, err)
	return a, base
}

// count returns a result with one value of the sample's metric Count.
func count(sec int64, n uint32) *archive.Result {
	return &archive.Result{Stamp: at(sec), Sets: []archive.ValueSet{
		{PMID: archtest.Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, n)}},
	}}
}

func TestAppenderAgainstCheck(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		got := oracle.Exec(t, "pmlogcheck", archtest.Sample(t, v))
		assert.Equal(t, oracle.Result{}, got, "it says nothing and exits with 0")
	})
}

// TestAppenderReadsBack reads back everything that was written.
func TestAppenderReadsBack(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		r, err := archive.Open(archtest.Sample(t, v), nil)
		require.NoError(t, err)
		want := archtest.Header
		want.Version, want.Start = v, archtest.Start
		if v == pcp.V2 {
			want.ZoneInfo = ""
		}
		assert.Equal(t, &want, r.Header())

		kinds := map[pcp.Kind]int{}
		for rec, err := range r.Records(archive.RoleMeta) {
			require.NoError(t, err)
			kinds[rec.Record.Kind()]++
		}
		wantKinds := map[pcp.Kind]int{pcp.KindDesc: 4, pcp.KindText: 3, pcp.KindLabels: 6, pcp.KindInDom: 1, pcp.KindInDomDelta: 2}
		if v == pcp.V2 {
			wantKinds[pcp.KindInDom], wantKinds[pcp.KindInDomDelta] = 3, 0
			delete(wantKinds, pcp.KindInDomDelta)
		}
		assert.Equal(t, wantKinds, kinds)

		var seen []string
		for step, err := range r.Steps(history.Query{}) {
			require.NoError(t, err)
			seen = append(seen, describeStep(step))
		}
		assert.Equal(t, []string{
			`0 sample.load[one n="1"]=1 sample.load[five n="5"]=1 sample.bytes=1152921504606846976 sample.count=0 sample.release="v1."`,
			`1 sample.load[one n="1"]=1.0000001 sample.load[five n="5"]=1.0000001 sample.load[ten]=1.0000001 sample.bytes=1152921504606846977 sample.count=1 sample.release="v1.2"`,
			`2 sample.load[one n="1"]=1.0000002 sample.load[ten]=1.0000002 sample.bytes=1152921504606846978 sample.count=2 sample.release="v1.2."`,
			`3 mark`,
			`4 sample.count: Try again. Information not currently available sample.load`,
		}, seen)
	})
}

func describeStep(s *history.Step) string {
	out := fmt.Sprint(s.Stamp.Sec - archtest.Start.Sec)
	if s.Mark {
		return out + " mark"
	}
	for _, m := range s.Metrics {
		if len(m.Points) == 0 {
			out += " " + m.Metric.Name
			if m.Err != 0 {
				out += ": " + m.Err.Error()
			}
		}
		for _, p := range m.Points {
			out += " " + m.Metric.Name
			if p.Series.Inst.ID != pcp.InstNull {
				out += "[" + p.Series.Inst.Name
				for l := range p.Series.Labels.All() {
					out += fmt.Sprintf(" %s=%q", l.Name, l.Text())
				}
				out += "]"
			}
			switch typ := m.Metric.Desc.Type; typ {
			case pcp.TypeString:
				out += fmt.Sprintf("=%q", p.Value.Text())
			case pcp.TypeU64:
				out += fmt.Sprintf("=%d", p.Value.Bits)
			default:
				f, _ := p.Value.Number(typ)
				out += fmt.Sprintf("=%.8g", f)
			}
		}
	}
	return out
}

// TestCreateNeverOverwrites checks that any member of the archive prevents creating
// it. The contents are not text: a text file numbered as a volume is not a member.
func TestCreateNeverOverwrites(t *testing.T) {
	for _, member := range []string{
		"rec.meta", "rec.index", "rec.0", "rec.7", "rec.0.xz", "rec.meta.xz", "rec.index.gz", "rec.3.zst", "rec.meta.bz2", "rec.0.Z",
	} {
		t.Run(member, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, member)
			require.NoError(t, os.WriteFile(path, []byte("precious\x00"), 0o644))
			_, err := archive.Create(filepath.Join(dir, "rec"), archive.Header{}, nil)
			require.ErrorIs(t, err, fs.ErrExist)
			assert.ErrorContains(t, err, path)
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "precious\x00", string(kept))
			assert.Equal(t, []string{member}, names(t, dir))
		})
	}
}

// TestCreateBesideSimilarNames checks that only files of the same archive
// prevent creating it.
func TestCreateBesideSimilarNames(t *testing.T) {
	dir := t.TempDir()
	for _, other := range []string{"re.meta", "rec2.0", "rec.meta.txt", "rec", "rec.0.1"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, other), nil, 0o644))
	}
	for _, base := range []string{"rec", "rec.1"} { // rec.1 is not a volume of rec
		a, err := archive.Create(filepath.Join(dir, base), archive.Header{}, nil)
		require.NoError(t, err, base)
		require.NoError(t, a.Append(count(1, 1)))
		require.NoError(t, a.Close())
		assert.FileExists(t, filepath.Join(dir, base+".meta"))
	}
}

func names(t testing.TB, dir string) (all []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

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

func TestAppendOrder(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, base := create(t, v)
		require.NoError(t, a.Define(archtest.Count))
		require.NoError(t, a.Append(count(10, 1)))
		err := a.Append(count(9, 2))
		require.ErrorIs(t, err, archive.ErrOrder)
		assert.EqualError(t, err, "record at 9.000000000: earlier than the last record 10.000000000")
		require.ErrorIs(t, a.Mark(at(9)), archive.ErrOrder)
		require.NoError(t, a.Append(count(10, 3)), "equal stamps are legal")
		require.NoError(t, a.Mark(at(11)))
		require.NoError(t, a.Close())
		assert.Equal(t, []string{"10:1", "10:3", "11:mark"}, counts(t, base))
	})
}

// counts lists the records of an archive of count results.
func counts(t testing.TB, base string) (all []string) {
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		text := fmt.Sprint(step.Stamp.Sec, ":mark")
		if !step.Mark {
			text = fmt.Sprint(step.Stamp.Sec, ":", step.Metrics[0].Points[0].Value.Bits)
		}
		all = append(all, text)
	}
	return all
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

func TestEmptyArchiveIsRemoved(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, base := create(t, v)
		require.NoError(t, a.Define(archtest.Count), "metadata alone is no archive")
		require.NoError(t, a.Flush())
		require.NoError(t, a.Close())
		assert.Empty(t, names(t, filepath.Dir(base)))
	})
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

// TestUnchangedMetadata checks that repeated metadata is written once.
func TestUnchangedMetadata(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, base := create(t, v)
		archtest.Fill(t, a)
		size := a.Size()
		set, err := labelset.Parse(`{"agent":"sample"}`, labelset.Domain)
		require.NoError(t, err)
		later := at(archtest.Start.Sec + 9)
		for range 3 {
			require.NoError(t, a.Define(archtest.Load))
			require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(archtest.Load.PMID), Text: "load average"}))
			require.NoError(t, a.SetLabels(&meta.Labels{Stamp: later, Level: labelset.Domain, Ident: 60, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}))
			require.NoError(t, a.SetInDom(&meta.InDom{Stamp: later, ID: archtest.Domain, Instances: []meta.Instance{{ID: 2, Name: "ten"}, {ID: 0, Name: "one"}}}))
			require.NoError(t, a.SetInDom(&meta.InDom{Stamp: later, ID: archtest.Domain}), "a domain cannot become empty")
		}
		assert.Equal(t, size, a.Size())
		require.NoError(t, a.Close())
		_, err = archive.Open(base, nil)
		require.NoError(t, err)
	})
}

func TestMembersOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.10", "a.2", "a.2.xz", "a.0.gz", "a.index", "a.meta.xz", "a.007", "a.x", "a.0.0", "b.meta", "a.-1", "a.99999999999"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a.5"), 0o755))
	want := []string{"a.meta.xz", "a.index", "a.0.gz", "a.2", "a.10"}
	for _, name := range []string{"a", "a.meta", "a.index", "a.10", "a.0.gz", "a.77"} {
		base, members, err := archive.Members(filepath.Join(dir, name))
		require.NoError(t, err, name)
		assert.Equal(t, filepath.Join(dir, "a"), base)
		var got []string
		for _, m := range members {
			got = append(got, filepath.Base(m.Path))
		}
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"c", "c.meta", "x.0"} {
		_, _, err := archive.Members(filepath.Join(dir, name))
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}

// TestOnlyMarks checks that Close removes an archive of marks without metadata,
// which no reader opens, and keeps one with metadata.
func TestOnlyMarks(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, o := range []archive.WriteOptions{{}, {VolumeRecords: 1}, {Buffer: 1}} {
			o.Version = v
			base := filepath.Join(t.TempDir(), "rec")
			a, err := archive.Create(base, archtest.Header, &o)
			require.NoError(t, err)
			for n := range int64(3) {
				require.NoError(t, a.Mark(pcp.TimestampMilli(1_800_000_000_000+n*1000)))
				require.NoError(t, a.Flush())
			}
			require.NoError(t, a.Close())
			assert.Empty(t, names(t, filepath.Dir(base)))

			a, err = archive.Create(base, archtest.Header, &o)
			require.NoError(t, err)
			require.NoError(t, a.Mark(at(0)))
			fill(t, a, 1, 3)
			require.NoError(t, a.Close())
			_, err = archive.Open(base, nil)
			require.NoError(t, err)
		}
	})
}
