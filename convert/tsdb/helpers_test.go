package tsdb_test

import (
	"path/filepath"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/blocktest"
)

// keysOf returns the text of series, which is slow to make for each sample.
func keysOf(all []*prom.Series) []string {
	keys := make([]string, len(all))
	for i, s := range all {
		keys[i] = blocktest.Labels(s).String()
	}
	return keys
}

// names returns the folders' names of blocks.
func names(blocks []write.Block) []string {
	list := []string{}
	for _, b := range blocks {
		list = append(list, filepath.Base(b.Dir))
	}
	return list
}
