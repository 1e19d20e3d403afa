package query

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// A counter is cut by a mark and reset twice: once after the mark, once without.
func counterArchive(t *testing.T) *archive.Reader {
	w := newWriter(t)
	for i := range 6 {
		w.record(float64(10*i), one(counter, 1000+float64(10*i))) // one a second
	}
	w.mark(55)
	for i := range 6 {
		w.record(float64(200+10*i), one(counter, 5+float64(20*i))) // two a second
	}
	for i := range 4 {
		w.record(float64(260+10*i), one(counter, float64(10*i))) // reset, no mark
	}
	return w.open()
}

// Nothing is drawn across a mark, and no rate is negative, whatever a window holds.
func TestRateOverMarkAndReset(t *testing.T) {
	e := newEngine(t, counterArchive(t), Options{})
	assert.Equal(t, []string{`{__name__="c_counter"} 0=1000 10=1010 20=1020 30=1030 40=1040 50=1050 200=5 210=25`},
		over(t, e, 0, 210, 10, "c_counter"), "no value between the mark and the next record")
	assert.Equal(t, []string{"{} 10=1 20=1 30=1 40=1 50=1 60=1 210=1 220=1"},
		over(t, e, 0, 220, 10, "rate(c_counter[25s]) > bool 0"), "no rate where the window has one sample or none")
	for _, window := range []string{"10s", "15s", "30s", "2m", "10m"} {
		for _, f := range []string{"rate", "irate", "increase"} {
			q, err := e.Range(context.Background(), fmt.Sprintf("%s(c_counter[%s])", f, window), at(0), at(300), time.Second)
			require.NoError(t, err)
			res := q.Exec(context.Background())
			require.NoError(t, res.Err)
			for _, s := range res.Value.(promql.Matrix) {
				for _, p := range s.Floats {
					assert.GreaterOrEqual(t, p.F, 0.0, "%s[%s] at %d", f, window, p.T)
				}
			}
			q.Close()
		}
	}
	assert.Equal(t, []string{"{} 2"}, now(t, e, 300, "resets(c_counter[5m])"))
}

// A value that was logged once holds until the next one or a mark, and not past
// the archive's end.
func TestDiscreteIsCarriedForward(t *testing.T) {
	const hour = 3600.0
	w := newWriter(t)
	w.record(0, one(discrete, 4), one(counter, 0))
	w.record(hour, one(counter, 1))
	w.record(2*hour, one(discrete, 8), one(counter, 2))
	w.mark(3 * hour)
	w.record(4*hour, one(counter, 3))
	w.record(5*hour, one(discrete, 16), one(counter, 4))
	w.record(6*hour, one(counter, 5))
	e := newEngine(t, w.open(), Options{Lookback: 5 * time.Minute})

	for sec, want := range map[float64]string{
		-1: "", 0: "4", 299: "4", 301: "4", hour + 1234: "4", 2*hour - 0.001: "4", 2 * hour: "8", 3*hour - 0.001: "8",
		3 * hour: "", 3*hour + 1: "", 5*hour - 1: "", 5 * hour: "16", 6 * hour: "16",
		6*hour + 299: "16", 6*hour + 300: "", 7 * hour: "", // as long as any last value, and no longer
	} {
		got := now(t, e, sec, "d_discrete")
		if want == "" {
			assert.Empty(t, got, "at %v", sec)
		} else {
			assert.Equal(t, []string{`{__name__="d_discrete"} ` + want}, got, "at %v", sec)
		}
	}
	assert.Equal(t, []string{`{__name__="d_discrete"} 0=4 3600=4 7200=8 18000=16 21600=16`}, over(t, e, 0, 7*hour, hour, "d_discrete"))
	assert.Equal(t, []string{`{__name__="d_discrete"} 7=4`}, over(t, e, 7, 7, 1, "d_discrete"), "a window long after it")
	assert.Equal(t, []string{"{} 2"}, now(t, e, 6*hour, "changes(d_discrete[6h])"))
	assert.Empty(t, now(t, e, hour+301, "c_counter"), "an instant value or counter is not carried")
}

