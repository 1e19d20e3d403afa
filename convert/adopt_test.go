package convert_test

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
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// stored returns the metadata of an archive to which f's steps were written.
func (f *fixture) stored(write func(put func(*history.Step))) *meta.Store {
	f.t.Helper()
	base, sink := create(f.t, nil)
	write(func(s *history.Step) { require.NoError(f.t, sink.Put(s)) })
	require.NoError(f.t, sink.Close())
	return open(f.t, base).Meta()
}

// adopting returns a fixture that goes on with an archive.
func adopting(t *testing.T, s *meta.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, report: &prom.Report{}, now: pcp.Timestamp{Sec: 1_800_000_000}}
	var err error
	f.mapper, err = mapper.New(mapper.Options{Host: "recorder", Report: f.report})
	require.NoError(t, err)
	require.NoError(t, f.mapper.Adopt(s))
	f.src = f.source("web")
	return f
}

func (f *fixture) descOf(s *mapper.Series) *meta.Desc { return f.metricOf(s).Desc }

// instOf returns a series' instance.
func (f *fixture) instOf(s *mapper.Series) meta.Instance {
	return f.step(s).Metrics[0].Points[0].Series.Inst
}

func TestAdoptNumbers(t *testing.T) {
	f := newFixture(t)
	before := map[string]string{}
	store := f.stored(func(put func(*history.Step)) {
		a1, a2, a3 := f.series("a", "counter", "x", "1"), f.series("a", "counter", "x", "2"), f.series("a", "counter", "x", "3")
		plain, other := f.series("a", "gauge"), f.series("b:c", "gauge", "k v", "w\n")
		put(f.step(a1, a2, a3, plain, other))
		f.begin()
		f.src.End(a1)
		f.src.End(a3)
		f.src.Set(a2, 1)
		put(f.src.Step())
		for _, s := range []*mapper.Series{a1, a2, a3, plain, other} {
			d := f.descOf(s)
			before[d.Name()] = fmt.Sprint(d.PMID, d.InDom)
		}
	})
	require.Len(t, before, 3)

	g := adopting(t, store)
	for _, tt := range []struct {
		series *mapper.Series
		name   string
		inst   string
	}{
		{g.series("a", "gauge"), "openmetrics.web.a_2", ""},
		{g.series("fresh", "gauge"), "openmetrics.web.fresh", ""},
		{g.series("a", "counter", "x", "9"), "openmetrics.web.a", "3 x:9"}, // numbers of ended instances are not given away
		{g.series("a", "counter", "x", "3"), "openmetrics.web.a", "2 x:3"}, // and are found again
		{g.series("a", "counter", "x", "2"), "openmetrics.web.a", "1 x:2"},
		{g.series("a", "gauge", "x", "2"), "openmetrics.web.a_3", "0 x:2"},
		{g.series("b:c", "gauge", "k v", "w\n"), "openmetrics.web.b.c", "0 k v:w\n"},
	} {
		d := g.descOf(tt.series)
		assert.Equal(t, tt.name, d.Name())
		assert.Equal(t, tt.inst, g.instOf(tt.series).Name)
		if want, known := before[tt.name]; known {
			assert.Equal(t, want, fmt.Sprint(d.PMID, d.InDom), tt.name)
			continue
		}
		assert.Equal(t, uint32(1), d.PMID.Cluster(), tt.name)
		assert.GreaterOrEqual(t, d.PMID.Item(), uint32(3), "%s has a number of its own", tt.name)
	}
	// The family that a page no longer names.
	h := adopting(t, store)
	s, err := h.src.Series("b:c", pairLabels([]string{"k v", "w\n"}), prom.Family{})
	require.NoError(t, err)
	assert.Equal(t, "gauge", s.Family().Type)
	assert.Equal(t, "0 k v:w\n", h.instOf(s).Name)

	// A further source gets a cluster that the archive does not use.
	other := g.source("other")
	o, err := other.Series("a", nil, prom.Family{Name: "a"})
	require.NoError(t, err)
	other.Begin(g.now)
	other.Set(o, 1)
	assert.Equal(t, "144.2.0", other.Step().Metrics[0].Metric.Desc.PMID.String())

	assert.Equal(t, "web", g.mapper.SourceOf("job of web", "web.example:9100"))
	assert.Empty(t, g.mapper.SourceOf("job of web", "elsewhere"))
	assert.Equal(t, "openmetrics", mapper.PrefixOf(withHealth(t)))
	assert.Empty(t, mapper.PrefixOf(meta.NewStore()))
}

// withHealth returns the metadata of an archive with the outcome of a scrape.
func withHealth(t *testing.T) *meta.Store {
	f := newFixture(t)
	return f.stored(func(put func(*history.Step)) {
		for _, src := range []*mapper.Source{f.source("db"), f.src} {
			f.now.Sec++
			src.Begin(f.now)
			src.SetHealth(mapper.Health{Up: 1})
			put(src.Step())
		}
	})
}

