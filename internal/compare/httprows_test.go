package compare

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"
)

// panelExprs are the panels of a dashboard over the long archive.
var panelExprs = []string{
	"rate(grown_kernel_group0_metric0[5m])",
	"rate(grown_kernel_group3_metric155[1m])",
	"grown_kernel_group5_metric282",
	"rate(grown_disk_kind0_metric700[5m])",
	"sum(rate(grown_disk_kind9_metric728[1m]))",
	"grown_disk_kind20_metric762",
	"sum by (hostname) (rate(grown_disk_kind30_metric791[5m]))",
	"topk(3, rate(grown_proc_metric821[5m]))",
	"sum(grown_proc_metric822)",
	"grown_kernel_group10_metric500",
}

const (
	growStart = 1_700_000_000
	longEnd   = growStart + longTimes*ticks*10
	pileEnd   = 1_750_000_000 - 1_750_000_000%86400 + pileArchives*pileMinutes*60
)

func rangePath(expr string, start, end, step int) string {
	v := url.Values{"query": {expr}, "start": {fmt.Sprint(start)}, "end": {fmt.Sprint(end)}, "step": {fmt.Sprint(step)}}
	return "/api/v1/query_range?" + v.Encode()
}

// httpRows ask a running server what the other rows ask commands. A limit is a fifth above
// that of the command.
func httpRows(b *bench, m *material) []row {
	return append(append(httpPanels(m), httpPacked(b, m)...), httpPile(b, m)...)
}

// httpPanels ask about the long archive, and a Prometheus about its blocks.
func httpPanels(m *material) []row {
	var panels []string
	for _, expr := range panelExprs {
		panels = append(panels, rangePath(expr, longEnd-24*3600, longEnd, 15))
	}
	kept := []string{m.long, "--cache", m.kept}
	whole := rangePath("grown_kernel_group0_metric0", growStart, longEnd, 60)
	rows := []row{
		{
			what: "HTTP: one metric of 1.4 GB in 80 h, whole range, without cache", prepare: m.makeLong,
			asks: &questions{paths: []string{whole}, serve: []string{m.long, "--cache", "off"}}, limit: limit{wall: 720 * time.Millisecond},
		},
		{
			what: "HTTP: ten panels of 24 h at 15 s, one after the other, without cache", prepare: m.makeBlocks,
			asks: &questions{paths: panels, serve: []string{m.long, "--cache", "off"}}, limit: limit{wall: 1200 * time.Millisecond},
		},
		{
			what: "the same, from the cache", prepare: m.makeBlocks,
			asks: &questions{paths: panels, serve: kept, blocks: m.blocks}, limit: limit{ratio: 1.2},
		},
		{
			what: "the same, all at once", prepare: m.makeBlocks,
			asks: &questions{paths: panels, serve: kept, blocks: m.blocks, together: true}, limit: limit{ratio: 1.2},
		},
		{
			what: "HTTP: one panel of one series, from the cache", prepare: m.makeBlocks,
			asks: &questions{paths: panels[:1], serve: kept, blocks: m.blocks}, limit: limit{ratio: 2.4},
		},
	}
	for _, l := range []struct{ what, path string }{
		{"HTTP: label names of 1.4 GB", "/api/v1/labels"},
		{"HTTP: its values of `__name__`", "/api/v1/label/__name__/values"},
	} {
		rows = append(rows, row{
			what: l.what, prepare: m.makeBlocks,
			asks: &questions{paths: []string{l.path}, serve: kept, blocks: m.blocks}, limit: limit{wall: 12 * time.Millisecond},
		})
	}
	return rows
}

// httpPacked ask about compressed archives.
func httpPacked(b *bench, m *material) (rows []row) {
	out := filepath.Join(b.scratch(), "cache")
	ask := []string{rangePath("rate(grown_kernel_group0_metric0[5m])", growStart, growStart+ticks*10, 60)}
	for _, p := range m.packed {
		rows = append(rows, row{
			what: "HTTP: 175 MB as " + p.what + ": a rate over the whole range, first", prepare: m.makePacked, out: out,
			asks: &questions{paths: ask, serve: []string{p.base, "--cache", out}, fresh: true}, ref: p.ref, limit: limit{ratio: 1.2 * p.ratio},
		}, row{
			what: "the same again", prepare: m.makePacked,
			asks: &questions{paths: ask, serve: []string{p.base, "--cache", m.kept}}, limit: limit{wall: 240 * time.Millisecond},
		})
	}
	return rows
}

// httpPile ask about a thousand archives.
func httpPile(b *bench, m *material) (rows []row) {
	out := filepath.Join(b.scratch(), "cache")
	kept := []string{m.pile, "--cache", m.kept}
	for _, expr := range []string{"kernel_all_load", "rate(kernel_all_cpu_user[5m])"} {
		ask := []string{rangePath(expr, pileEnd-pileArchives*pileMinutes*60, pileEnd, 300)}
		rows = append(rows, row{
			what: "HTTP: `" + expr + "` over 1,000 archives of 20 hosts: first", prepare: m.makePile, out: out,
			asks: &questions{paths: ask, serve: []string{m.pile, "--cache", out}, fresh: true}, limit: limit{wall: 4800 * time.Millisecond},
		}, row{
			what: "the same again", prepare: m.makePile,
			asks: &questions{paths: ask, serve: kept}, limit: limit{wall: 360 * time.Millisecond},
		})
	}
	hour := []string{rangePath("kernel_all_load", pileEnd-3600, pileEnd, 15)}
	return append(rows, row{
		what: "HTTP: the last hour of 20 hosts, again", prepare: m.makePile,
		asks: &questions{paths: hour, serve: kept}, limit: limit{wall: 180 * time.Millisecond},
	})
}
