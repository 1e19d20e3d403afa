package expo

import (
	"fmt"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// shown takes samples "series time value" into a Snapshot and returns what is
// alive.
func shown(t *testing.T, o SnapshotOptions, samples ...[3]float64) string {
	t.Helper()
	s := NewSnapshot(o)
	family := &prom.Family{Name: "f", Type: prom.TypeGauge}
	series := map[float64]*prom.Series{}
	for _, at := range samples {
		if series[at[0]] == nil {
			series[at[0]] = &prom.Series{Family: family, Name: fmt.Sprint("f", at[0]), ID: len(series)}
		}
		require.NoError(t, sinktest.Put(s, series[at[0]], int64(at[1]), at[2]))
	}
	out := ""
	for _, f := range s.Families() {
		for _, x := range f.Samples {
			out += fmt.Sprintf("%s=%v@%d ", x.Name, x.Value, x.Time)
		}
	}
	return out
}

func TestSnapshot(t *testing.T) {
	samples := [][3]float64{
		{1, 1000, 10}, {2, 1000, 20}, {3, 1500, 30},
		{1, 2000, 11}, {2, 2000, prom.StaleNaN},
		{1, 3000, 12}, {2, 3000, 21},
	}
	at := func(ms int64) SnapshotOptions { return SnapshotOptions{At: time.UnixMilli(ms)} }
	assert.Equal(t, "", shown(t, at(999), samples...))
	assert.Equal(t, "f1=10@1000 f2=20@1000 ", shown(t, at(1499), samples...))
	assert.Equal(t, "f1=11@2000 f3=30@1500 ", shown(t, at(2000), samples...), "series 2 ended")
	assert.Equal(t, "f1=12@3000 f2=21@3000 f3=30@1500 ", shown(t, SnapshotOptions{}, samples...))
	o := at(4000)
	o.Lookback = 2500 * time.Millisecond
	assert.Equal(t, "f1=12@3000 f2=21@3000 ", shown(t, o, samples...), "as old as the look-back is too old")
	o.At = time.Time{}
	assert.Equal(t, "f1=12@3000 f2=21@3000 f3=30@1500 ", shown(t, o, samples...), "back from the last value")
	o.Lookback = time.Second
	assert.Equal(t, "f1=12@3000 f2=21@3000 ", shown(t, o, samples...))
	assert.Equal(t, "", shown(t, o))
}

// TestSnapshotFamilies merges families of one name and type that differ in
// their help, as targets and times may.
func TestSnapshotFamilies(t *testing.T) {
	s := NewSnapshot(SnapshotOptions{})
	for i, f := range []prom.Family{
		{Name: "a", Type: prom.TypeGauge, Help: "old"}, {Name: "b", Type: prom.TypeGauge},
		{Name: "a", Type: prom.TypeGauge, Help: "new"},
	} {
		require.NoError(t, sinktest.Put(s, &prom.Series{Family: &f, Name: f.Name, ID: i}, 0, float64(i)))
	}
	families := s.Families()
	require.Len(t, families, 2)
	assert.Equal(t, "new", families[0].Help)
	assert.Len(t, families[0].Samples, 2)
}

// TestNativeCounter writes a metric that never was Prometheus'.
func TestNativeCounter(t *testing.T) {
	snapshot := NewSnapshot(SnapshotOptions{})
	f := flatten.New(snapshot, flatten.Options{})
	in := pcp.NewInDomID(60, 1)
	metric := &history.Metric{
		Name: "disk.dev.read", Help: "reads",
		Desc: &meta.Desc{PMID: pcp.NewPMID(60, 0, 4), Type: pcp.TypeU32, InDom: in, Sem: pcp.SemCounter},
	}
	series := &history.Series{Metric: metric, Inst: meta.Instance{ID: 0, Name: "sda"}}
	step := &history.Step{Stamp: stamp(scrapeTime), Metrics: []history.MetricValues{{
		Metric: metric, Points: []history.Point{{Series: series, Value: history.Value{Type: pcp.TypeU32, Bits: 7}}},
	}}}
	require.NoError(t, f.Put(step))
	assert.Equal(t, "# HELP disk_dev_read reads\n# TYPE disk_dev_read counter\ndisk_dev_read{instname=\"sda\"} 7 1700000000123\n",
		pageOf(t, snapshot.Families(), Options{Timestamps: true}))
	assert.Equal(t, "# HELP disk_dev_read reads\\n# TYPE disk_dev_read counter\ndisk_dev_read{instname=\"sda\"} 7.0\n# EOF\n",
		pageOf(t, snapshot.Families(), Options{Format: OpenMetrics}))
}
