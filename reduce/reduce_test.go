package reduce_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/endctx"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/reduce"
	"github.com/pcparchive/pcparchive/rewrite"
)

const start = 1700000000

var (
	disks   = pcp.NewInDomID(29, 1)
	counter = pcp.NewPMID(29, 0, 0)
	level   = pcp.NewPMID(29, 0, 1)
	name    = pcp.NewPMID(29, 0, 2)
	events  = pcp.NewPMID(29, 0, 3)
)

// fixture writes an archive of 21 records, one a second: a 32-bit counter of two instances
// that overflows after 5 s, a level, a text, event records, labels and help texts. A mark is
// at 12.5 s.
func fixture(t testing.TB) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "web1", Zone: "UTC", ZoneInfo: ":UTC"}, nil)
	require.NoError(t, err)
	for _, d := range []meta.Desc{
		{PMID: counter, Type: pcp.TypeU32, InDom: disks, Sem: pcp.SemCounter, Names: []string{"disk.reads"}},
		{PMID: level, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"sys.load"}},
		{PMID: name, Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"sys.name"}},
		{PMID: events, Type: pcp.TypeEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"sys.events"}},
	} {
		require.NoError(t, a.Define(&d))
	}
	at := func(n int64) pcp.Timestamp { return pcp.Timestamp{Sec: start + n} }
	set, err := labelset.New(labelset.Instances, labelset.String("bay", "1"))
	require.NoError(t, err)
	require.NoError(t, a.SetLabels(&meta.Labels{Stamp: at(0), Level: labelset.Instances, Ident: uint32(disks), Sets: []labelset.Instance{{Inst: 0, Set: set}, {Inst: 1, Set: set}}}))
	set, err = labelset.New(labelset.Context, labelset.String("site", "a"))
	require.NoError(t, err)
	require.NoError(t, a.SetLabels(&meta.Labels{Stamp: at(0), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: uint32(counter), Text: "Reads"}))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextInDom | meta.TextOneLine, Ident: uint32(disks), Text: "Disks"}))
	require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at(0), ID: disks, Instances: []meta.Instance{{ID: 0, Name: "sda"}, {ID: 1, Name: "sdb"}}}))
	event, err := history.EventValue(pcp.InstNull, pcp.TypeEvent, []history.EventRecord{{Stamp: at(0)}})
	require.NoError(t, err)
	for n := range int64(21) {
		if n == 13 {
			require.NoError(t, a.Mark(pcp.Timestamp{Sec: start + 12, Nsec: 5e8}))
		}
		overflowing := uint32(1<<32-1000) + uint32(200*n) // passes 2³² after 5 s
		sets := []archive.ValueSet{
			{PMID: counter, Values: []history.Value{history.WordValue(0, overflowing), history.WordValue(1, uint32(10*n))}},
			{PMID: level, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(n))}},
			{PMID: events, Format: archive.Static, Values: []history.Value{event}},
		}
		if n == 0 {
			sets = append(sets, archive.ValueSet{PMID: name, Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, "linux")}})
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: at(n), Sets: sets}))
	}
	require.NoError(t, a.Close())
	return base
}

// numbers returns the values of a series by seconds after the start.
func numbers(t testing.TB, base, key string) map[float64]float64 {
	t.Helper()
	all := map[float64]float64{}
	for _, r := range recordsOf(t, base) {
		if v, ok := r.values[key]; ok {
			all[r.at.Sub(pcp.Timestamp{Sec: start}).Seconds()], ok = v.Number(r.descs[key].Type)
			require.True(t, ok)
		}
	}
	return all
}

func TestReduce(t *testing.T) {
	base, report := reduced(t, fixture(t), reduce.Options{Interval: 4500 * time.Millisecond})
	assert.Equal(t, []string{"sys.events"}, report.Skipped)
	assert.Equal(t, 1, report.Unwrapped)
	const first = 1<<32 - 1000
	assert.Equal(t, map[float64]float64{0: first, 4.5: first + 900, 9: first + 1800, 13.5: 1700, 18: 2600}, numbers(t, base, "29.0.0[0]"),
		"exact at each end, beyond 32 bits; after the mark, earlier overflows do not count")
	assert.Equal(t, map[float64]float64{0: 0, 4.5: 45, 9: 90, 13.5: 135, 18: 180}, numbers(t, base, "29.0.0[1]"))
	assert.Equal(t, map[float64]float64{0: 0, 4.5: 4, 9: 9, 13.5: 13, 18: 18}, numbers(t, base, "29.0.1[-1]"))
	marks := 0
	for _, r := range recordsOf(t, base) {
		if r.mark {
			marks++
			assert.Equal(t, pcp.Timestamp{Sec: start + 12, Nsec: 5e8}, r.at)
		}
	}
	assert.Equal(t, 1, marks)

	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	d, ok := r.Meta().Lookup("disk.reads")
	require.True(t, ok)
	assert.Equal(t, pcp.TypeU64, d.Type)
	assert.Equal(t, "Reads", r.Meta().Help(counter))
	text, _ := r.Meta().Text(meta.TextInDom|meta.TextOneLine, uint32(disks))
	assert.Equal(t, "Disks", text)
	labels, _ := r.Meta().LabelsAt(labelset.Instances, uint32(disks), pcp.MaxTime)
	require.NotNil(t, labels)
	assert.Len(t, labels.Sets, 2)
	assert.Equal(t, ":UTC", r.Header().ZoneInfo)
	assert.Equal(t, "web1", r.Header().Host)
}

