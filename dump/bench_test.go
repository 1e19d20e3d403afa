package dump_test

import (
	"io"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// many writes an archive of 100 records of 2000 values.
func many(b *testing.B) string {
	b.Helper()
	base := filepath.Join(b.TempDir(), "many")
	a, err := archive.Create(base, archtest.Header, nil)
	require.NoError(b, err)
	indom := &meta.InDom{Stamp: archtest.Start, ID: archtest.Domain}
	for i := range 100 {
		indom.Instances = append(indom.Instances, meta.Instance{ID: pcp.InstID(i), Name: "instance " + strconv.Itoa(i)})
	}
	require.NoError(b, a.SetInDom(indom))
	res := &archive.Result{Stamp: archtest.Start}
	for m := range 20 {
		d := &meta.Desc{PMID: pcp.NewPMID(60, 20, uint32(m)), Type: pcp.TypeDouble, InDom: archtest.Domain, Sem: pcp.SemInstant, Names: []string{"many.metric" + strconv.Itoa(m)}}
		require.NoError(b, a.Define(d))
		set := archive.ValueSet{PMID: d.PMID, Format: archive.Block}
		for i := range 100 {
			set.Values = append(set.Values, history.DoubleValue(pcp.InstID(i), float64(i*m)/8))
		}
		res.Sets = append(res.Sets, set)
	}
	for range 100 {
		res.Stamp.Sec++
		require.NoError(b, a.Append(res))
	}
	require.NoError(b, a.Close())
	return base
}

func BenchmarkText(b *testing.B) {
	for name, back := range map[string]bool{"forward": false, "reverse": true} {
		b.Run(name, func(b *testing.B) { benchmark(b, &dump.Options{Sections: dump.Metrics, Reverse: back}, dump.Text) })
	}
}

func BenchmarkJSON(b *testing.B) {
	benchmark(b, &dump.Options{Sections: dump.Metrics}, func(w io.Writer, r *archive.Reader, o *dump.Options) error {
		return dump.JSON(w, r, o, true)
	})
}

func benchmark(b *testing.B, o *dump.Options, list func(io.Writer, *archive.Reader, *dump.Options) error) {
	r, err := archive.Open(many(b), nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if err := list(io.Discard, r, o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*200000/b.Elapsed().Seconds(), "values/s")
}
