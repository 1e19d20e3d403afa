package block

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExternalLabels selects by own labels what selectors select by all labels.
func TestExternalLabels(t *testing.T) {
	thanos := &Thanos{Labels: map[string]string{"cluster": "a", "zone": "z", "empty": "", "__org_id__": "1", "": "x"}}
	external := thanos.SeriesLabels()
	assert.Equal(t, labels.FromStrings("cluster", "a", "zone", "z"), external)
	assert.True(t, (*Thanos)(nil).SeriesLabels().IsEmpty())
	series := []labels.Labels{
		labels.FromStrings("__name__", "up", "job", "x"), labels.FromStrings("__name__", "up", "cluster", "own"),
		labels.FromStrings("__name__", "up", "zone", "z", "job", ""), labels.FromStrings("__name__", "down", "empty", "e"),
	}
	assert.Equal(t, labels.FromStrings("__name__", "up", "cluster", "a", "zone", "z"), Extend(series[1], external))
	p := parser.NewParser(parser.Options{})
	for _, text := range []string{
		`up`, `up{cluster="a"}`, `up{cluster="own"}`, `up{cluster=""}`, `up{cluster!=""}`, `up{cluster!="a"}`, `{cluster="a"}`, `{cluster=~"a|b",zone=~"z.*"}`,
		`{cluster=~"a",zone!="z"}`, `{zone="z",job="x"}`, `{zone="z",job=""}`, `{empty="e"}`, `{empty!="e",cluster="a"}`,
	} {
		matchers, err := p.ParseMetricSelector(text)
		require.NoError(t, err)
		all := Selectors{matchers, {labels.MustNewMatcher(labels.MatchEqual, "cluster", "none")}}
		own, ok := all.Under(external)
		for _, lset := range series {
			assert.Equal(t, all.Select(Extend(lset, external)), ok && own.Select(lset), "%s of %s", text, lset)
		}
	}
	own, ok := Selectors(nil).Under(external)
	assert.True(t, ok)
	assert.Empty(t, own)
}
