package mapper_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/pcp"
)

// Labels come back as they were, whatever is in them.
func TestOddLabels(t *testing.T) {
	f := converttest.NewFixture(t)
	var all []*mapper.Series
	for _, v := range converttest.OddValues {
		all = append(all, f.Series("m", "gauge", "k", v, "l.é", v))
	}
	out := &converttest.Seen{}
	flat := flatten.New(sinktest.Sink(out), flatten.Options{})
	step := f.Step(all...)
	require.NoError(t, flat.Put(step))
	require.Len(t, step.Metrics[0].InDom.Instances, len(converttest.OddValues))
	for i, v := range converttest.OddValues {
		assert.Equal(t, v, step.Metrics[0].Points[i].Series.Labels.Text("k"))
		key := "m k=" + v + " l.é=" + v
		if v == "" {
			key = "m"
		}
		assert.Contains(t, out.Series, key)
	}
	assert.Empty(t, f.Report.Losses())
}

// Labels that no label set holds are refused and counted; the rest of the
// metric is recorded.
func TestTooManyLabels(t *testing.T) {
	tests := map[string]struct {
		labels []prom.Label
		err    error
	}{
		"value":   {converttest.Labels([]string{"a", strings.Repeat("x", 65_535)}), pcp.ErrLimit},
		"escaped": {converttest.Labels([]string{"a", strings.Repeat("\x01", 11_000)}), pcp.ErrLimit},
		"name":    {converttest.Labels([]string{strings.Repeat("n", 255), "x"}), pcp.ErrRange},
		"number":  {manyLabels(256), pcp.ErrLimit},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := converttest.NewFixture(t)
			fits := f.Series("m", "gauge", "a", strings.Repeat("x", 65_000))
			for range 2 {
				_, err := f.Src.Series("m", test.labels, prom.Family{Name: "m", Type: "gauge"})
				require.ErrorIs(t, err, test.err)
				assert.ErrorContains(t, err, "m: ")
			}
			most, err := f.Src.Series("m", manyLabels(255), prom.Family{Name: "m", Type: "gauge"})
			require.NoError(t, err)
			step := f.Step(fits, most)
			assert.Len(t, step.Metrics[0].Points, 2)
			assert.Equal(t, []pcp.InstID{0, 1}, instances(step.Metrics[0]), "a series that is refused takes no number")
			assert.Equal(t, []prom.LossCount{{Loss: prom.LossLabels, Name: "m", Count: 2}}, f.Report.Losses())
		})
	}
}

func manyLabels(n int) []prom.Label {
	labels := make([]prom.Label, n)
	for i := range labels {
		labels[i] = prom.Label{Name: fmt.Sprintf("l%03d", i), Value: "v"}
	}
	return labels
}

// A family whose name fills a label set cannot be kept. It is counted, and takes
// neither number nor name.
func TestTooLongFamily(t *testing.T) {
	f := converttest.NewFixture(t)
	name := strings.Repeat("n", 66_000)
	_, err := f.Src.Series("m", nil, prom.Family{Name: name, Type: "gauge"})
	require.ErrorIs(t, err, pcp.ErrLimit)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossLabels, Name: "m", Count: 1}}, f.Report.Losses())
	m := f.MetricOf(f.Series("m", "gauge"))
	assert.Equal(t, "openmetrics.web.m", m.Name)
	assert.Equal(t, "144.1.0", m.Desc.PMID.String())
}

func instances(mv history.MetricValues) []pcp.InstID {
	var ids []pcp.InstID
	for _, in := range mv.InDom.Instances {
		ids = append(ids, in.ID)
	}
	return ids
}
