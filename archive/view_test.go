package archive_test

import (
	"encoding/binary"
	"math"
	"os"
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

// seconds lists the times of the steps that q selects; marks are negative.
func seconds(t testing.TB, r *archive.Reader, q history.Query) []int64 {
	all := []int64{}
	for step, err := range r.Steps(q) {
		require.NoError(t, err)
		sec := step.Stamp.Sec
		if step.Mark {
			sec = -sec
		}
		all = append(all, sec)
	}
	return all
}

// longArchive writes a record for every second from 1 to n. The records are
// long, so that the index has many entries.
func longArchive(t testing.TB, v pcp.Version, n int64) string {
	a, base := create(t, v)
	require.NoError(t, a.Define(archtest.Release))
	text := history.StringValue(pcp.InstNull, string(make([]byte, 30000)))
	for sec := range n {
		require.NoError(t, a.Append(&archive.Result{Stamp: at(sec + 1), Sets: []archive.ValueSet{
			{PMID: archtest.Release.PMID, Format: archive.Block, Values: []history.Value{text}},
		}}))
	}
	require.NoError(t, a.Close())
	return base
}

func span(from, to int64) []int64 {
	all := []int64{}
	for ; from <= to; from++ {
		all = append(all, from)
	}
	return all
}

func TestQueryTimes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := longArchive(t, v, 40)
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		require.Greater(t, len(r.Index()), 8)
		assert.Equal(t, span(1, 40), seconds(t, r, history.Query{}))
		assert.Equal(t, span(7, 9), seconds(t, r, history.Query{From: at(7), To: at(9)}))
		assert.Empty(t, seconds(t, r, history.Query{From: at(41)}))
		assert.Empty(t, seconds(t, r, history.Query{From: at(-9), To: at(-1)}))
		for from := range int64(42) {
			assert.Equal(t, span(max(from, 1), 40), seconds(t, r, history.Query{From: at(from)}))
		}
	})
}

// TestIndexIsOnlyAHint falsifies every entry; the steps must stay the same.
func TestIndexIsOnlyAHint(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := longArchive(t, v, 40)
		raw, err := os.ReadFile(base + ".index")
		require.NoError(t, err)
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		head := len(archive.EncodeHeader(&archive.Header{Version: v}, 0))
		last := r.Index()[len(r.Index())-1]
		for name, lie := range map[string]func(i int, e *archive.IndexEntry){
			"offset in the label":   func(_ int, e *archive.IndexEntry) { e.Data = 4 },
			"offset in a record":    func(_ int, e *archive.IndexEntry) { e.Data += 4 },
			"offset past the end":   func(_ int, e *archive.IndexEntry) { e.Data = 1 << 30 },
			"offset of a later one": func(_ int, e *archive.IndexEntry) { e.Data = last.Data },
			"no such volume":        func(_ int, e *archive.IndexEntry) { e.Volume = 9 },
			"negative volume":       func(_ int, e *archive.IndexEntry) { e.Volume = -1 },
			"times too early":       func(_ int, e *archive.IndexEntry) { e.Stamp.Sec -= 20 },
			"times backwards":       func(i int, e *archive.IndexEntry) { e.Stamp.Sec = int64(40 - i) },
		} {
			t.Run(name, func(t *testing.T) {
				index := append([]byte(nil), raw[:head]...)
				for i, e := range r.Index() {
					lie(i, &e)
					index = append(index, archive.EncodeIndexEntry(e, v)...)
				}
				require.NoError(t, os.WriteFile(base+".index", append(index, "rest"...), 0o644))
				liar, err := archive.Open(base, nil)
				require.NoError(t, err)
				for from := range int64(42) {
					assert.Equal(t, span(max(from, 1), 40), seconds(t, liar, history.Query{From: at(from)}))
				}
			})
		}
		require.NoError(t, os.Remove(base+".index"))
		none, err := archive.Open(base, nil)
		require.NoError(t, err)
		assert.Nil(t, none.Index())
		assert.Equal(t, span(33, 40), seconds(t, none, history.Query{From: at(33)}))
	})
}

