package archive_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// described is an archive of two volumes with all kinds of metadata, of which the instance
// domain and labels of a metric change every 40 seconds.
type described struct {
	base    string
	records []archive.Located // of the metadata file and the volumes
	answers []string
}

// writeDescribed writes a described archive of some data records, 10 seconds apart.
func writeDescribed(t *testing.T, v pcp.Version, records int) *described {
	t.Helper()
	d := &described{base: filepath.Join(t.TempDir(), "rec")}
	stamp := pcp.Timestamp{Sec: 1_700_000_000, Nsec: 123456000}
	a, err := archive.Create(d.base, archive.Header{Version: v, PID: 4711, Host: "web1", Zone: "UTC", Start: stamp},
		&archive.WriteOptions{Version: v, NoSync: true, VolumeRecords: records/2 + 1})
	require.NoError(t, err)
	busy := &meta.Desc{PMID: pcp.NewPMID(60, 2, 1), Type: pcp.TypeU32, InDom: archtest.Domain, Sem: pcp.SemInstant, Names: []string{"disk.busy"}}
	spent := &meta.Desc{PMID: pcp.NewPMID(60, 2, 2), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"cpu.time"}}
	require.NoError(t, a.Define(busy))
	require.NoError(t, a.Define(spent))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(busy.PMID), Text: "busy disks"}))
	label := func(level labelset.Level, ident uint32, text string) {
		set, err := labelset.Parse(text, level)
		require.NoError(t, err)
		require.NoError(t, a.SetLabels(&meta.Labels{Stamp: stamp, Level: level, Ident: ident, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}))
	}
	label(labelset.Context, meta.ContextIdent, `{"hostname":"web1"}`)
	for i := range records {
		if i%4 == 0 {
			in := &meta.InDom{Stamp: stamp, ID: archtest.Domain, Instances: []meta.Instance{{ID: 1, Name: "sda"}, {ID: 2, Name: "sdb"}, {ID: 3, Name: "sdc"}}}
			if i%8 == 4 {
				in.Instances = append(in.Instances, meta.Instance{ID: 4, Name: "sdd"})
			}
			require.NoError(t, a.SetInDom(in))
			label(labelset.Item, uint32(busy.PMID), fmt.Sprintf(`{"n":%d}`, i))
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: stamp, Sets: []archive.ValueSet{
			{PMID: busy.PMID, Values: []history.Value{history.WordValue(1, uint32(i+10000)), history.WordValue(2, 5000), history.WordValue(4, 7000)}},
			{PMID: spent.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(i*77+10000))}},
		}}))
		stamp = stamp.Add(10 * time.Second)
	}
	require.NoError(t, a.Close())
	r := d.open(t, "")
	d.answers = answersOf(t, r, history.Query{})
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData} {
		for rec, err := range r.Records(role) {
			require.NoError(t, err)
			d.records = append(d.records, rec)
		}
	}
	return d
}

func (d *described) open(t *testing.T, where string) *archive.Reader {
	t.Helper()
	r, err := archive.Open(d.base, nil)
	require.NoError(t, err, where)
	return r
}

// answersOf lists the values that a query yields with all that describes them.
func answersOf(t *testing.T, r *archive.Reader, q history.Query) (all []string) {
	t.Helper()
	for step, err := range r.Steps(q) {
		require.NoError(t, err)
		for _, m := range step.Metrics {
			d := m.Metric.Desc
			about := fmt.Sprint(step.Stamp, " ", d.Names, d.PMID, d.Type, d.InDom, d.Sem, d.Units, r.Meta().Help(d.PMID))
			for _, set := range m.Metric.Labels {
				about += set.JSON()
			}
			for _, p := range m.Points {
				all = append(all, fmt.Sprint(about, " ", p.Series.Inst, p.Series.Labels.JSON(), p.Value.Bits))
			}
		}
	}
	return all
}

// assertAnswers compares answers, and shows the first difference.
func assertAnswers(t *testing.T, want, got []string, where string) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			assert.Fail(t, "other answers", "%s: answer %d of %d and %d:\n%q\n%q", where, i, len(want), len(got), want[min(i, len(want)):][:min(1, max(0, len(want)-i))], got[min(i, len(got)):][:min(1, max(0, len(got)-i))])
			return
		}
	}
}

// change replaces the contents of a file until the test or the result ends.
func change(t *testing.T, path string, edit func(raw []byte) []byte) (restore func()) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, edit(slices.Clone(raw)), 0o644))
	return func() { require.NoError(t, os.WriteFile(path, raw, 0o644)) }
}

