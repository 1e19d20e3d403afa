package query

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestTargetsOfOneHost reads the archives of two targets of a host, recorded in turn: the
// series of each go on while the other is scraped.
func TestTargetsOfOneHost(t *testing.T) {
	dir := t.TempDir()
	for n, instance := range []string{"h:1", "h:2"} {
		m, err := mapper.New(mapper.Options{Host: "h"})
		require.NoError(t, err)
		src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: instance, URL: "http://" + instance + "/"})
		require.NoError(t, err)
		out, err := archive.Create(filepath.Join(dir, "web-"+instance[2:]), archive.Header{Host: "h", Zone: "UTC"}, nil)
		require.NoError(t, err)
		sink := convert.NewToArchive(out)
		for i := range int64(5) {
			src.Begin(pcp.Timestamp{Sec: 1000 + 10*i + int64(n)})
			ser, err := src.Series("x", []prom.Label{{Name: "k", Value: instance}}, prom.Family{Name: "x", Type: prom.TypeGauge})
			require.NoError(t, err)
			src.Set(ser, float64(i))
			src.SetHealth(mapper.Health{Up: 1})
			require.NoError(t, sink.Put(src.Step()))
		}
		require.NoError(t, sink.Close())
	}
	e := newSetEngine(t, Options{}, dir)
	for _, expr := range []string{"count(up)", "count(x)"} {
		q, err := e.Range(t.Context(), expr, time.Unix(1001, 0), time.Unix(1041, 0), time.Second)
		require.NoError(t, err)
		matrix, err := q.Exec(t.Context()).Matrix()
		require.NoError(t, err)
		require.Len(t, matrix, 1)
		require.Len(t, matrix[0].Floats, 41)
		for _, p := range matrix[0].Floats {
			assert.InDelta(t, 2, p.F, 0, "%s at %d", expr, p.T)
		}
		q.Close()
	}
}
