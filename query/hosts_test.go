package query

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
)

// TestSeriesOfHostsAreToldApart: series of several hosts with equal labels stay
// several series, also where the new label makes one equal to a third.
func TestSeriesOfHostsAreToldApart(t *testing.T) {
	owners := map[*packedSeries]string{}
	set := &seriesSet{at: -1}
	for _, s := range []struct {
		host   string
		labels []string
	}{
		{"a", []string{"__name__", "up", "job", "j"}},
		{"b", []string{"__name__", "up", "job", "j"}},
		{"c", []string{"__name__", "up", "job", "j", "hostname", "a"}},
		{"a", []string{"__name__", "up", "job", "other"}},
	} {
		ser := &packedSeries{labels: labels.FromStrings(s.labels...)}
		owners[ser] = s.host
		set.series = append(set.series, storage.Series(ser))
	}
	set.separate(owners)
	var got []string
	for set.Next() {
		got = append(got, set.At().Labels().String())
	}
	assert.Equal(t, []string{
		`{__name__="up", hostname="a", job="j"}`, `{__name__="up", hostname="b", job="j"}`,
		`{__name__="up", hostname="c", job="j"}`, `{__name__="up", job="other"}`,
	}, got)
	said := set.warnings.AsErrors()
	assert.Len(t, said, 2)
	assert.ErrorAs(t, said[0], new(*HostsWarning))
}