// TestOverflowInTheInterval has an interval that ends between the two records around an
// overflow.
func TestOverflowInTheInterval(t *testing.T) {
	base, _ := reduced(t, fixture(t), reduce.Options{Interval: 5100 * time.Millisecond})
	assert.InDelta(t, float64(1<<32-1000+1020), numbers(t, base, "29.0.0[0]")[5.1], 0)
	base, _ = reduced(t, fixture(t), reduce.Options{Interval: 4900 * time.Millisecond})
	assert.InDelta(t, float64(1<<32-1000+980), numbers(t, base, "29.0.0[0]")[4.9], 0)
	base, _ = reduced(t, fixture(t), reduce.Options{Interval: 7 * time.Second, KeepWraps: true})
	assert.InDelta(t, 400, numbers(t, base, "29.0.0[0]")[7], 0)
}

func TestMean(t *testing.T) {
	base, _ := reduced(t, fixture(t), reduce.Options{Interval: 4 * time.Second, Mean: true})
	assert.Equal(t, map[float64]float64{0: 0, 4: 3, 8: 7, 12: 11, 16: 15, 20: 19}, numbers(t, base, "29.0.1[-1]"), "the mean of 1, 2, 3 and 4 is 2.5")
	assert.InDelta(t, 40, numbers(t, base, "29.0.0[1]")[4], 0, "counters have no mean")
}

func TestWindow(t *testing.T) {
	in := fixture(t)
	base, _ := reduced(t, in, reduce.Options{Interval: 4 * time.Second, Align: 3 * time.Second, Start: pcp.Timestamp{Sec: start, Nsec: 1}, End: pcp.Timestamp{Sec: start + 10}})
	assert.Equal(t, map[float64]float64{1: 10, 5: 50, 9: 90}, numbers(t, base, "29.0.0[1]"), "1700000001 is a multiple of 3")
	base, _ = reduced(t, in, reduce.Options{Interval: 2 * time.Second, Samples: 3})
	assert.Len(t, recordsOf(t, base), 3)
	base, _ = reduced(t, in, reduce.Options{Interval: 2 * time.Second, VolumeSamples: 4})
	assert.FileExists(t, base+".2")
	base, _ = reduced(t, in, reduce.Options{Interval: 2 * time.Second, Version: pcp.V2})
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	assert.Equal(t, pcp.V2, r.Header().Version)
}

func TestErrors(t *testing.T) {
	in := fixture(t)
	set := storetest.Open(t, in)
	end, err := set.End()
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "out")
	_, err = reduce.Reduce(t.Context(), out, set, end, reduce.Options{})
	require.ErrorIs(t, err, reduce.ErrOptions)
	_, err = reduce.Reduce(t.Context(), out, set, end, reduce.Options{Interval: time.Second, Start: pcp.Timestamp{Sec: start + 100}})
	require.ErrorIs(t, err, reduce.ErrTimes)
	_, err = reduce.Reduce(t.Context(), out, set, end, reduce.Options{Interval: time.Second, Start: pcp.Timestamp{Sec: start - 100}, End: pcp.Timestamp{Sec: start - 90}})
	require.ErrorIs(t, err, rewrite.ErrEmpty)
	assert.NoFileExists(t, out+".meta")
}

// TestReduceEnds ends the context at each question. Every record read is preceded by one, and little
// is asked after the end.
func TestReduceEnds(t *testing.T) {
	set := storetest.Open(t, fixture(t))
	end, err := set.End()
	require.NoError(t, err)
	for at := 1; ; at++ {
		ctx := endctx.At(at)
		out := filepath.Join(t.TempDir(), "out")
		report, err := reduce.Reduce(ctx, out, set, end, reduce.Options{Interval: 10 * time.Second})
		if err == nil {
			assert.Greater(t, at, report.Read)
			return
		}
		require.ErrorIs(t, err, context.Canceled)
		assert.LessOrEqual(t, ctx.Checks(), at+6, "question %d", at)
		assert.NoFileExists(t, out+".meta")
	}
}
