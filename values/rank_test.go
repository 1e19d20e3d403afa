package values_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// writeRanked writes a record with two metrics of the same three disks, one of CPUs and one
// without instances, whose record has an instance all the same.
func writeRanked(t *testing.T) *store.Set {
	base := filepath.Join(t.TempDir(), "a")
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC"}, nil)
	require.NoError(t, err)
	disks, cpus := pcp.NewInDomID(60, 1), pcp.NewInDomID(60, 2)
	for id, names := range map[pcp.InDomID][]string{disks: {"sda", "sdb", "sdc"}, cpus: {"cpu0", "cpu1"}} {
		in := &meta.InDom{ID: id}
		for i, name := range names {
			in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: name})
		}
		require.NoError(t, a.SetInDom(in))
	}
	r := &archive.Result{Stamp: pcp.TimestampOf(begin)}
	for i, m := range []struct {
		name   string
		indom  pcp.InDomID
		values []float64
	}{{"disk.read", disks, []float64{3, 1, math.NaN()}}, {"disk.write", disks, []float64{5, 7, 5}}, {"cpu.user", cpus, []float64{1, 2}}, {"one", pcp.InDomNull, []float64{9}}} {
		d := &meta.Desc{PMID: pcp.NewPMID(60, 1, uint32(i)), Type: pcp.TypeDouble, InDom: m.indom, Sem: pcp.SemInstant, Names: []string{m.name}}
		require.NoError(t, a.Define(d))
		set := archive.ValueSet{PMID: d.PMID, Format: archive.Block}
		for inst, v := range m.values {
			set.Values = append(set.Values, history.DoubleValue(pcp.InstID(inst), v))
		}
		r.Sets = append(r.Sets, set)
	}
	require.NoError(t, a.Append(r))
	require.NoError(t, a.Close())
	return storetest.Open(t, base)
}

func TestRanking(t *testing.T) {
	set := writeRanked(t)
	ac, err := values.ParsePattern("sd[ac]")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		ranking values.Ranking
		specs   []values.Spec
		want    []string
	}{
		"highest":                {values.Ranking{Count: 1}, nil, []string{"disk.read[sda]", "disk.write[sdb]", "cpu.user[cpu1]", "one"}},
		"lowest, the first ties": {values.Ranking{Count: -1}, nil, []string{"disk.read[sdb]", "disk.write[sda]", "cpu.user[cpu0]", "one"}},
		"more than there are":    {values.Ranking{Count: 9}, []values.Spec{{Name: "cpu"}}, []string{"cpu.user[cpu0]", "cpu.user[cpu1]"}},
		"patterns first":         {values.Ranking{Count: 1}, []values.Spec{{Name: "disk.write", Patterns: []values.Pattern{ac}}}, []string{"disk.write[sda]"}},
		"ranking first":          {values.Ranking{Count: 1, First: true}, []values.Spec{{Name: "disk.write", Patterns: []values.Pattern{ac}}}, nil},
		"limit, then rank":       {values.Ranking{Count: -1}, []values.Spec{{Name: "disk.write", Limit: 6}}, []string{"disk.write[sdb]"}},
		"limit of a predicate":   {values.Ranking{Count: 2, Predicates: []string{"disk.write"}}, []values.Spec{{Name: "disk.write", Limit: 6}}, []string{"disk.write[sdb]"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, headers(t, set, values.Options{Specs: c.specs, Ranking: c.ranking}))
		})
	}
}

// headers returns the headers of the cells of the only row.
func headers(t *testing.T, set *store.Set, o values.Options) (all []string) {
	for row, err := range values.Rows(t.Context(), set, o) {
		require.NoError(t, err)
		for _, c := range row.Cells {
			all = append(all, c.Column.Header())
		}
	}
	l, err := values.NewLayout(t.Context(), []*store.Set{set}, o)
	require.NoError(t, err)
	assert.Len(t, l.Columns, len(all), "columns with a value alone")
	return all
}

// TestPatternsOfSubtree applies patterns to the metrics with instances alone.
func TestPatternsOfSubtree(t *testing.T) {
	b, err := values.ParsePattern("sdb")
	require.NoError(t, err)
	assert.Equal(t, []string{"disk.read[sdb]", "disk.write[sdb]", "one"},
		headers(t, writeRanked(t), values.Options{Specs: []values.Spec{{Patterns: []values.Pattern{b}}}}))
}
