package query

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/summary"
)

func TestParse(t *testing.T) {
	_, err := Parse("rate(c_counter[1m])")
	require.NoError(t, err)
	for expr, want := range map[string]string{
		"rate(disk.dev.read[1m])": "rate(disk_dev_read[1m])", "sum(": "", "a.b +": "",
	} {
		_, err := Parse(expr)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, expr)
		assert.Equal(t, want, syntax.Suggestion, expr)
		assert.Contains(t, err.Error(), syntax.Err.Error())
		assert.Contains(t, err.Error(), want)
	}
}

// TestExplain explains empty results of two records, ten seconds apart.
func TestExplain(t *testing.T) {
	w := newWriter(t)
	for sec := range 3 {
		w.record(10*float64(sec), one(counter, float64(sec)), one(instantOne, 1))
	}
	e := newEngine(t, w.open(), Options{})
	explain := func(expr string, sec float64) *Explanation {
		parsed, err := Parse(expr)
		require.NoError(t, err)
		q, err := e.Instant(t.Context(), expr, at(sec))
		require.NoError(t, err)
		defer q.Close()
		return e.Explain(parsed, q.Exec(t.Context()).Value, at(sec), at(sec))
	}
	assert.Nil(t, explain("c_counter", 10), "the result has a sample")
	assert.Nil(t, explain("vector(1)", 10))

	why := explain("c_conuter + i_one", 10)
	require.NotNil(t, why)
	assert.Equal(t, []UnknownMetric{{"c_conuter", []string{"c_counter"}}}, why.Unknown)
	assert.False(t, why.NoSample)

	why = explain("i_one > 5", 10)
	require.NotNil(t, why)
	assert.Equal(t, &Explanation{}, why, "a comparison that is false needs no explanation")

	why = explain(`rate(c_counter{a="b"}[15s] offset 5s)`, 20)
	require.NotNil(t, why)
	assert.True(t, why.NoSample)
	require.Len(t, why.Requests, 1)
	r := why.Requests[0]
	assert.Equal(t, "c_counter", r.Name)
	assert.True(t, r.Labels)
	assert.Equal(t, []any{stamp(0), stamp(15), "15s"}, []any{r.From, r.To, r.Range.String()})
	reasons, err := summary.Explain(t.Context(), e.storage.sets[0], r, start.Location())
	require.NoError(t, err)
	require.Len(t, reasons, 1)
	assert.Equal(t, summary.RangeTooShort, reasons[0].Kind)
}

// TestRemarksKnowCounters leaves out the note that a name is not that of a counter
// where PCP knows better.
func TestRemarksKnowCounters(t *testing.T) {
	w := newWriter(t)
	for sec := range 3 {
		w.record(10*float64(sec), one(counter, float64(sec)), one(instantOne, 1))
	}
	e := newEngine(t, w.open(), Options{})
	for expr, want := range map[string]int{"rate(c_counter[1m])": 0, "rate(i_one[1m])": 1, "rate(c_counter[1m]) + rate(i_one[1m])": 2} {
		parsed, err := Parse(expr)
		require.NoError(t, err)
		q, err := e.Instant(t.Context(), expr, at(20))
		require.NoError(t, err)
		assert.Len(t, e.Remarks(parsed, q.Exec(t.Context())), want, expr)
		q.Close()
	}
}
