package archive_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
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

// TestVolumes reads an archive that lacks a volume and has an empty one.
func TestVolumes(t *testing.T) {
	base := longArchive(t, pcp.V3, 4)
	raw, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	require.NoError(t, os.Remove(base+".0"))
	require.NoError(t, os.Remove(base+".index"))
	head, size := raw[:808], (len(raw)-808)/4
	volume := func(suffix string, n uint32, records []byte) {
		file := append([]byte(nil), head...)
		binary.BigEndian.PutUint32(file[24:], n)
		require.NoError(t, os.WriteFile(base+suffix, append(file, records...), 0o644))
	}
	volume(".2", 2, raw[808:808+size])
	volume(".5", 5, nil)
	volume(".10", 10, raw[808+size:])
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	assert.Equal(t, span(1, 4), seconds(t, r, history.Query{}))
	assert.Len(t, r.Members(), 4)
	assert.Equal(t, base, r.Base())

	assert.Empty(t, r.Warnings())
}

// TestVolumesPassedOver damages volumes. PCP skips a damaged volume unless it
// is the first.
func TestVolumesPassedOver(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, tt := range []struct {
			name    string
			damage  func(label []byte) []byte
			warning string // "" for none
			read    bool   // the volume is good
		}{
			{"nothing", func([]byte) []byte { return nil }, "offset 0: label record: empty file: no data", false},
			{"5 bytes", func(b []byte) []byte { return b[:5] }, "offset 0: label record: empty file: no data", false},
			{"part of a label", func(b []byte) []byte { return b[:50] }, "record is too short; the last 50 bytes of the file left out", false},
			{"label alone", func(b []byte) []byte { return b }, "", false},
			{"other magic", func(b []byte) []byte { b[5]++; return b }, "magic number: 0x5006260" + string('0'+byte(v)) + ": not a PCP archive", false},
			{"other number", func(b []byte) []byte { b[map[pcp.Version]int{pcp.V2: 23, pcp.V3: 27}[v]] = 9; return b }, "volume: 9 instead of 1: records disagree", false},
			{"other length", func(b []byte) []byte { b[len(b)-1]++; return b }, "record length and its trailer differ", false},
			{"other process", func(b []byte) []byte { b[11]++; return b }, "", true},
		} {
			t.Run(tt.name, func(t *testing.T) {
				base, headers := threeVolumes(t, v)
				raw, err := os.ReadFile(base + ".1")
				require.NoError(t, err)
				label := tt.damage(bytes.Clone(raw[:headers]))
				if tt.read {
					label = append(label, raw[headers:]...)
				}
				require.NoError(t, os.WriteFile(base+".1", label, 0o644))

				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				want := []int64{1, 2, -2, 5, 6}
				records := 4
				switch {
				case tt.read:
					want, records = span(1, 6), 6
				case tt.warning == "" || tt.name == "other number":
					want = []int64{1, 2, 5, 6}
				}
				assert.Equal(t, want, seconds(t, r, history.Query{}))
				assert.Equal(t, want, seconds(t, r, history.Query{}))
				n := 0
				for _, err := range r.Records(archive.RoleData) {
					var d *archive.Damage
					if err == nil {
						n++
					} else {
						require.ErrorAs(t, err, &d)
					}
				}
				assert.Equal(t, records, n)
				end, err := r.End()
				require.NoError(t, err)
				assert.Equal(t, at(6), end)
				if tt.warning == "" {
					assert.Empty(t, r.Warnings())
				} else if assert.Len(t, r.Warnings(), 1) {
					assert.ErrorContains(t, r.Warnings()[0], base+".1: ")
					assert.ErrorContains(t, r.Warnings()[0], tt.warning)
				}
				requireSameShapes(t, base, r)

				require.NoError(t, os.Remove(base+".0"))
				require.NoError(t, os.Remove(base+".index"))
				_, err = archive.Open(base, &archive.ReadOptions{Strict: true})
				requireLocated(t, err)
				assert.Contains(t, oracle.Exec(t, "pmdumplog", "-z", "-a", base).Stderr, "Cannot open archive")
				r, err = archive.Open(base, nil)
				require.NoError(t, err, "another label serves")
				assert.Equal(t, want[len(want)-records+2:], seconds(t, r, history.Query{}))
			})
		}
	})
}