// However short the look-back, the query ends.
func TestDiscreteShortLookback(t *testing.T) {
	w := newWriter(t)
	w.record(0, one(discrete, 4), one(counter, 0))
	w.record(1, one(counter, 1))
	r := w.open()
	for _, lookback := range []time.Duration{time.Millisecond, 2 * time.Millisecond, time.Second} {
		e := newEngine(t, r, Options{Lookback: lookback})
		assert.Equal(t, []string{`{__name__="d_discrete"} 4`}, now(t, e, 0.7, "d_discrete"), lookback)
	}
}

// An instance that leaves takes its discrete value with it.
func TestDiscreteInstanceLeaves(t *testing.T) {
	w := newWriter(t)
	w.record(0, metricValues{desc: shared, v: map[pcp.InstID]float64{1: 10, 2: 20}})
	w.record(600, metricValues{desc: shared, v: map[pcp.InstID]float64{2: 21}})
	w.record(1200, one(counter, 0))
	e := newEngine(t, w.open(), Options{})
	assert.Equal(t, []string{
		`{__name__="d_shared", instname="i1"} 0=10 400=10`,
		`{__name__="d_shared", instname="i2"} 0=20 400=20 800=21 1200=21`,
	}, over(t, e, 0, 1200, 400, "d_shared"))
}

// A series ends where its instance leaves and where there is an error.
func TestSeriesEnd(t *testing.T) {
	w := newWriter(t)
	w.record(0, metricValues{desc: instant, v: map[pcp.InstID]float64{1: 1, 2: 2}}, one(counter, 1))
	w.record(10, metricValues{desc: instant, v: map[pcp.InstID]float64{2: 3, 3: 4}}, metricValues{desc: counter, err: pcp.ErrnoAgain})
	w.record(20, metricValues{desc: instant, err: pcp.ErrnoAgain}, one(counter, 2))
	w.record(30, metricValues{desc: instant, v: map[pcp.InstID]float64{1: 5}})
	e := newEngine(t, w.open(), Options{})
	assert.Equal(t, []string{
		`{__name__="i_instant", instname="i1"} 0=1 5=1 30=5 35=5`,
		`{__name__="i_instant", instname="i2"} 0=2 5=2 10=3 15=3`,
		`{__name__="i_instant", instname="i3"} 10=4 15=4`,
	}, over(t, e, 0, 35, 5, "i_instant"))
	assert.Equal(t, []string{`{__name__="c_counter"} 0=1 5=1 20=2 25=2 30=2 35=2`}, over(t, e, 0, 35, 5, "c_counter"))
	assert.Equal(t, []string{`{__name__="i_instant", instname="i1"} 30=5`}, over(t, e, 30, 30, 5, "i_instant"), "also if only the end is read")
}

func TestMatchers(t *testing.T) {
	w := newWriter(t)
	w.record(0, metricValues{desc: instant, v: map[pcp.InstID]float64{1: 1, 2: 2}}, one(counter, 3),
		metricValues{desc: define(9, "i.other", pcp.SemInstant, pcp.NewInDomID(60, 1)), v: map[pcp.InstID]float64{1: 4, 2: 5}})
	e := newEngine(t, w.open(), Options{})
	for expr, want := range map[string]string{
		`i_instant`:                                  "1 2",
		`i_instant{instname="i1"}`:                   "1",
		`i_instant{instname!="i1"}`:                  "2",
		`i_instant{instname=~"i[12]"}`:               "1 2",
		`i_instant{instname!~"i1|x"}`:                "2",
		`i_instant{instname="nobody"}`:               "",
		`i_instant{nolabel=""}`:                      "1 2",
		`i_instant{nolabel!=""}`:                     "",
		`{__name__="i_instant",instname="i2"}`:       "2",
		`{__name__=~"i_.*"}`:                         "1 2 4 5",
		`{__name__=~".*",instname="i1"}`:             "1 4",
		`{__name__!~"i_inst.*|c_.*",instname=~".+"}`: "4 5",
		`{instname="i2"}`:                            "2 5",
		`{__name__=~"i_.*",__name__!="i_other"}`:     "1 2",
		`{__name__=~".+",instname=""}`:               "3",
		`{__name__=~"no_.+"}`:                        "",
	} {
		var got []string
		for _, line := range now(t, e, 0, expr) {
			got = append(got, line[strings.LastIndex(line, " ")+1:])
		}
		assert.ElementsMatch(t, strings.Fields(want), got, expr)
	}
}

