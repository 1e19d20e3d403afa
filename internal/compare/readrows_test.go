package compare

import (
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// readRows compares the commands that read archives and write them anew.
func readRows(b *bench) []row {
	pmdumplog := oracle.Path(b.t, "pmdumplog")
	out := b.scratch()
	memory := func(l limit) limit {
		l.over, l.base = 64<<20, b.size(b.big+".meta")
		return l
	}
	return []row{
		{
			what: "`info`: open, and say what is in it",
			ours: []string{"info", b.big}, ref: []string{pmdumplog, "-l", b.big},
			limit: memory(limit{wall: 30 * time.Millisecond}),
		},
		{
			what: "`dump`: print every value",
			ours: []string{"dump", "-z", b.big}, ref: []string{pmdumplog, "-z", b.big}, refRuns: 3,
			amount: growValues, unit: "values", limit: memory(limit{ratio: 0.5}),
		},
		{
			what: "`check`: find what is wrong",
			ours: []string{"check", b.big}, ref: []string{oracle.Path(b.t, "pmlogcheck"), b.big},
			amount: growValues, unit: "values", limit: memory(limit{ratio: 0.5}),
		},
		{
			what: "`copy`: decode and encode every record",
			ours: []string{"copy", b.big, filepath.Join(out, "copy")},
			ref:  []string{oracle.Path(b.t, "pmlogextract"), b.big, filepath.Join(out, "copy")},
			out:  out, amount: growValues, unit: "values", limit: memory(limit{ratio: 0.8}),
		},
		{
			what: "`copy --start end-10m`: the end alone",
			ours: []string{"copy", "--start", "end-10m", b.big, filepath.Join(out, "copy")},
			ref:  []string{oracle.Path(b.t, "pmlogextract"), "-S", "-10m", b.big, filepath.Join(out, "copy")},
			out:  out, limit: memory(limit{}),
		},
		{
			what: "`summary`: statistics of every series",
			ours: []string{"summary", b.big}, ref: []string{oracle.Path(b.t, "pmlogsummary"), b.big},
			amount: growValues, unit: "values", limit: memory(limit{ratio: 1}),
		},
		{
			what: "`values`: 700 metrics each minute, interpolated, as CSV",
			ours: []string{"values", b.big, "grown.kernel", "--step", "1min", "--output", "csv"},
			ref:  []string{oracle.Path(b.t, "pmrep"), "-a", b.big, "-z", "-t", "1min", "-o", "csv", "grown.kernel"}, refRuns: 1,
			amount: singulars * growHours * 60, unit: "values", limit: limit{ratio: 0.2},
		},
		{
			what:   "`query`: rate of one metric, whole range",
			ours:   []string{"query", "--cache", "off", "rate(grown_kernel_group0_metric0[5m])", b.big, "--step", "1m"},
			amount: growValues, unit: "values passed", limit: memory(limit{}),
		},
	}
}