// threeVolumes writes records 1 to 6 into volumes of two records and returns
// the length of a label.
func threeVolumes(t *testing.T, v pcp.Version) (base string, header int64) {
	a, base := create(t, v)
	require.NoError(t, a.Define(archtest.Count))
	for sec := range int64(6) {
		if sec == 2 || sec == 4 {
			require.NoError(t, a.Rotate())
		}
		require.NoError(t, a.Append(count(sec+1, uint32(sec))))
	}
	require.NoError(t, a.Close())
	return base, int64(len(archive.EncodeHeader(&archive.Header{Version: v}, 0)))
}

// requireSameShapes compares the records with those that PCP reads.
func requireSameShapes(t *testing.T, base string, r *archive.Reader) {
	t.Helper()
	want := parseDump(oracle.Run(t, "pmdumplog", "-z", "-a", base)).shapes
	got, err := shapes(r)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestStopEarly(t *testing.T) {
	r, err := archive.Open(archtest.Sample(t, pcp.V3), nil)
	require.NoError(t, err)
	for range r.Steps(history.Query{}) {
		break
	}
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData, archive.RoleIndex} {
		n := 0
		for rec, err := range r.Records(role) {
			require.NoError(t, err)
			assert.Equal(t, role, rec.Pos.Role)
			n++
			break
		}
		assert.Equal(t, 1, n)
	}
}

func TestOpenErrors(t *testing.T) {
	for _, tt := range []struct {
		name, remove, truncate, want string
	}{
		{"no metadata", ".meta", "", ".meta is missing: file does not exist"},
		{"no volume", ".0", "", "it has no data volume: file does not exist"},
		{"empty volume", "", ".0", ".0: offset 0: label record: empty file: no data"},
		{"empty metadata", "", ".meta", ".meta: offset 0: label record: empty file: no data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := archtest.Sample(t, pcp.V3)
			if tt.remove != "" {
				require.NoError(t, os.Remove(base+tt.remove))
			} else {
				require.NoError(t, os.Truncate(base+tt.truncate, 0))
			}
			_, err := archive.Open(base, nil)
			assert.ErrorContains(t, err, tt.want)
		})
	}
	base := archtest.Sample(t, pcp.V3)
	require.NoError(t, os.Truncate(base+".index", 0))
	_, err := archive.Open(base, &archive.ReadOptions{Strict: true})
	require.ErrorContains(t, err, ".index: offset 0: label record: empty file: no data")
	base = archtest.Sample(t, pcp.V3)
	_, err = archive.Open(base, &archive.ReadOptions{MaxRecord: 100})
	assert.ErrorIs(t, err, pcp.ErrLimit)
}

// TestRecordsFrom checks that no record is omitted with a good index, a wrong
// one, or none.
func TestRecordsFrom(t *testing.T) {
	base := wideArchive(t, 100)
	const from = 60
	began := func() int64 {
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		var stamps []int64
		for rec, err := range r.RecordsFrom(pcp.Timestamp{Sec: from}) {
			require.NoError(t, err)
			stamps = append(stamps, rec.Record.(*archive.Result).Stamp.Sec)
		}
		require.NotEmpty(t, stamps)
		for i, s := range stamps {
			require.Equal(t, stamps[0]+int64(i), s)
		}
		assert.Equal(t, int64(99), stamps[len(stamps)-1])
		assert.Less(t, stamps[0], int64(from))
		return stamps[0]
	}
	assert.Greater(t, began(), int64(from-15), "entries are 100000 bytes apart")

	index, err := os.ReadFile(base + ".index")
	require.NoError(t, err)
	for at := int(archive.HeaderSize(pcp.V3)); at < len(index); at++ {
		index[at] ^= 0x10
	}
	require.NoError(t, os.WriteFile(base+".index", index, 0o644))
	began()
	require.NoError(t, os.Remove(base+".index"))
	assert.Zero(t, began())
}