// Of two metrics that want one name the later one gets a number, whatever the
// time asked about.
func TestNamesThatCollide(t *testing.T) {
	w := newWriter(t)
	first, second := define(11, "a.b_c", pcp.SemInstant, pcp.InDomNull), define(12, "a_b.c", pcp.SemInstant, pcp.InDomNull)
	w.record(0, one(first, 1))
	w.record(1, one(first, 2), one(second, 20))
	w.record(1000, one(counter, 0))
	w.record(2000, one(second, 30))
	e := newEngine(t, w.open(), Options{Lookback: time.Minute})
	assert.Equal(t, []string{`{__name__="a_b_c"} 2`}, now(t, e, 1, "a_b_c"))
	assert.Equal(t, []string{`{__name__="a_b_c_2"} 20`}, now(t, e, 1, "a_b_c_2"))
	assert.Equal(t, []string{`{__name__="a_b_c_2"} 30`}, now(t, e, 2000, "a_b_c_2"))
	assert.Empty(t, now(t, e, 2000, "a_b_c"), "the name of the one is not the other's where it is alone")
	assert.Len(t, now(t, e, 1, `{__name__=~"a_b_c.*"}`), 2)
}

// Labels are what a PCP client sees, decoded; optional ones stay out.
func TestLabels(t *testing.T) {
	w := newWriter(t)
	set, err := labelset.New(labelset.Context, labelset.String("hostname", `h "1"`), labelset.Label{Name: "n", Value: "42"},
		labelset.Label{Name: "note", Value: `"hidden"`, Flags: labelset.Optional})
	require.NoError(t, err)
	require.NoError(t, w.a.SetLabels(&meta.Labels{
		Stamp: stamp(0), Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
	w.record(0, one(counter, 1))
	e := newEngine(t, w.open(), Options{})
	assert.Equal(t, []string{`{__name__="c_counter", hostname="h \"1\"", n="42"} 1`}, now(t, e, 0, "c_counter"))
}

// An archive whose labels name no host has that of its header, as in an export.
func TestHostOfArchive(t *testing.T) {
	w := newWriter(t)
	set, err := labelset.New(labelset.Context, labelset.Label{Name: "n", Value: "42"})
	require.NoError(t, err)
	require.NoError(t, w.a.SetLabels(&meta.Labels{
		Stamp: stamp(0), Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
	w.record(0, one(counter, 1))
	e := newEngine(t, w.open(), Options{})
	assert.Len(t, now(t, e, 0, `c_counter{hostname="h",n="42"}`), 1)
	assert.Empty(t, now(t, e, 0, `c_counter{hostname=""}`))
}

// Strings have no series; integers are numbers.
func TestOtherTypes(t *testing.T) {
	w := newWriter(t)
	text := &meta.Desc{PMID: pcp.NewPMID(60, 0, 20), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"t.text"}}
	whole := &meta.Desc{PMID: pcp.NewPMID(60, 0, 21), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"t.whole"}}
	small := &meta.Desc{PMID: pcp.NewPMID(60, 0, 22), Type: pcp.Type32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"t.small"}}
	for _, d := range []*meta.Desc{text, whole, small} {
		require.NoError(t, w.a.Define(d))
	}
	require.NoError(t, w.a.Append(&archive.Result{Stamp: stamp(0), Sets: []archive.ValueSet{
		{PMID: text.PMID, Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, "x")}},
		{PMID: whole.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, 1<<63)}},
		{PMID: small.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, 0xffffffff)}},
	}}))
	e := newEngine(t, w.open(), Options{})
	assert.Empty(t, now(t, e, 0, "t_text"))
	assert.Equal(t, []string{`{__name__="t_whole"} 9.223372036854776e+18`}, now(t, e, 0, "t_whole"))
	assert.Equal(t, []string{`{__name__="t_small"} -1`}, now(t, e, 0, "t_small"))
}

