package tsdb_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/tsdbtest"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

func TestHistogramsFromBlockToBlock(t *testing.T) {
	theirs := tsdbtest.PromBlock(t, t.TempDir(), func(app storage.AppenderV2) { tsdbtest.FillHistograms(t, app) })
	want := tsdbtest.ReadHistograms(t, theirs)
	require.Len(t, want, 6)
	block := tsdbtest.ToBlock(t, theirs)
	assert.Equal(t, want, tsdbtest.ReadHistograms(t, block.Dir))
	assert.NotZero(t, block.Histograms)
	assert.Less(t, block.Histograms, block.Samples)
}

func TestHistogramsThroughAnArchive(t *testing.T) {
	theirs := tsdbtest.PromBlock(t, t.TempDir(), func(app storage.AppenderV2) { tsdbtest.FillHistograms(t, app) })
	report := &prom.Report{}
	r, err := read.Open(t.Context(), []string{theirs}, read.Options{Report: report})
	require.NoError(t, err)
	mapper, err := mapper.New(mapper.Options{Host: "h", Report: report})
	require.NoError(t, err)
	base := filepath.Join(t.TempDir(), "a")
	w, err := archive.Create(base, archive.Header{Host: "h", PID: 1}, nil)
	require.NoError(t, err)
	a := assemble.New(convert.NewToArchive(w), mapper, assemble.Options{Report: report})
	require.NoError(t, r.Samples(t.Context(), a))
	require.NoError(t, sinktest.Finish(a))
	require.NoError(t, r.Close())

	ar, err := archive.Open(base, nil)
	require.NoError(t, err)
	b, _ := blocktest.NewBlocks(t, write.Options{Report: report})
	f := flatten.New(b, flatten.Options{TargetLabels: true, Report: report})
	require.NoError(t, convert.Copy(context.Background(), f, convert.FromArchive(ar, history.Query{})))
	require.NoError(t, sinktest.Finish(b))
	assert.Empty(t, report.Losses())
	require.Len(t, b.Written(), 1)
	assert.Equal(t, tsdbtest.ReadHistograms(t, theirs), tsdbtest.ReadHistograms(t, b.Written()[0].Dir))
}

func TestHistogramOrder(t *testing.T) {
	report := &prom.Report{}
	b, _ := blocktest.NewBlocks(t, write.Options{Report: report})
	s := blocktest.NewSeries(0, "h", "x")
	data, err := nativehist.Encode(tsdbutil.GenerateTestHistogram(1), nil)
	require.NoError(t, err)
	var order *write.OrderError
	require.NoError(t, sinktest.PutHistogram(b, s, blocktest.Noon, data))
	require.ErrorAs(t, sinktest.PutHistogram(b, s, blocktest.Noon-1, data), &order)
	require.ErrorAs(t, sinktest.Put(b, s, blocktest.Noon-1, 1), &order)
	require.NoError(t, sinktest.PutHistogram(b, s, blocktest.Noon, data))
	require.NoError(t, sinktest.Put(b, s, blocktest.Noon, 1))
	require.NoError(t, sinktest.Put(b, s, blocktest.Noon+1, 1))
	require.NoError(t, sinktest.PutHistogram(b, s, blocktest.Noon+1, data))
	require.ErrorAs(t, sinktest.PutHistogram(b, s, blocktest.Noon, data), &order)
	require.NoError(t, sinktest.PutHistogram(b, s, blocktest.Noon+2, []byte("damaged")))
	assert.Equal(t, []prom.LossCount{
		{Loss: prom.LossSameTime, Name: "h", Count: 3}, {Loss: prom.LossUndecodable, Name: "h", Count: 1},
	}, report.Losses())
	require.NoError(t, sinktest.Finish(b))
	got := tsdbtest.ReadHistograms(t, b.Written()[0].Dir)
	require.Len(t, got, 1)
	for _, lines := range got {
		assert.Len(t, lines, 2)
	}
}
