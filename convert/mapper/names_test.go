package mapper_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/pcp"
)

// A shape that a name cannot have as well gets a sibling of its own.
func TestSiblings(t *testing.T) {
	type ask struct {
		name, typ string
		labelled  bool
		want      string
	}
	tests := map[string][]ask{
		"with and without labels": {
			{"foo", "gauge", false, "foo"}, {"foo", "gauge", true, "foo_2"},
			{"foo", "gauge", false, "foo"}, {"foo", "gauge", true, "foo_2"},
		},
		"another type": {
			{"foo", "gauge", true, "foo"}, {"foo", "counter", true, "foo_2"},
			{"foo", "unknown", true, "foo_3"}, {"foo", "counter", true, "foo_2"},
		},
		"a number is taken": {
			{"foo_2", "gauge", true, "foo_2"}, {"foo", "gauge", true, "foo"}, {"foo", "gauge", false, "foo_3"},
		},
		"a colon and a dot": {
			{"a:b", "gauge", true, "a.b"}, {"a.b", "gauge", true, "a.b_2"},
		},
		"an escape and what looks like one": {
			{"é", "gauge", true, "U___e9_"}, {"U___e9_", "gauge", true, "U___e9__2"},
		},
		"a leaf below another": {
			{"a", "gauge", true, "a"}, {"a:b", "gauge", true, "a_b_2"}, {"a:b:c", "gauge", true, "a_b_c_2"},
		},
		"a leaf above another": {
			{"a:b:c", "gauge", true, "a.b.c"}, {"a", "gauge", true, "a_2"}, {"a:b", "gauge", true, "a.b_2"},
		},
		"a leaf above and one below": {
			{"a:b", "gauge", true, "a.b"}, {"a:b:c:d", "gauge", true, "a_b_c_d_2"}, {"a_b_c_d", "gauge", true, "a_b_c_d"},
			{"a:b:c:d", "gauge", false, "a_b_c_d_3"},
		},
		"flat names that a dotted one would get": {
			{"a", "gauge", true, "a"}, {"a_b_2", "gauge", true, "a_b_2"}, {"a:b", "gauge", true, "a_b_3"},
		},
	}
	for name, asks := range tests {
		t.Run(name, func(t *testing.T) {
			f := converttest.NewFixture(t)
			for _, a := range asks {
				var pairs []string
				if a.labelled {
					pairs = []string{"x", "1"}
				}
				m := f.MetricOf(f.Series(a.name, a.typ, pairs...))
				assert.Equal(t, "openmetrics.web."+a.want, m.Name)
				assert.Equal(t, a.name, m.Labels[4].Text("prom_name"), "every sibling keeps the family's name")
				assert.Equal(t, a.labelled, m.Desc.InDom != pcp.InDomNull)
			}
		})
	}
}

// No two metrics of a source have one name, and none is an ancestor of another,
// whatever the order.
func TestNamesAreAlwaysDistinct(t *testing.T) {
	parts := []string{"a", "a:a", "a.a", "a_2", "a:a_2", "a_a_2", "a:a:a", "a.a:a", "U__a", "_a", "a:_a"}
	for turn := range parts {
		f := converttest.NewFixture(t)
		names := map[string]string{}
		for i := range parts {
			part := parts[(i*7+turn)%len(parts)]
			for _, typ := range []string{"gauge", "counter"} {
				names[f.MetricOf(f.Series(part, typ)).Name] = part + typ
				names[f.MetricOf(f.Series(part, typ, "x", "1")).Name] = part + typ + "x"
			}
		}
		require.Len(t, names, 4*len(parts))
		for name := range names {
			for i, c := range name {
				if c == '.' {
					assert.NotContains(t, names, name[:i])
				}
			}
		}
	}
}

// Numbers are those of the reference agent: clusters by source, items by first
// sight, one instance domain per metric. A source that fills its cluster goes on
// in the next free one.
func TestNumbers(t *testing.T) {
	f := converttest.NewFixture(t)
	web := f.Src
	first := f.MetricOf(f.Series("a", "gauge", "x", "1"))
	assert.Equal(t, "144.1.0", first.Desc.PMID.String())
	assert.Equal(t, "144.5120", first.Desc.InDom.String())
	single := f.MetricOf(f.Series("b", "gauge"))
	assert.Equal(t, "144.1.1", single.Desc.PMID.String())
	assert.Equal(t, pcp.InDomNull, single.Desc.InDom)
	third := f.MetricOf(f.Series("c", "gauge", "x", "1"))
	assert.Equal(t, "144.5122", third.Desc.InDom.String())

	f.Src = f.AddSource("db")
	other := f.MetricOf(f.Series("a", "gauge", "x", "1"))
	assert.Equal(t, "144.2.0", other.Desc.PMID.String())
	assert.Equal(t, "144.6144", other.Desc.InDom.String())

	f.Src = web
	var last *history.Metric
	for i := 3; i < 1025; i++ {
		last = f.MetricOf(f.Series(fmt.Sprint("m", i), "gauge", "x", "1"))
		if i == 1023 {
			assert.Equal(t, "144.1.1023", last.Desc.PMID.String())
			assert.Equal(t, "144.6143", last.Desc.InDom.String())
		}
	}
	assert.Equal(t, "144.3.0", last.Desc.PMID.String())
	assert.Equal(t, "144.7168", last.Desc.InDom.String())
	assert.Equal(t, first.Labels[3].JSON(), last.Labels[3].JSON(), "the further cluster has the source's labels")
	assert.Equal(t, first, f.MetricOf(f.Series("a", "gauge", "x", "1")), "numbers stay")
}

// When the numbers are used up, more metrics are refused and counted; those
// that have one go on.
func TestNumbersEnd(t *testing.T) {
	const clusters = 4091
	f := converttest.NewFixture(t)
	kept := f.Series("a", "gauge")
	for i := 1; i < clusters; i++ {
		f.Src = f.AddSource(fmt.Sprint("s", i))
		f.Series("a", "gauge")
	}
	f.Src = f.AddSource("one_too_many")
	_, err := f.Src.Series("a", nil, prom.Family{Name: "a"})
	require.ErrorIs(t, err, mapper.ErrNumbers)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNumbers, Name: "a", Count: 1}}, f.Report.Losses())
	assert.Equal(t, "a", kept.Name())
}
