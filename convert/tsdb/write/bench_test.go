package write_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// BenchmarkBlocks writes rows of samples, one for each of many series, as an
// archive has them: 30 % of the series are constant, 40 % counters and 30 %
// fractions.
func BenchmarkBlocks(b *testing.B) {
	for _, size := range []struct{ series, rows int }{{5000, 2000}, {100000, 300}} {
		b.Run(fmt.Sprintf("series=%d/rows=%d", size.series, size.rows), func(b *testing.B) {
			all := blocktest.ManySeries(size.series)
			b.ReportAllocs()
			var bytes int64
			for b.Loop() {
				blocks, err := write.NewBlocks(b.TempDir(), write.Options{})
				require.NoError(b, err)
				writeRows(b, blocks, all, size.rows)
				require.NoError(b, sinktest.Finish(blocks))
				bytes = blocks.Written()[0].Bytes
			}
			n := float64(size.series * size.rows)
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds()/1e6, "Msamples/s")
			b.ReportMetric(float64(bytes)/n, "B/sample")
		})
	}
}

func writeRows(b *testing.B, dst prom.SampleSink, all []*prom.Series, rows int) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	state := uint64(1)
	for row := range rows {
		t := start + int64(row)*15000
		for i, s := range all {
			v := float64(i)
			state = state*6364136223846793005 + 1442695040888963407
			switch {
			case i%10 >= 7:
				v = float64(state>>11) / (1 << 53)
			case i%10 >= 3:
				v = float64(row*(i%97+1)*10 + int(state>>61))
			}
			if err := sinktest.Put(dst, s, t, v); err != nil {
				b.Fatal(err)
			}
		}
	}
}
