package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestQueryOfSpoiltHistogram has a native histogram among others that cannot be
// one: it is named, and the exit status tells.
func TestQueryOfSpoiltHistogram(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web"})
	require.NoError(t, err)
	sink := convert.NewToArchive(a)
	for n := range 3 {
		h := &histogram.Histogram{Count: 4, Sum: 1.5, ZeroThreshold: 0.5, ZeroCount: 4}
		if n == 1 {
			h.PositiveBuckets = []int64{1} // without a span
		}
		data, err := nativehist.Encode(h, nil)
		require.NoError(t, err)
		src.Begin(pcp.TimestampOf(time.Date(2026, 3, 1, 12, n, 0, 0, time.UTC)))
		s, err := src.HistogramSeries("rpc", nil, prom.Family{Name: "rpc", Type: prom.TypeHistogram})
		require.NoError(t, err)
		src.SetHistogram(s, data)
		require.NoError(t, sink.Put(src.Step()))
	}
	require.NoError(t, a.Close())

	var stdout, stderr bytes.Buffer
	std := streams{in: strings.NewReader(""), out: &stdout, err: &stderr}
	assert.Equal(t, exitSkipped, run([]string{"query", "rpc", base, "--start", "start", "--step", "2m"}, std))
	assert.Equal(t, `SERIES  TIME                     VALUE
rpc     2026-03-01 12:00:00 UTC  {count:4, sum:1.5, [-0.5,0.5]:4}
rpc     2026-03-01 12:02:00 UTC  {count:4, sum:1.5, [-0.5,0.5]:4}
`, stdout.String())
	assert.Equal(t, "pcparchive: skipped: value does not fit its type: once: rpc\n", stderr.String())
}
