package archive_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

const wide = 1000 // doubles in a record

var wideDesc = &meta.Desc{PMID: pcp.NewPMID(60, 9, 9), Type: pcp.TypeDouble, InDom: pcp.NewInDomID(60, 9), Sem: pcp.SemInstant, Names: []string{"wide"}}

// wideResult returns a record of doubles and its instance domain.
func wideResult() (*archive.Result, *meta.InDom) {
	in := &meta.InDom{ID: wideDesc.InDom}
	set := archive.ValueSet{PMID: wideDesc.PMID, Format: archive.Block}
	for i := range pcp.InstID(wide) {
		in.Instances = append(in.Instances, meta.Instance{ID: i, Name: "instance " + string('A'+rune(i))})
		set.Values = append(set.Values, history.DoubleValue(i, float64(i)*1.5))
	}
	return &archive.Result{Sets: []archive.ValueSet{set}}, in
}

// wideArchive writes an archive of n records of wideResult.
func wideArchive(t testing.TB, n int) string {
	base := filepath.Join(t.TempDir(), "wide")
	a, err := archive.Create(base, archive.Header{}, nil)
	require.NoError(t, err)
	res, in := wideResult()
	require.NoError(t, a.Define(wideDesc))
	require.NoError(t, a.SetInDom(in))
	for i := range n {
		res.Stamp.Sec = int64(i)
		require.NoError(t, a.Append(res))
	}
	require.NoError(t, a.Close())
	return base
}

func TestAppendDoesNotAllocate(t *testing.T) {
	a, err := archive.Create(filepath.Join(t.TempDir(), "rec"), archive.Header{}, nil)
	require.NoError(t, err)
	res, in := wideResult()
	require.NoError(t, a.Define(wideDesc))
	require.NoError(t, a.SetInDom(in))
	next := func() {
		res.Stamp.Sec++
		if err := a.Append(res); err != nil {
			t.Error(err)
		}
	}
	for range 200 { // until the buffers have grown
		next()
	}
	assert.Zero(t, testing.AllocsPerRun(500, next))
	require.NoError(t, a.Close())
}

// TestStepsAllocateOncePerPass checks that the allocations of a pass do not
// grow with the number of records.
func TestStepsAllocateOncePerPass(t *testing.T) {
	pass := func(base string) float64 {
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		return testing.AllocsPerRun(3, func() {
			for _, err := range r.Steps(history.Query{}) {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	few, many := pass(wideArchive(t, 100)), pass(wideArchive(t, 300)) // both long enough to be read ahead
	assert.InDelta(t, few, many, 5)
}

func BenchmarkAppend(b *testing.B) {
	a, err := archive.Create(filepath.Join(b.TempDir(), "rec"), archive.Header{}, nil)
	require.NoError(b, err)
	res, _ := wideResult()
	b.ReportAllocs()
	for b.Loop() {
		res.Stamp.Sec++
		if err := a.Append(res); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, wide)
	require.NoError(b, a.Close())
}

func BenchmarkDecode(b *testing.B) {
	res, _ := wideResult()
	raw := archive.EncodeData(res, pcp.V3)
	d, err := archive.NewResultDecoder(pcp.V3)
	require.NoError(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := d.Decode(raw[4 : len(raw)-4]); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, wide)
}

// BenchmarkDecodeOdd decodes records that do not resemble each other.
func BenchmarkDecodeOdd(b *testing.B) {
	res, _ := wideResult()
	var raws [400][]byte
	for i := range raws {
		res.Sets[0].Values[0].Inst = pcp.InstID(1000 + i)
		raws[i] = archive.EncodeData(res, pcp.V3)
	}
	d, err := archive.NewResultDecoder(pcp.V3)
	require.NoError(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(raws) * len(raws[0])))
	for b.Loop() {
		for _, raw := range raws {
			if _, err := d.Decode(raw[4 : len(raw)-4]); err != nil {
				b.Fatal(err)
			}
		}
	}
	perSecond(b, len(raws)*wide)
}

func BenchmarkSteps(b *testing.B) {
	const records = 500
	r, err := archive.Open(wideArchive(b, records), nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for step, err := range r.Steps(history.Query{}) {
			if err != nil {
				b.Fatal(err)
			}
			n += len(step.Metrics[0].Points)
		}
		if n != records*wide {
			b.Fatal(n)
		}
	}
	perSecond(b, records*wide)
}

// perSecond reports the number of samples per second, given n samples per
// iteration.
func perSecond(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}