// without returns what an archive answers without some records of a file of it, nil if
// nothing is left to read.
func (d *described) without(t *testing.T, lost ...archive.Located) []string {
	t.Helper()
	if len(lost) == 0 {
		return d.answers
	}
	require.NoError(t, os.Rename(d.base+".index", d.base+"-index"))
	restore := change(t, lost[0].Pos.File, func(raw []byte) []byte {
		for _, rec := range slices.Backward(lost) {
			raw = slices.Delete(raw, int(rec.Pos.Offset), int(rec.Pos.Offset+rec.Size))
		}
		return raw
	})
	r, err := archive.Open(d.base, nil)
	var answers []string
	if !errors.Is(err, archive.ErrNoData) {
		require.NoError(t, err)
		answers = answersOf(t, r, history.Query{})
	}
	restore()
	require.NoError(t, os.Rename(d.base+"-index", d.base+".index"))
	return answers
}

// touched returns the records of a file that lie in a part of it.
func (d *described) touched(path string, from, to int64) (all []archive.Located) {
	for _, rec := range d.records {
		if rec.Pos.File == path && rec.Pos.Offset < to && rec.Pos.Offset+rec.Size > from {
			all = append(all, rec)
		}
	}
	return all
}

// TestDamagedStretch overwrites a part of a file with zeros, as after a power failure, or with
// a part of another file. It costs the records that it touches alone and is named once.
func TestDamagedStretch(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 12)
		for _, suffix := range []string{".meta", ".0", ".1"} {
			path := d.base + suffix
			sound, err := os.ReadFile(path)
			require.NoError(t, err)
			size := int64(len(sound))
			for name, other := range map[string][]byte{"zeros": make([]byte, 150), "text": []byte(strings.Repeat("rubbish...", 15))} {
				head := archive.HeaderSize(v)
				for from := head; from < size; from += 13 {
					to := min(from+int64(len(other)), size)
					where := fmt.Sprint(suffix, ": ", name, " at ", from)
					first, last := from, to
					for first < last && sound[first] == other[first-from] {
						first++
					}
					for first < last && sound[last-1] == other[last-1-from] {
						last--
					}
					want := d.without(t, d.touched(path, first, last)...)
					restore := change(t, path, func(raw []byte) []byte { copy(raw[from:to], other); return raw })
					if want == nil {
						_, err := archive.Open(d.base, nil)
						assert.Error(t, err, where)
						restore()
						continue
					}
					r := d.open(t, where)
					assertAnswers(t, want, answersOf(t, r, history.Query{}), where)
					assert.Len(t, r.Warnings(), 1, where)
					restore()
				}
			}
		}
	})
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

// TestCutEverywhere cuts each file at each length. The whole records before remain, and the
// cut is named once at most.
func TestCutEverywhere(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 6)
		for _, suffix := range []string{".meta", ".0", ".1", ".index"} {
			path := d.base + suffix
			size := fileSize(t, path)
			for end := archive.HeaderSize(v) + 1; end < size; end++ {
				if !*allTimes && end%3 > 0 {
					continue
				}
				where := fmt.Sprint(suffix, " cut to ", end)
				want := d.without(t, d.touched(path, end, size)...)
				restore := change(t, path, func(raw []byte) []byte { return raw[:end] })
				if want == nil {
					_, err := archive.Open(d.base, nil)
					assert.Error(t, err, where)
					restore()
					continue
				}
				r := d.open(t, where)
				assertAnswers(t, want, answersOf(t, r, history.Query{}), where)
				assert.LessOrEqual(t, len(r.Warnings()), 1, where)
				restore()
			}
		}
	})
}

// TestDamagedLengths flips each bit of both length words of each record. It costs that record
// alone and is named once.
func TestDamagedLengths(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 8)
		for _, rec := range d.records {
			want := d.without(t, rec)
			for bit := range 64 {
				at := rec.Pos.Offset + int64(bit/8)
				if bit >= 32 {
					at += rec.Size - 8
				}
				where := fmt.Sprintf("%s: %T at %d, bit %d", filepath.Base(rec.Pos.File), rec.Record, rec.Pos.Offset, bit)
				restore := flip(t, rec.Pos.File, at, byte(1<<(bit%8)))
				r := d.open(t, where)
				assertAnswers(t, want, answersOf(t, r, history.Query{}), where)
				if assert.Len(t, r.Warnings(), 1, where) {
					assert.ErrorContains(t, r.Warnings()[0], fmt.Sprintf("%s: offset %d: ", rec.Pos.File, rec.Pos.Offset), where)
				}
				restore()
			}
		}
	})
}
