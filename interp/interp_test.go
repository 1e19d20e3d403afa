package interp_test

import (
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// memory is a source of steps in memory.
type memory struct {
	steps  []*history.Step
	series map[string]*history.Series
	passes int // begun
	read   int // steps, by all passes
	err    error
}

func (m *memory) Steps(q history.Query) iter.Seq2[*history.Step, error] {
	m.passes++
	return func(yield func(*history.Step, error) bool) {
		for _, s := range m.steps {
			if s.Stamp.Before(q.From) {
				continue
			}
			if q.Stop != nil {
				if err := q.Stop(); err != nil {
					yield(nil, err)
					return
				}
			}
			m.read++
			if !yield(s, nil) {
				return
			}
		}
		if m.err != nil {
			yield(nil, m.err)
		}
	}
}

// add adds singular metrics for names that do not exist yet.
func (m *memory) add(name string, typ pcp.Type, sem pcp.Semantics) {
	if m.series == nil {
		m.series = map[string]*history.Series{}
	}
	d := &meta.Desc{PMID: pcp.NewPMID(1, 1, uint32(len(m.series))), Type: typ, InDom: pcp.InDomNull, Sem: sem, Names: []string{name}}
	m.series[name] = &history.Series{Metric: &history.Metric{Name: name, Desc: d}, Inst: meta.Instance{ID: pcp.InstNull}}
}

func at(sec int64) pcp.Timestamp { return pcp.Timestamp{Sec: 1000 + sec} }

func value(d *meta.Desc, v any) history.Value {
	switch v := v.(type) {
	case string:
		return history.StringValue(pcp.InstNull, v)
	case int:
		return value(d, int64(v))
	case int64:
		if d.Type.Size() == 4 {
			return history.WordValue(pcp.InstNull, uint32(v))
		}
		return history.NumberValue(pcp.InstNull, d.Type, uint64(v))
	case float64:
		if d.Type == pcp.TypeFloat {
			return history.NumberValue(pcp.InstNull, d.Type, uint64(math.Float32bits(float32(v))))
		}
	}
	return history.DoubleValue(pcp.InstNull, v.(float64))
}

// put records a value of a metric at a time.
func (m *memory) put(sec int64, name string, v any) {
	s := m.series[name]
	m.steps = append(m.steps, &history.Step{Stamp: at(sec), Metrics: []history.MetricValues{{
		Metric: s.Metric, Points: []history.Point{{Series: s, Value: value(s.Metric.Desc, v)}},
	}}})
}

func (m *memory) mark(sec int64) {
	m.steps = append(m.steps, &history.Step{Stamp: at(sec), Mark: true})
}

// shown formats the values of a metric in steps; "-" where there is none.
func shown(t *testing.T, steps iter.Seq2[*history.Step, error], name string) string {
	t.Helper()
	var out []string
	for s, err := range steps {
		require.NoError(t, err)
		if s.Mark {
			out = append(out, "mark")
			continue
		}
		v := "-"
		for _, mv := range s.Metrics {
			if mv.Metric.Name == name {
				v = text(mv.Points[0].Value, mv.Metric.Desc.Type)
				if mv.Points[0].Value.Data != nil {
					v = mv.Points[0].Value.Text()
				}
			}
		}
		out = append(out, strings.TrimSuffix(v, ".000000000"))
	}
	return strings.Join(out, " ")
}

func seconds(sec ...int64) iter.Seq[pcp.Timestamp] {
	return func(yield func(pcp.Timestamp) bool) {
		for _, s := range sec {
			if !yield(at(s)) {
				return
			}
		}
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		typ           pcp.Type
		sem           pcp.Semantics
		a, b          any
		want, earlier string // at 0 to 12, observed at 2, 6 and 10, the end at 12
	}{
		{pcp.TypeU32, pcp.SemCounter, 10, 20, "- - 10 13 15 18 20 18 15 13 10 - -", ""},
		{pcp.Type32, pcp.SemCounter, -10, -20, "- - -10 -12 -14 -17 -20 -17 -14 -12 -10 - -", ""},
		{pcp.TypeU64, pcp.SemCounter, int64(1 << 60), int64(1<<60 + 4), "- - 1152921504606846976 1152921504606846977 1152921504606846978 1152921504606846979 1152921504606846980 " +
			"1152921504606846979 1152921504606846978 1152921504606846977 1152921504606846976 - -", ""},
		{pcp.TypeDouble, pcp.SemCounter, 1.0, 3.0, "- - 1 1.500000000 2 2.500000000 3 2.500000000 2 1.500000000 1 - -", ""},
		{pcp.TypeFloat, pcp.SemCounter, 1.0, 3.0, "- - 1 1.500000000 2 2.500000000 3 2.500000000 2 1.500000000 1 - -", ""},
		{pcp.TypeU32, pcp.SemInstant, 1, 2, "- - 1 1 1 2 2 2 2 1 1 - -", "- - 1 1 1 1 2 2 2 2 1 - -"},
		{pcp.TypeU32, pcp.SemDiscrete, 1, 2, "- - 1 1 1 2 2 2 2 1 1 1 1", "- - 1 1 1 1 2 2 2 2 1 1 1"},
		{pcp.TypeString, pcp.SemDiscrete, "x", "y", "- - x x x x y y y y x x x", ""},
		{pcp.TypeString, pcp.SemInstant, "x", "y", "- - x x x x y y y y x - -", ""},
		{pcp.TypeString, pcp.SemCounter, "x", "y", "- - - - - - - - - - - - -", ""},
	} {
		m := &memory{}
		m.add("v", c.typ, c.sem)
		m.add("other", pcp.TypeU32, pcp.SemInstant)
		m.put(0, "other", 0)
		m.put(2, "v", c.a)
		m.put(6, "v", c.b)
		m.put(10, "v", c.a)
		m.put(12, "other", 0)
		times := seconds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
		assert.Equal(t, c.want+" -", shown(t, interp.At(m, times, interp.Options{}), "v"), "%v %v", c.sem, c.typ)
		if c.earlier == "" {
			c.earlier = c.want
		}
		assert.Equal(t, c.earlier+" -", shown(t, interp.At(m, times, interp.Options{Earlier: true}), "v"), "%v %v", c.sem, c.typ)
	}
}

func TestMarkHides(t *testing.T) {
	for sem, want := range map[pcp.Semantics]string{
		pcp.SemCounter: "1 - - - 1", pcp.SemInstant: "1 - - - 1", pcp.SemDiscrete: "1 1 - - 1",
	} {
		m := &memory{}
		m.add("v", pcp.TypeU32, sem)
		m.put(0, "v", 1)
		m.mark(2)
		m.put(4, "v", 1)
		assert.Equal(t, want, shown(t, interp.At(m, seconds(0, 1, 2, 3, 4), interp.Options{}), "v"), sem)
	}
	m := &memory{}
	m.add("v", pcp.TypeU32, pcp.SemDiscrete)
	m.put(0, "v", 1)
	m.mark(2)
	m.put(4, "v", 1)
	assert.Equal(t, "1 mark 1", shown(t, interp.At(m, seconds(1, 4), interp.Options{Marks: true}), "v"))
}

// A series that is recorded seldom is found by reading on; one that has ended
// is looked for once.
func TestSeldomRecorded(t *testing.T) {
	m := &memory{}
	m.add("often", pcp.TypeU32, pcp.SemInstant)
	m.add("seldom", pcp.TypeU32, pcp.SemCounter)
	m.add("ended", pcp.TypeU32, pcp.SemInstant)
	for i := range int64(1000) {
		m.put(i, "often", 7)
		if i%500 == 0 {
			m.put(i, "seldom", int(i))
		}
		if i < 3 {
			m.put(i, "ended", 1)
		}
	}
	var times []int64
	var want []string
	for i := range int64(500) {
		times = append(times, i)
		want = append(want, text(history.WordValue(0, uint32(i)), pcp.TypeU32))
	}
	assert.Equal(t, strings.Join(want, " "), shown(t, interp.At(m, seconds(times...), interp.Options{}), "seldom"))
	m.passes = 0
	assert.Equal(t, "1 1 1"+strings.Repeat(" -", 497), shown(t, interp.At(m, seconds(times...), interp.Options{}), "ended"))
	assert.LessOrEqual(t, m.passes, 3)
	assert.Equal(t, "7"+strings.Repeat(" 7", 499), shown(t, interp.At(m, seconds(times...), interp.Options{}), "often"))
}

func TestWrap(t *testing.T) {
	m := &memory{}
	m.add("v", pcp.TypeU32, pcp.SemCounter)
	m.put(0, "v", int64(1<<32-10))
	m.put(2, "v", 10)
	assert.Equal(t, "4294967286 0 10", shown(t, interp.At(m, seconds(0, 1, 2), interp.Options{Wrap: true}), "v"))
	assert.Equal(t, "4294967286 2147483648 10", shown(t, interp.At(m, seconds(0, 1, 2), interp.Options{}), "v"))
}

func TestFailures(t *testing.T) {
	m := &memory{err: pcp.ErrUnfinished}
	m.add("v", pcp.TypeU32, pcp.SemInstant)
	m.put(0, "v", 1)
	run := func(times iter.Seq[pcp.Timestamp]) (n int, err error) {
		for s, e := range interp.At(m, times, interp.Options{}) {
			if s != nil {
				n++
			}
			err = e
		}
		return n, err
	}
	n, err := run(seconds(0, 1))
	assert.Equal(t, 2, n)
	require.ErrorIs(t, err, pcp.ErrUnfinished)
	n, err = run(seconds(1, 0))
	assert.Equal(t, 1, n)
	require.ErrorIs(t, err, interp.ErrOrder)
	require.ErrorContains(t, err, "interpolation at 1000.000000000 after 1001.000000000")
	m.err = pcp.ErrTrailer
	n, err = run(seconds(0, 1))
	assert.Zero(t, n)
	require.ErrorIs(t, err, pcp.ErrTrailer)
}

func TestStopsWhenAsked(t *testing.T) {
	m := &memory{}
	m.add("v", pcp.TypeU32, pcp.SemInstant)
	m.put(0, "v", 1)
	var got []pcp.Timestamp
	for step, err := range interp.At(m, slices.Values([]pcp.Timestamp{at(0), at(1), at(2)}), interp.Options{}) {
		require.NoError(t, err)
		if got = append(got, step.Stamp); len(got) == 2 {
			break
		}
	}
	assert.Equal(t, []pcp.Timestamp{at(0), at(1)}, got)
}

// TestStop ends the steps at each question, while they are read in order and while values
// that are far ahead are looked for. After the end nothing is read and no step is yielded.
func TestStop(t *testing.T) {
	const records = 100
	fill := func() *memory {
		m := &memory{}
		m.add("often", pcp.TypeU32, pcp.SemInstant)
		m.add("once", pcp.TypeU32, pcp.SemInstant)
		m.put(0, "once", 1)
		m.put(0, "often", 1)
		for i := range records {
			m.put(int64(i+1), "often", i)
		}
		return m
	}
	errEnough := errors.New("enough")
	for end := 1; ; end++ {
		m, asked, read, over := fill(), 0, 0, false
		var last error
		for step, err := range interp.At(m, slices.Values([]pcp.Timestamp{at(0), at(50), at(99)}), interp.Options{Stop: func() error {
			if asked++; asked >= end {
				if !over {
					read, over = m.read, true
				}
				return errEnough
			}
			return nil
		}}) {
			assert.False(t, over && step != nil, "a step after the end")
			last = err
		}
		if !over {
			require.NoError(t, last)
			assert.Greater(t, end, records+10, "both passes ask")
			return
		}
		require.ErrorIs(t, last, errEnough)
		assert.Equal(t, read, m.read, "question %d", end)
	}
}
