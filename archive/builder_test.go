package archive_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDefineRefusesWhatWasForgotten checks that Define rejects an incomplete
// descriptor and writes nothing of it.
func TestDefineRefusesWhatWasForgotten(t *testing.T) {
	for name, d := range map[string]meta.Desc{
		"no semantics":       {InDom: pcp.InDomNull, Names: []string{"a.b"}},
		"unknown semantics":  {InDom: pcp.InDomNull, Sem: 2, Names: []string{"a.b"}},
		"no instance domain": {Sem: pcp.SemInstant, Names: []string{"a.b"}},
		"digit first":        {InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a.1"}},
		"underscore first":   {InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"_a"}},
		"dash":               {InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a-b"}},
		"empty part":         {InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a..b"}},
		"dot at the end":     {InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a."}},
		"blank":              {InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a b"}},
		"second name":        {InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a", "ä"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, asIs := range []bool{false, true} {
				a, err := archive.Create(filepath.Join(t.TempDir(), "rec"), archtest.Header, &archive.WriteOptions{AsIs: asIs})
				require.NoError(t, err)
				d.PMID = pcp.NewPMID(60, 9, 9)
				err = a.Define(&d)
				if asIs {
					require.NoError(t, err, "a copy has what the original has")
				} else {
					require.ErrorIs(t, err, pcp.ErrRange)
					require.ErrorContains(t, err, d.PMID.String())
				}
				require.NoError(t, a.Close())
			}
		})
	}
}

func TestBuilder(t *testing.T) {
	base := filepath.Join(t.TempDir(), "app")
	b, err := archive.NewBuilder(base, "web1", nil)
	require.NoError(t, err)
	values := map[pcp.Type]any{
		pcp.Type32: int8(-7), pcp.TypeU32: uint32(1 << 31), pcp.Type64: int64(-1 << 62), pcp.TypeU64: uint64(1<<64 - 1),
		pcp.TypeFloat: 0.5, pcp.TypeDouble: -2, pcp.TypeString: "text",
	}
	for typ, v := range values {
		name := "app.t" + typ.String()
		b.Metric(name, typ, pcp.SemInstant, pcp.Units{}).Set(v)
		b.Metric(name+"_many", typ, pcp.SemInstant, pcp.Units{}, "one", "two", "three").Set(v, nil, v)
	}
	require.NoError(t, b.Record(time.Unix(1700000000, 5)))
	require.Error(t, b.Record(time.Unix(1700000001, 5)), "nothing was set")
	require.NoError(t, b.Close())
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))

	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	zone, _ := archive.LocalZone(time.Now())
	assert.Equal(t, zone, r.Header().Zone, "this host's")
	assert.Equal(t, "web1", r.Header().Host)
	n := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				n++
				if m.Metric.Desc.Type == pcp.TypeString {
					assert.Equal(t, "text", p.Value.Text())
					continue
				}
				got, ok := p.Value.Number(m.Metric.Desc.Type)
				assert.True(t, ok)
				want := map[pcp.Type]float64{pcp.Type32: -7, pcp.TypeU32: 1 << 31, pcp.Type64: -1 << 62, pcp.TypeU64: 1 << 64, pcp.TypeFloat: 0.5, pcp.TypeDouble: -2}
				assert.Equal(t, want[m.Metric.Desc.Type], got, m.Metric.Name)
			}
		}
	}
	assert.Equal(t, 3*len(values), n)
}

func TestBuilderRefuses(t *testing.T) {
	for name, set := range map[string]func(b *archive.Builder){
		"too few values":  func(b *archive.Builder) { b.Metric("m", pcp.Type32, pcp.SemInstant, pcp.Units{}, "a", "b").Set(1) },
		"too many values": func(b *archive.Builder) { b.Metric("m", pcp.Type32, pcp.SemInstant, pcp.Units{}).Set(1, 2) },
		"text as number":  func(b *archive.Builder) { b.Metric("m", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}).Set("1") },
		"number as text":  func(b *archive.Builder) { b.Metric("m", pcp.TypeString, pcp.SemInstant, pcp.Units{}).Set(1) },
		"fraction":        func(b *archive.Builder) { b.Metric("m", pcp.Type64, pcp.SemInstant, pcp.Units{}).Set(1.5) },
		"out of range":    func(b *archive.Builder) { b.Metric("m", pcp.Type32, pcp.SemInstant, pcp.Units{}).Set(int64(1) << 31) },
		"negative":        func(b *archive.Builder) { b.Metric("m", pcp.TypeU64, pcp.SemCounter, pcp.Units{}).Set(-1) },
		"name":            func(b *archive.Builder) { b.Metric("1m", pcp.TypeU64, pcp.SemCounter, pcp.Units{}).Set(1) },
	} {
		t.Run(name, func(t *testing.T) {
			b, err := archive.NewBuilder(filepath.Join(t.TempDir(), "app"), "web1", nil)
			require.NoError(t, err)
			set(b)
			require.ErrorIs(t, b.Record(time.Unix(1700000000, 0)), pcp.ErrRange)
			require.ErrorIs(t, b.Close(), pcp.ErrRange)
		})
	}
}
