package archive_test

import (
	"fmt"
	"path/filepath"
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
