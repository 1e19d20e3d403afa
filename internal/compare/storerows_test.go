package compare

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// longTimes is how many times ten hours the long archive covers: 1.4 GB in 80 hours.
const longTimes = 8

// material is what rows of many archives, of long and of compressed ones read. Each is made
// when the first row needs it.
type material struct {
	long, pile, blocks     string
	makeLong, makePile     func()
	makeBlocks, makePacked func()
	packed                 []packed
	kept                   string // cache of questions that were asked before
}

// packed is the big archive with its volume compressed.
type packed struct {
	what, base, volume string
	ref                []string // decompresses the volume
	ratio              float64  // limit of our time to that
}

func newMaterial(b *bench) *material {
	m := &material{
		long: filepath.Join(b.dir, "long", "long"), pile: filepath.Join(b.dir, "pile"),
		blocks: filepath.Join(b.dir, "longblocks"), kept: filepath.Join(b.dir, "kept"),
	}
	m.makeLong = sync.OnceFunc(func() {
		if _, err := os.Stat(m.long + ".0"); err == nil {
			return // another group has made it
		}
		require.NoError(b.t, os.MkdirAll(filepath.Dir(m.long), 0o755))
		b.grow("-test.run=^TestGrow$", "-grow="+m.long, "-long="+strconv.Itoa(longTimes))
		b.age(m.long)
	})
	m.makePile = sync.OnceFunc(func() {
		if _, err := os.Stat(m.pile); err != nil {
			b.grow("-test.run=^TestThousand$", "-thousand="+m.pile)
		}
	})
	m.makeBlocks = sync.OnceFunc(func() {
		m.makeLong()
		b.must(nil, b.ours, "export", "tsdb", m.long, "-o", m.blocks)
	})
	xz, zstd := oracle.Path(b.t, "xz"), oracle.Path(b.t, "zstd")
	for _, p := range []packed{
		{what: "a `.xz` of one block", volume: "one/big.0.xz", ref: []string{xz, "-dc"}, ratio: 1.6},
		{what: "a `.xz` in blocks of 1 MiB", volume: "blocks/big.0.xz", ref: []string{xz, "-dc"}, ratio: 1},
		{what: "our zstd", volume: "zstd/big.0.zst", ref: []string{zstd, "-dc"}, ratio: 1.2},
	} {
		p.volume = filepath.Join(b.dir, p.volume)
		p.base, p.ref = filepath.Join(filepath.Dir(p.volume), "big"), append(p.ref, p.volume)
		m.packed = append(m.packed, p)
	}
	m.makePacked = sync.OnceFunc(func() { b.pack(m.packed, xz) })
	return m
}

// pack compresses the big archive: as pmlogger_daily does, with small blocks, and as ours.
func (b *bench) pack(all []packed, xz string) {
	if _, err := os.Stat(all[0].volume); err == nil {
		return // another group has made them
	}
	for i, options := range [][]string{{"-T1"}, {"--block-size=1MiB"}, nil} {
		require.NoError(b.t, os.MkdirAll(filepath.Dir(all[i].volume), 0o755))
		if options == nil {
			b.must(nil, b.ours, "copy", "--compress=zstd", b.big, all[i].base)
			require.FileExists(b.t, all[i].volume)
			continue
		}
		for _, suffix := range []string{".0", ".meta", ".index"} {
			b.duplicate(b.big+suffix, all[i].base+suffix)
		}
		b.must(nil, xz, append(options, "-0", all[i].base+".0")...)
	}
}

func (b *bench) duplicate(from, to string) {
	in, err := os.Open(from)
	require.NoError(b.t, err)
	out, err := os.Create(to)
	require.NoError(b.t, err)
	_, err = io.Copy(out, in)
	require.NoError(b.t, err)
	require.NoError(b.t, in.Close())
	require.NoError(b.t, out.Close())
}

