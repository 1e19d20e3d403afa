package values_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/values"
)

// begin is the time of the first record of write.
var begin = time.Unix(1_700_000_000, 0).UTC()

// write writes an archive with a counter of bytes, a gauge of two instances and a text,
// every ten seconds.
func write(t *testing.T, host string) *store.Set {
	base := filepath.Join(t.TempDir(), host)
	b, err := archive.NewBuilder(base, host, nil)
	require.NoError(t, err)
	sent := b.Metric("net.sent", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimSpace: 1})
	load := b.Metric("load", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}, "1 minute", "5 minute")
	for i := range 4 {
		sent.Set(i * 10_240)
		load.Set(float64(i), float64(i)/2)
		require.NoError(t, b.Record(begin.Add(time.Duration(i)*10*time.Second)))
	}
	require.NoError(t, b.Close())
	return storetest.Open(t, base)
}

// numbers returns the values of all rows by header.
func numbers(t *testing.T, set *store.Set, o values.Options) map[string][]float64 {
	got := map[string][]float64{}
	for row, err := range values.Rows(t.Context(), set, o) {
		require.NoError(t, err)
		for _, c := range row.Cells {
			v, ok := c.Number()
			require.True(t, ok)
			got[c.Column.Header()] = append(got[c.Column.Header()], v)
		}
	}
	return got
}

func TestRows(t *testing.T) {
	set := write(t, "web1")
	assert.Equal(t, map[string][]float64{
		"net.sent": {0, 10240, 20480, 30720}, "load[1 minute]": {0, 1, 2, 3}, "load[5 minute]": {0, .5, 1, 1.5},
	}, numbers(t, set, values.Options{}), "as recorded")
	kbytes := []pcp.Units{{DimSpace: 1, DimTime: -1, ScaleSpace: pcp.SpaceKbyte, ScaleTime: pcp.TimeSec}}
	assert.Equal(t, map[string][]float64{"net.sent": {1, 1, 1}},
		numbers(t, set, values.Options{Specs: []values.Spec{{Name: "net"}}, Rates: true, Units: kbytes}), "rates in Kbyte/sec")
	assert.Equal(t, map[string][]float64{"net.sent": {0, 5120, 10240}, "load[5 minute]": {0, 0, .5}},
		numbers(t, set, values.Options{
			Specs: []values.Spec{{Name: "net.sent"}, {Name: "load", Instances: []string{"5"}}},
			From:  pcp.TimestampOf(begin), To: pcp.TimestampOf(begin.Add(10 * time.Second)), Step: 5 * time.Second, Earlier: true,
		}), "interpolated")
}

func TestLayout(t *testing.T) {
	sets := []*store.Set{write(t, "web1"), write(t, "web2")}
	o := values.Options{Specs: []values.Spec{{Name: "load", Instances: []string{"5 minute"}}, {Name: "net"}}}
	l, err := values.NewLayout(t.Context(), sets, o)
	require.NoError(t, err)
	var heads []string
	for i, c := range l.Columns {
		heads = append(heads, l.Hosts[i]+":"+c.Header())
	}
	assert.Equal(t, []string{"web1:load[5 minute]", "web1:net.sent", "web2:load[5 minute]", "web2:net.sent"}, heads)
	var cells [][]string
	for line, err := range l.Lines(t.Context()) {
		require.NoError(t, err)
		var row []string
		for _, c := range line.Cells {
			row = append(row, c.Text(-1))
		}
		cells = append(cells, row)
	}
	assert.Equal(t, [][]string{
		{"0", "0", "0", "0"}, {"0.5", "10240", "0.5", "10240"}, {"1", "20480", "1", "20480"}, {"1.5", "30720", "1.5", "30720"},
	}, cells)
}
