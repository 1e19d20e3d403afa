package mapper_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// stored returns the metadata of an archive that has the steps that write puts.
func stored(t *testing.T, write func(put func(*history.Step))) *meta.Store {
	t.Helper()
	base, sink := converttest.Create(t, nil)
	write(func(s *history.Step) { require.NoError(t, sink.Put(s)) })
	require.NoError(t, sink.Close())
	return converttest.Open(t, base).Meta()
}

func descOf(f *converttest.Fixture, s *mapper.Series) *meta.Desc { return f.MetricOf(s).Desc }

// instOf returns a series' instance.
func instOf(f *converttest.Fixture, s *mapper.Series) meta.Instance {
	return f.Step(s).Metrics[0].Points[0].Series.Inst
}

func TestAdoptNumbers(t *testing.T) {
	f := converttest.NewFixture(t)
	before := map[string]string{}
	store := stored(t, func(put func(*history.Step)) {
		a1, a2, a3 := f.Series("a", "counter", "x", "1"), f.Series("a", "counter", "x", "2"), f.Series("a", "counter", "x", "3")
		plain, other := f.Series("a", "gauge"), f.Series("b:c", "gauge", "k v", "w\n")
		put(f.Step(a1, a2, a3, plain, other))
		f.Begin()
		f.Src.End(a1)
		f.Src.End(a3)
		f.Src.Set(a2, 1)
		put(f.Src.Step())
		for _, s := range []*mapper.Series{a1, a2, a3, plain, other} {
			d := descOf(f, s)
			before[d.Name()] = fmt.Sprint(d.PMID, d.InDom)
		}
	})
	require.Len(t, before, 3)

	g := converttest.NewAdopting(t, store)
	for _, tt := range []struct {
		series *mapper.Series
		name   string
		inst   string
	}{
		{g.Series("a", "gauge"), "openmetrics.web.a_2", ""},
		{g.Series("fresh", "gauge"), "openmetrics.web.fresh", ""},
		{g.Series("a", "counter", "x", "9"), "openmetrics.web.a", "3 x:9"}, // numbers of ended instances are not given away
		{g.Series("a", "counter", "x", "3"), "openmetrics.web.a", "2 x:3"}, // and are found again
		{g.Series("a", "counter", "x", "2"), "openmetrics.web.a", "1 x:2"},
		{g.Series("a", "gauge", "x", "2"), "openmetrics.web.a_3", "0 x:2"},
		{g.Series("b:c", "gauge", "k v", "w\n"), "openmetrics.web.b.c", "0 k v:w\n"},
	} {
		d := descOf(g, tt.series)
		assert.Equal(t, tt.name, d.Name())
		assert.Equal(t, tt.inst, instOf(g, tt.series).Name)
		if want, known := before[tt.name]; known {
			assert.Equal(t, want, fmt.Sprint(d.PMID, d.InDom), tt.name)
			continue
		}
		assert.Equal(t, uint32(1), d.PMID.Cluster(), tt.name)
		assert.GreaterOrEqual(t, d.PMID.Item(), uint32(3), "%s has a number of its own", tt.name)
	}
	// The family that a page no longer names.
	h := converttest.NewAdopting(t, store)
	s, err := h.Src.Series("b:c", converttest.Labels([]string{"k v", "w\n"}), prom.Family{})
	require.NoError(t, err)
	assert.Equal(t, "gauge", s.Family().Type)
	assert.Equal(t, "0 k v:w\n", instOf(h, s).Name)

	// A further source gets a cluster that the archive does not use.
	other := g.AddSource("other")
	o, err := other.Series("a", nil, prom.Family{Name: "a"})
	require.NoError(t, err)
	other.Begin(g.Now)
	other.Set(o, 1)
	assert.Equal(t, "144.2.0", other.Step().Metrics[0].Metric.Desc.PMID.String())

	assert.Equal(t, "web", g.Mapper.SourceOf("job of web", "web.example:9100"))
	assert.Empty(t, g.Mapper.SourceOf("job of web", "elsewhere"))
	assert.Equal(t, "openmetrics", mapper.PrefixOf(withHealth(t)))
	assert.Empty(t, mapper.PrefixOf(meta.NewStore()))
}