// longRows measure questions about an archive of 1.4 GB, without and with a cache.
func longRows(b *bench, m *material) []row {
	out := b.scratch()
	panels := row{what: "`query`: ten panels of 24 h at 15 s of 1.4 GB, without cache", prepare: m.makeLong, limit: limit{wall: time.Second}}
	for i, expr := range panelExprs {
		one := []string{"query", "--cache", "off", "--output", "json", expr, m.long, "--start", "end-24h", "--step", "15s"}
		if i == 0 {
			panels.ours = one
		} else {
			panels.more = append(panels.more, &row{ours: one})
		}
	}
	rows := []row{
		{
			what: "`query`: one metric of 1.4 GB in 80 h, whole range, cold", prepare: m.makeLong,
			ours:   []string{"query", "--cache", "off", "grown_kernel_group0_metric0", m.long, "--step", "1m"},
			amount: longTimes * growValues, unit: "values passed", limit: limit{wall: 600 * time.Millisecond, over: 64 << 20},
		},
		panels,
		b.warmPanels(m, panels),
	}
	for _, l := range []struct {
		what string
		args []string
	}{
		{"`list`: metrics and label names of 1.4 GB", nil},
		{"`list --label __name__`: its values", []string{"--label", "__name__"}},
	} {
		rows = append(rows, row{
			what: l.what + ", cold", prepare: m.makeLong, out: out,
			ours: append([]string{"list", m.long, "--cache", out}, l.args...), limit: limit{wall: 100 * time.Millisecond},
		}, b.again(row{
			what: l.what + ", again", prepare: m.makeLong,
			ours: append([]string{"list", m.long, "--cache", m.kept}, l.args...), limit: limit{wall: 10 * time.Millisecond},
		}))
	}
	return append(rows, row{
		what: "building the cache of 175 MB", self: true, out: out, ours: []string{"-test.run=^TestBuild$", "-build=" + b.big, "-cache=" + out},
		amount: growSamples, unit: "samples", limit: limit{rate: 5e6, of: b.size(b.big + ".0")},
	})
}

// warmPanels is a row of the same panels, from the cache.
func (b *bench) warmPanels(m *material, cold row) row {
	warm := func(args []string) []string {
		return append([]string{"query", "--cache", m.kept}, args[3:]...)
	}
	r := row{what: "the same from the cache", ours: warm(cold.ours)}
	for _, next := range cold.more {
		r.more = append(r.more, &row{ours: warm(next.ours)})
	}
	r.prepare = func() {
		m.makeLong()
		for _, each := range append([]*row{{ours: r.ours}}, r.more...) {
			b.must(nil, b.ours, each.ours...)
		}
	}
	return r
}

// compressedRows measure what is asked first of a compressed archive, and again.
func compressedRows(b *bench, m *material) (rows []row) {
	out := b.scratch()
	questions := []struct {
		what string
		args func(cache, base string) []string
	}{
		{"a rate over the whole range", func(cache, base string) []string {
			return []string{"query", "--cache", cache, "rate(grown_kernel_group0_metric0[5m])", base, "--step", "1m"}
		}},
		{"an instant query at the end", func(cache, base string) []string {
			return []string{"query", "--cache", cache, "grown_kernel_group0_metric0", base}
		}},
		{"`export prom`", func(_, base string) []string { return []string{"export", "prom", base} }},
	}
	for _, p := range m.packed {
		for i, q := range questions {
			rows = append(rows, row{
				what: "175 MB as " + p.what + ": " + q.what, prepare: m.makePacked, out: out,
				ours: q.args(out, p.base), ref: p.ref, limit: limit{ratio: p.ratio},
			})
			if i < 2 {
				rows = append(rows, b.again(row{
					what: "the same again", prepare: m.makePacked,
					ours: q.args(m.kept, p.base), limit: limit{wall: 200 * time.Millisecond},
				}))
			}
		}
	}
	return rows
}