func TestQueryMetrics(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		r, err := archive.Open(archtest.Sample(t, v), nil)
		require.NoError(t, err)
		only := func(name string) func(d *meta.Desc) bool { return func(d *meta.Desc) bool { return d.Name() == name } }
		s := archtest.Start.Sec
		assert.Equal(t, []int64{s, s + 1, s + 2, -(s + 3)}, seconds(t, r, history.Query{Metrics: only("sample.release")}),
			"a record in which no wanted metric has a value is left out, and is no mark")
		assert.Equal(t, []int64{s, s + 1, s + 2, -(s + 3), s + 4}, seconds(t, r, history.Query{Metrics: only("sample.release"), All: true}))
		for step, err := range r.Steps(history.Query{Metrics: only("sample.bytes")}) {
			require.NoError(t, err)
			for _, m := range step.Metrics {
				assert.Equal(t, "sample.bytes", m.Metric.Name)
			}
		}
	})
}

func TestStepMetadata(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		r, err := archive.Open(archtest.Sample(t, v), nil)
		require.NoError(t, err)
		series := map[string]*history.Series{}
		for step, err := range r.Steps(history.Query{}) {
			require.NoError(t, err)
			for _, m := range step.Metrics {
				for _, p := range m.Points {
					key := m.Metric.Name + p.Series.Inst.Name
					if series[key] != nil {
						assert.Same(t, series[key], p.Series, "a series lasts as long as nothing about it changes")
					}
					series[key] = p.Series
				}
			}
		}
		load := series["sample.loadone"]
		require.NotNil(t, load)
		assert.Equal(t, "load average", load.Metric.OneLine)
		assert.Equal(t, "The load,\nat length.", load.Metric.Help)
		merged, err := load.Merged()
		require.NoError(t, err)
		assert.Equal(t, `{"agent":"sample","group":2,"hostname":"sample.example","n":1,"site.rack":3,"unit":"min"}`, merged.JSON())
		merged, err = series["sample.bytes"].Merged()
		require.NoError(t, err)
		assert.Equal(t, `{"agent":"sample","hostname":"sample.example","site.rack":3}`, merged.JSON())
	})
}

// TestDefaultContext checks that without context labels the host name becomes
// one.
func TestDefaultContext(t *testing.T) {
	a, base := create(t, pcp.V3)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Append(count(1, 1)))
	require.NoError(t, a.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		assert.Equal(t, `{"hostname":"sample.example"}`, step.Metrics[0].Metric.Labels[0].JSON())
	}
}

func TestLabelIdent(t *testing.T) {
	d := &meta.Desc{PMID: pcp.NewPMID(60, 3, 2), InDom: pcp.NewInDomID(60, 7)}
	for level, want := range map[labelset.Level]uint32{
		labelset.Context: meta.ContextIdent, labelset.Domain: 60, labelset.InDom: uint32(d.InDom),
		labelset.Cluster: uint32(pcp.NewPMID(60, 3, 0)), labelset.Item: uint32(d.PMID), labelset.Instances: uint32(d.InDom),
	} {
		assert.Equal(t, want, history.LabelIdent(level, d), level)
	}
}

// patchTimes rewrites the seconds of successive records of an archive of
// version 3.
func patchTimes(t testing.TB, base string, sec ...int64) {
	raw, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	at := 808
	for _, s := range sec {
		binary.BigEndian.PutUint32(raw[at+4:], uint32(s))
		binary.BigEndian.PutUint32(raw[at+8:], uint32(uint64(s)>>32))
		at += int(binary.BigEndian.Uint32(raw[at:]))
	}
	require.Len(t, raw, at)
	require.NoError(t, os.WriteFile(base+".0", raw, 0o644))
}

// TestOddTimes checks that records are yielded in stored order, each with the
// metadata of its own time.
func TestOddTimes(t *testing.T) {
	a, base := create(t, pcp.V3)
	require.NoError(t, a.Define(archtest.Load))
	for sec, name := range map[int64]string{10: "early", 20: "late"} {
		require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at(sec), ID: archtest.Domain, Instances: []meta.Instance{{ID: 1, Name: name}}}))
	}
	for range 4 {
		require.NoError(t, a.Append(&archive.Result{Stamp: at(20), Sets: []archive.ValueSet{
			{PMID: archtest.Load.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(1, pcp.TypeFloat, 0)}},
		}}))
	}
	require.NoError(t, a.Close())
	patchTimes(t, base, math.MinInt64, 25, 15, math.MaxInt64)

	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	var got []string
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		got = append(got, step.Metrics[0].Points[0].Series.Inst.Name)
	}
	assert.Equal(t, []string{"", "late", "early", "late"}, got)
}