// withHealth returns the metadata of an archive with the outcome of a scrape.
func withHealth(t *testing.T) *meta.Store {
	f := converttest.NewFixture(t)
	return stored(t, func(put func(*history.Step)) {
		for _, src := range []*mapper.Source{f.AddSource("db"), f.Src} {
			f.Now.Sec++
			src.Begin(f.Now)
			src.SetHealth(mapper.Health{Up: 1})
			put(src.Step())
		}
	})
}

// What was written is not written again: the archive gets no metadata but for
// what is new.
func TestAdoptWritesNothingAgain(t *testing.T) {
	f := converttest.NewFixture(t)
	base, sink := converttest.Create(t, nil)
	step := func(f *converttest.Fixture) *history.Step {
		s := f.Series("a", "counter", "x", "1")
		f.Src.Describe(s, "help\nmore")
		f.Begin()
		f.Src.SetHealth(mapper.Health{Up: 1})
		f.Src.Set(s, 1)
		return f.Src.Step()
	}
	require.NoError(t, sink.Put(step(f)))
	require.NoError(t, sink.Close())
	r := converttest.Open(t, base)
	want := r.Meta().Counts()

	a, err := archive.Continue(base, nil)
	require.NoError(t, err)
	g := converttest.NewAdopting(t, a.Meta())
	require.NoError(t, convert.NewToArchive(a).Put(step(g)))
	require.NoError(t, a.Close())
	r = converttest.Open(t, base)
	assert.Equal(t, want, r.Meta().Counts(), "the label env, which the new Mapper does not know, stays as well")
}

func TestAdoptControl(t *testing.T) {
	g := converttest.NewAdopting(t, withHealth(t))
	third := g.AddSource("third")
	for src, want := range map[*mapper.Source]pcp.InstID{g.Src: 1, third: 3} {
		src.Begin(g.Now)
		src.SetHealth(mapper.Health{})
		step := src.Step()
		assert.Equal(t, want, step.Metrics[0].Points[0].Series.Inst.ID)
		assert.Equal(t, "144.0.1", step.Metrics[0].Metric.Desc.PMID.String())
		last := pcp.InstID(-1)
		for _, in := range step.Metrics[0].InDom.Instances {
			assert.Greater(t, in.ID, last)
			last = in.ID
		}
	}
}

// foreign returns the metadata of an archive of another program, apart from its
// own domain's number as the reference agent writes it.
func foreign(t *testing.T, descs ...*meta.Desc) *meta.Store {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "recorder"}, nil)
	require.NoError(t, err)
	for _, d := range descs {
		require.NoError(t, a.Define(d))
	}
	domain := pcp.NewInDomID(144, 5121)
	require.NoError(t, a.SetInDom(&meta.InDom{ID: domain, Instances: []meta.Instance{{ID: 0, Name: "0 x:1"}, {ID: 7, Name: "7 x:2"}}}))
	set := func(text string) labelset.Set {
		s, err := labelset.Parse(text, labelset.Instances)
		require.NoError(t, err)
		return s
	}
	require.NoError(t, a.SetLabels(&meta.Labels{Level: labelset.Instances, Ident: uint32(domain), Sets: []labelset.Instance{
		{Inst: 0, Set: set(`{"x":"1"}`)}, {Inst: 7, Set: set(`{"x":"2"}`)},
	}}))
	require.NoError(t, a.Mark(pcp.Timestamp{Sec: 1}))
	require.NoError(t, a.Close())
	return converttest.Open(t, base).Meta()
}

