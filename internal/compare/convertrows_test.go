package compare

import (
	"path/filepath"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// growSamples is how many of the archive's values are numbers, which Prometheus
// can have.
const growSamples = growValues - float64(ticks*processes*growTexts)

// convertRows measures the converters.
func convertRows(b *bench) []row {
	out, text, blocks := b.scratch(), filepath.Join(b.dir, "big.om"), filepath.Join(b.dir, "blocks")
	return []row{
		{
			what: "`export tsdb`: archive to blocks",
			ours: []string{"export", "tsdb", b.big, "-o", out},
			out:  out, amount: growSamples, unit: "samples", limit: limit{rate: 5e6},
		},
		{
			what: "`export openmetrics`: archive to text",
			ours: []string{"export", "openmetrics", b.big, "--start", "start", "-o", filepath.Join(out, "big.om")},
			out:  out, amount: growSamples, unit: "samples",
		},
		{
			what: "`convert`: text to blocks of two hours",
			ours: []string{"convert", text, out, "--to", "blocks", "--block-duration", "2h"},
			ref:  []string{oracle.Path(b.t, "promtool"), "tsdb", "create-blocks-from", "openmetrics", text, out}, refRuns: 1,
			out: out, amount: growSamples, unit: "samples", limit: limit{ratio: 0.2, memRatio: 0.2},
			prepare: func() { b.must(nil, b.ours, "convert", b.big, text) },
		},
		{
			what: "`import tsdb`: blocks to an archive",
			ours: []string{"import", "tsdb", blocks, "-o", filepath.Join(out, "back")},
			out:  out, amount: growSamples, unit: "samples", limit: limit{rate: 3e6},
			prepare: func() { b.must(nil, b.ours, "export", "tsdb", b.big, "-o", blocks) },
		},
	}
}
