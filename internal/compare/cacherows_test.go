package compare

import (
	"os"
	"time"

	"github.com/stretchr/testify/require"
)

// cacheRows measure queries over a thousand archives, and questions that were asked before.
// The cache of a first query is empty.
func cacheRows(b *bench, m *material) []row {
	pile, out, kept, grow := m.pile, b.scratch(), m.kept, m.makePile
	ask := func(cache, expr, path string, more ...string) []string {
		return append([]string{"query", "--cache", cache, expr, path}, more...)
	}
	rows := []row{{
		what: "`query 1`: open 1,000 archives of 20 hosts", prepare: grow,
		ours: ask("off", "1", pile), limit: limit{wall: 300 * time.Millisecond},
	}}
	for _, expr := range []string{"kernel_all_load", "rate(kernel_all_cpu_user[5m])"} {
		rows = append(rows, row{
			what: "`query " + expr + "` over 1,000 archives of 20 hosts: first", prepare: grow,
			ours: ask(out, expr, pile, "--step", "5m", "--output", "json"), out: out, limit: limit{wall: 4 * time.Second, over: 256 << 20},
		}, b.again(row{
			what: "the same again", prepare: grow,
			ours: ask(kept, expr, pile, "--step", "5m", "--output", "json"), limit: limit{wall: 300 * time.Millisecond},
		}))
	}
	list := func(cache, path string) []string {
		return []string{"list", "--cache", cache, "--label", "__name__", path}
	}
	rows = append(rows, row{
		what: "`list --label __name__`: first", ours: list(out, b.big), out: out, limit: limit{wall: 100 * time.Millisecond},
	}, row{
		what: "`list --label __name__` of 1,000 archives: first", prepare: grow, ours: list(out, pile), out: out, limit: limit{over: 128 << 20},
	}, b.again(row{
		what: "the same again", prepare: grow, ours: list(kept, pile), limit: limit{over: 96 << 20}, // twice what the catalogue holds, for the collector
	}))
	return append(rows, b.again(row{
		what: "`query`: the last hour of 20 hosts, again", prepare: grow,
		ours: ask(kept, "kernel_all_load", pile, "--start", "end-1h", "--step", "15s"), limit: limit{wall: 150 * time.Millisecond},
	}), b.again(row{
		what: "`query`: rate of one metric, whole range, again",
		ours: ask(kept, "rate(grown_kernel_group0_metric0[5m])", b.big, "--step", "1m"), limit: limit{wall: 100 * time.Millisecond},
	}))
}

// grow runs this program's test that writes archives, in a process of its own.
func (b *bench) grow(args ...string) { b.must(nil, os.Args[0], args...) }

// age makes the files of an archive old enough for the archive to count as closed.
func (b *bench) age(base string) {
	yesterday := time.Now().Add(-24 * time.Hour)
	for _, suffix := range []string{".0", ".meta", ".index"} {
		require.NoError(b.t, os.Chtimes(base+suffix, yesterday, yesterday))
	}
}

// again returns a row whose command has run before it is measured.
func (b *bench) again(r row) row {
	prepare := r.prepare
	r.prepare = func() {
		if prepare != nil {
			prepare()
		}
		b.age(b.big)
		b.must(nil, b.ours, r.ours...)
	}
	return r
}
