package read_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/internal/blocktest"
)

// TestExternalLabels reads two blocks with equal series and different external labels, and
// one whose external label takes the place of a label.
func TestExternalLabels(t *testing.T) {
	dir := t.TempDir()
	for name, external := range map[string]map[string]string{
		"01JD0000000000000000000001": {"replica": "1", "__org_id__": "x"},
		"01JD0000000000000000000002": {"replica": "2"},
		"01JD0000000000000000000003": {"b": "all", "c": ""},
	} {
		blocktest.Craft(t, dir, blocktest.Crafted{
			Name: name, Series: []blocktest.CraftedSeries{blocktest.PlainSeries("b", "1"), blocktest.PlainSeries("b", "2")},
			Meta: map[string]any{"ulid": name, "thanos": map[string]any{"labels": external}},
		})
	}
	for _, c := range []struct {
		match []string
		want  []string
	}{
		{nil, []string{`{__name__="a", b="1", replica="1"}`, `{__name__="a", b="1", replica="2"}`, `{__name__="a", b="2", replica="1"}`, `{__name__="a", b="2", replica="2"}`, `{__name__="a", b="all"}`}},
		{[]string{`{replica="2",b="1"}`}, []string{`{__name__="a", b="1", replica="2"}`}},
		{[]string{`{replica="1"}`, `a{replica=""}`}, []string{`{__name__="a", b="1", replica="1"}`, `{__name__="a", b="2", replica="1"}`, `{__name__="a", b="all"}`}},
		{[]string{`{b="all"}`}, []string{`{__name__="a", b="all"}`}},
		{[]string{`{replica="3"}`}, nil},
	} {
		got := blocktest.Gather(t, read.Options{Match: c.match}, dir)
		assert.Empty(t, got.Damage)
		assert.Equal(t, c.want, slices.Sorted(maps.Keys(got.Content)), c.match)
		for series, points := range got.Content {
			assert.Len(t, points, 2, series)
		}
		r, err := read.Open(t.Context(), []string{dir}, read.Options{Match: c.match})
		require.NoError(t, err)
		var listed []string
		require.NoError(t, r.Series(t.Context(), func(s *prom.Series) error {
			listed = append(listed, blocktest.Labels(s).String())
			return nil
		}))
		slices.Sort(listed)
		assert.Equal(t, c.want, slices.Compact(listed))
		require.NoError(t, r.Close())
	}
	r, err := read.Open(t.Context(), []string{dir}, read.Options{})
	require.NoError(t, err)
	defer r.Close()
	for _, c := range []struct {
		label string
		all   []read.Condition
		want  []string
	}{
		{"replica", nil, []string{"", "1", "2"}},
		{"replica", []read.Condition{{Label: "b", Values: []string{"2"}}}, []string{"1", "2"}},
		{"b", []read.Condition{{Label: "replica", Values: []string{"", "7"}}}, []string{"all"}},
		{"b", []read.Condition{{Label: "replica", Values: []string{"1"}}}, []string{"1", "2"}},
		{"replica", []read.Condition{{Label: "b", Values: []string{"none"}}}, nil},
	} {
		got, err := r.LabelValues(t.Context(), c.label, c.all...)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, "%s %v", c.label, c.all)
	}
}