// An archive whose records are far apart has a longer look-back.
func TestLookbackFollowsTheRecords(t *testing.T) {
	w := newWriter(t)
	for i := range 5 {
		w.record(600*float64(i), one(counter, float64(i)))
	}
	e := newEngine(t, w.open(), Options{})
	assert.Equal(t, []string{`{__name__="c_counter"} 3`}, now(t, e, 2399, "c_counter"))
	assert.Equal(t, []string{`{__name__="c_counter"} 4`}, now(t, e, 2400+1499, "c_counter"))
	assert.Empty(t, now(t, e, 2400+1500, "c_counter"))

	w = newWriter(t)
	for i, sec := range []float64{0, 10, 20, 5000, 5010} {
		w.record(sec, one(counter, float64(i)))
	}
	e = newEngine(t, w.open(), Options{})
	assert.NotEmpty(t, now(t, e, 319, "c_counter"))
	assert.Empty(t, now(t, e, 320, "c_counter"), "a pause is no interval")

	w = newWriter(t)
	w.record(0, one(counter, 1))
	e = newEngine(t, w.open(), Options{})
	assert.NotEmpty(t, now(t, e, 299, "c_counter"), "with one record it is Prometheus'")
	assert.Empty(t, now(t, e, 300, "c_counter"))
}

// A mark that an inner window of a subquery holds, or one that @ fixes, is bridged
// at every time that sees it.
func TestMarksThatAreSeenIndirectly(t *testing.T) {
	w := newWriter(t)
	for i := range 60 {
		w.record(float64(10*i), one(counter, 1e4+float64(10*i)+float64(i/6*1e6))) // one a second, and much that nobody saw
		if i%6 == 5 {
			w.mark(float64(10*i) + 5)
		}
	}
	e := newEngine(t, w.open(), Options{})
	for _, expr := range []string{
		"max_over_time(rate(c_counter[3m])[5m:10s])",
		"max_over_time(rate(c_counter[3m] offset 20s)[5m:10s] offset 10s)",
		"max_over_time((rate(c_counter[3m]) + irate(c_counter[4m]))[2m:10s]) / 2",
		"rate(c_counter[3m] @ 1772366510)",
		"max_over_time(rate(c_counter[3m] @ 1772366510)[5m:10s])",
		"max_over_time(rate(c_counter[3m])[5m:10s] @ 1772366500)",
		"rate(c_counter[3m] @ end()) / on() rate(c_counter[3m] @ start())",
		"max_over_time(max_over_time(rate(c_counter[3m])[2m:10s])[1m:10s])",
	} {
		for _, end := range []float64{300, 600, 700} {
			q, err := e.Range(t.Context(), expr, at(120), at(end), 30*time.Second)
			require.NoError(t, err)
			res := q.Exec(t.Context())
			require.NoError(t, res.Err)
			require.NotEmpty(t, res.Value, expr)
			for _, s := range res.Value.(promql.Matrix) {
				for _, p := range s.Floats {
					assert.Less(t, p.F, 2.0, "%s at %d to %v", expr, p.T, end)
				}
			}
			q.Close()
		}
	}
}
