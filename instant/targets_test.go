package instant_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// Archives of several exporters of a host overlap. Each metric of each exporter has its own
// values, whether they are read backward or forward, and a mark ends those of its exporter.
func TestTargets(t *testing.T) {
	dir := t.TempDir()
	archtest.Targets(t, dir)
	s := instant.Host(host(t, dir).Sets()[0])
	kept := instant.NewCache(instant.Options{})
	for _, x := range []struct {
		after time.Duration
		want  map[string][]float64
	}{
		{5600 * time.Millisecond, map[string][]float64{"web1:9100": {5, 15}, "web2:9100": {5000, 15000}}},
		{archtest.TargetMark + time.Millisecond, map[string][]float64{"web1:9100": {5, 15}}},
		{6100 * time.Millisecond, map[string][]float64{"web1:9100": {6, 16}}},
		{6600 * time.Millisecond, map[string][]float64{"web1:9100": {6, 16}, "web2:9100": {6000, 16000}}},
		{time.Minute, map[string][]float64{"web1:9100": {9, 19}, "web2:9100": {9000, 19000}}},
	} {
		for how, c := range map[string]*instant.Cache{"forward": kept, "backward": instant.NewCache(instant.Options{})} {
			v, err := c.At(t.Context(), s, pcp.TimestampOf(archtest.TargetsBegin.Add(x.after)), nil)
			require.NoError(t, err)
			got := map[string][]float64{}
			for _, m := range v.Metrics {
				for _, p := range m.Points {
					n, _ := p.Value.Number(m.Metric.Desc.Type)
					if m.Metric.Desc.PMID == archtest.TargetLoad {
						got[m.Metric.Target.String()] = append(got[m.Metric.Target.String()], n)
					}
				}
			}
			assert.Equal(t, x.want, got, "%s, %s", x.after, how)
			size := v.Metric(archtest.TargetSize)
			assert.Len(t, size.Points, 1)
			assert.Len(t, v.Steps(), len(x.want)+1)
		}
	}
	v, err := kept.At(t.Context(), s, pcp.TimestampOf(archtest.TargetsBegin.Add(time.Minute)), []pcp.PMID{archtest.TargetLoad, archtest.TargetSent})
	require.NoError(t, err)
	assert.Len(t, v.Metrics, 4)
	joined := v.Metric(archtest.TargetLoad)
	assert.Len(t, joined.Points, 3, "cpu:0 of web2, recorded last, and an instance of each")
	n, _ := joined.Points[0].Value.Number(pcp.TypeDouble)
	assert.InDelta(t, 9000, n, 0)
	assert.Len(t, v.Metric(archtest.TargetSent).Points, 1)
}
