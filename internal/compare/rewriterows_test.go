package compare

import (
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// changes are rules that renumber every metric, convert the values of many, and rename
// instances.
const changes = `metric 60.*.* { pmid -> 160.*.* type if 32 -> 64 type if U32 -> U64 }
indom 60.1 { indom -> 160.1 }
`

// rewriteRows compares the commands that change and thin archives.
func rewriteRows(b *bench) []row {
	out, rules := b.scratch(), filepath.Join(b.dir, "changes.conf")
	memory := func(ratio float64) limit { return limit{ratio: ratio, over: 64 << 20, base: b.size(b.big + ".meta")} }
	prepare := func() { require.NoError(b.t, os.WriteFile(rules, []byte(changes), 0o644)) }
	return []row{
		{
			what: "`rewrite`: renumber and convert every metric",
			ours: []string{"rewrite", "-c", rules, b.big, filepath.Join(out, "new")},
			ref:  []string{oracle.Path(b.t, "pmlogrewrite"), "-c", rules, b.big, filepath.Join(out, "new")},
			out:  out, prepare: prepare, amount: growValues, unit: "values", limit: memory(0.8),
		},
		{
			what: "`reduce`: one record every ten minutes",
			ours: []string{"reduce", b.big, filepath.Join(out, "thin")},
			ref:  []string{oracle.Path(b.t, "pmlogreduce"), b.big, filepath.Join(out, "thin")}, refRuns: 1,
			out: out, amount: growValues, unit: "values", limit: memory(0.8),
		},
	}
}
