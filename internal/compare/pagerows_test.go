package compare

import (
	"fmt"
	"path/filepath"
	"time"
)

// pageRows ask what the page's first screen asks. Package browsertest measures the page in a
// browser.
func pageRows(b *bench, m *material) []row {
	overview := func(start, end int) []string {
		return []string{fmt.Sprintf("/api/overview?start=%d&end=%d&steps=1200", start, end)}
	}
	pile := overview(pileEnd-pileArchives*pileMinutes*60, pileEnd)
	out := filepath.Join(b.scratch(), "cache")
	return []row{
		{
			what: "overview of 1,000 archives of 20 hosts: first", prepare: m.makePile, out: out,
			asks: &questions{paths: pile, serve: []string{m.pile, "--cache", out}, fresh: true}, limit: limit{wall: 5 * time.Second},
		},
		{
			what: "the same again", prepare: m.makePile,
			asks: &questions{paths: pile, serve: []string{m.pile, "--cache", m.kept}}, limit: limit{wall: 500 * time.Millisecond},
		},
		{
			what: "overview of 24 h of 1.4 GB in 80 h, again", prepare: m.makeBlocks,
			asks: &questions{paths: overview(longEnd-24*3600, longEnd), serve: []string{m.long, "--cache", m.kept}}, limit: limit{wall: time.Second},
		},
	}
}