func TestAdoptForeign(t *testing.T) {
	double := func(pmid pcp.PMID, indom pcp.InDomID, sem pcp.Semantics, name string) *meta.Desc {
		return &meta.Desc{PMID: pmid, Type: pcp.TypeDouble, InDom: indom, Sem: sem, Names: []string{name}}
	}
	g := converttest.NewAdopting(t, foreign(t,
		double(pcp.NewPMID(144, 1, 0), pcp.InDomNull, pcp.SemInstant, "openmetrics.web.same"),
		double(pcp.NewPMID(144, 1, 1), pcp.NewInDomID(144, 5121), pcp.SemCounter, "openmetrics.web.many"),
		double(pcp.NewPMID(144, 1, 2), pcp.InDomNull, pcp.SemCounter, "openmetrics.web.differs"),
		double(pcp.NewPMID(9, 8, 7), pcp.InDomNull, pcp.SemInstant, "openmetrics.web.elsewhere"),
		double(pcp.NewPMID(144, 5, 1023), pcp.InDomNull, pcp.SemInstant, "openmetrics.db.last"),
		double(pcp.NewPMID(144, 1, 4), pcp.InDomNull, pcp.SemInstant, "other.name"),
		double(pcp.NewPMID(144, 0, 16), pcp.InDomNull, pcp.SemInstant, "openmetrics.control.debug"),
		double(pcp.NewPMID(60, 0, 1), pcp.InDomNull, pcp.SemInstant, "openmetrics.leaf"),
	))
	for _, tt := range []struct {
		series     *mapper.Series
		name, pmid string
		inst       string
	}{
		{g.Series("same", "gauge"), "openmetrics.web.same", "144.1.0", ""},
		{g.Series("many", "counter", "x", "2"), "openmetrics.web.many", "144.1.1", "7 x:2"},
		{g.Series("many", "counter", "x", "3"), "openmetrics.web.many", "144.1.1", "8 x:3"},
		{g.Series("differs", "gauge"), "openmetrics.web.differs_2", "144.1.3", ""},
		{g.Series("elsewhere", "gauge"), "openmetrics.web.elsewhere", "9.8.7", ""},
		{g.Series("same", "counter"), "openmetrics.web.same_2", "144.1.5", ""}, // item 4 is taken
	} {
		d := descOf(g, tt.series)
		assert.Equal(t, tt.name, d.Name())
		assert.Equal(t, tt.pmid, d.PMID.String(), tt.name)
		assert.Equal(t, tt.inst, instOf(g, tt.series).Name)
	}
	db := g.AddSource("db")
	s, err := db.Series("first", nil, prom.Family{Name: "first"})
	require.NoError(t, err)
	db.Begin(g.Now)
	db.Set(s, 1)
	db.SetHealth(mapper.Health{Up: 1})
	step := db.Step()
	assert.Equal(t, "144.6.0", step.Metrics[0].Metric.Desc.PMID.String(), "the source's cluster is full")
	for _, mv := range step.Metrics {
		if mv.Metric.Name == "openmetrics.control.up" {
			assert.Equal(t, "144.0.32", mv.Metric.Desc.PMID.String(), "its number is another metric's")
		}
	}
	_, err = g.Mapper.Source(mapper.Target{Name: "leaf"})
	require.ErrorIs(t, err, pcp.ErrMismatch)
	require.ErrorContains(t, err, "openmetrics.leaf")
}

func TestAdoptAtTheEnd(t *testing.T) {
	f := converttest.NewFixture(t)
	domain := pcp.NewInDomID(144, 5120)
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "recorder"}, nil)
	require.NoError(t, err)
	require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(144, 1, 0), Type: pcp.TypeDouble, InDom: domain, Sem: pcp.SemInstant, Names: []string{"openmetrics.web.a"}}))
	require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(144, 4095, 1023), Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x"}}))
	require.NoError(t, a.SetInDom(&meta.InDom{ID: domain, Instances: []meta.Instance{{ID: math.MaxInt32, Name: "last"}}}))
	require.NoError(t, a.Mark(f.Now))
	require.NoError(t, a.Close())
	g := converttest.NewAdopting(t, converttest.Open(t, base).Meta())
	_, err = g.Src.Series("a", converttest.Labels([]string{"x", "1"}), prom.Family{Name: "a", Type: "gauge"})
	require.ErrorIs(t, err, mapper.ErrNumbers, "no instance number is left")
	_, err = g.AddSource("db").Series("a", nil, prom.Family{Name: "a"})
	require.ErrorIs(t, err, mapper.ErrNumbers, "no cluster is left")
}