// What was written is not written again: the archive gets no metadata but for
// what is new.
func TestAdoptWritesNothingAgain(t *testing.T) {
	f := newFixture(t)
	base, sink := create(t, nil)
	step := func(f *fixture) *history.Step {
		s := f.series("a", "counter", "x", "1")
		f.src.Describe(s, "help\nmore")
		f.begin()
		f.src.SetHealth(mapper.Health{Up: 1})
		f.src.Set(s, 1)
		return f.src.Step()
	}
	require.NoError(t, sink.Put(step(f)))
	require.NoError(t, sink.Close())
	r := open(t, base)
	want := r.Meta().Counts()

	a, err := archive.Continue(base, nil)
	require.NoError(t, err)
	g := adopting(t, a.Meta())
	require.NoError(t, convert.NewToArchive(a).Put(step(g)))
	require.NoError(t, a.Close())
	r = open(t, base)
	assert.Equal(t, want, r.Meta().Counts(), "the label env, which the new Mapper does not know, stays as well")
}

func TestAdoptControl(t *testing.T) {
	g := adopting(t, withHealth(t))
	third := g.source("third")
	for src, want := range map[*mapper.Source]pcp.InstID{g.src: 1, third: 3} {
		src.Begin(g.now)
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
	return open(t, base).Meta()
}

func TestAdoptForeign(t *testing.T) {
	double := func(pmid pcp.PMID, indom pcp.InDomID, sem pcp.Semantics, name string) *meta.Desc {
		return &meta.Desc{PMID: pmid, Type: pcp.TypeDouble, InDom: indom, Sem: sem, Names: []string{name}}
	}
	g := adopting(t, foreign(t,
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
		{g.series("same", "gauge"), "openmetrics.web.same", "144.1.0", ""},
		{g.series("many", "counter", "x", "2"), "openmetrics.web.many", "144.1.1", "7 x:2"},
		{g.series("many", "counter", "x", "3"), "openmetrics.web.many", "144.1.1", "8 x:3"},
		{g.series("differs", "gauge"), "openmetrics.web.differs_2", "144.1.3", ""},
		{g.series("elsewhere", "gauge"), "openmetrics.web.elsewhere", "9.8.7", ""},
		{g.series("same", "counter"), "openmetrics.web.same_2", "144.1.5", ""}, // item 4 is taken
	} {
		d := g.descOf(tt.series)
		assert.Equal(t, tt.name, d.Name())
		assert.Equal(t, tt.pmid, d.PMID.String(), tt.name)
		assert.Equal(t, tt.inst, g.instOf(tt.series).Name)
	}
	db := g.source("db")
	s, err := db.Series("first", nil, prom.Family{Name: "first"})
	require.NoError(t, err)
	db.Begin(g.now)
	db.Set(s, 1)
	db.SetHealth(mapper.Health{Up: 1})
	step := db.Step()
	assert.Equal(t, "144.6.0", step.Metrics[0].Metric.Desc.PMID.String(), "the source's cluster is full")
	for _, mv := range step.Metrics {
		if mv.Metric.Name == "openmetrics.control.up" {
			assert.Equal(t, "144.0.32", mv.Metric.Desc.PMID.String(), "its number is another metric's")
		}
	}
	_, err = g.mapper.Source(mapper.Target{Name: "leaf"})
	require.ErrorIs(t, err, pcp.ErrMismatch)
	require.ErrorContains(t, err, "openmetrics.leaf")
}

func TestAdoptAtTheEnd(t *testing.T) {
	f := newFixture(t)
	domain := pcp.NewInDomID(144, 5120)
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "recorder"}, nil)
	require.NoError(t, err)
	require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(144, 1, 0), Type: pcp.TypeDouble, InDom: domain, Sem: pcp.SemInstant, Names: []string{"openmetrics.web.a"}}))
	require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(144, 4095, 1023), Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x"}}))
	require.NoError(t, a.SetInDom(&meta.InDom{ID: domain, Instances: []meta.Instance{{ID: math.MaxInt32, Name: "last"}}}))
	require.NoError(t, a.Mark(f.now))
	require.NoError(t, a.Close())
	g := adopting(t, open(t, base).Meta())
	_, err = g.src.Series("a", pairLabels([]string{"x", "1"}), prom.Family{Name: "a", Type: "gauge"})
	require.ErrorIs(t, err, mapper.ErrNumbers, "no instance number is left")
	_, err = g.source("db").Series("a", nil, prom.Family{Name: "a"})
	require.ErrorIs(t, err, mapper.ErrNumbers, "no cluster is left")
}
