// Package depcheck holds the direction of imports that ARCHITECTURE.md draws.
package depcheck

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/pcparchive/pcparchive/"

// lines are the packages, lowest first: a package may import those of earlier
// lines only.
var lines = [][]string{
	{"pcp", "internal/eof", "internal/lazyregexp", "internal/firstgc", "internal/defect"},
	{"internal/wire", "internal/timespec", "internal/safetext", "internal/resync", "internal/filemap", "internal/redact", "internal/similar", "internal/jsonstream", "internal/webpage", "internal/scale", "internal/columnar", "internal/chart", "internal/glob", "internal/diskspace", "internal/parallel", "internal/manytext", "internal/ctxio", "internal/dirsync", "internal/varcodec", "internal/conffile", "internal/accept", "internal/fewmap", "internal/fileid", "internal/halt"},
	{"labelset", "finding", "internal/fdpool", "internal/decomp", "internal/outlock", "internal/httpguard"},
	{"meta", "internal/spill", "internal/cachedir"},
	{"history"},
	{"derive", "rewrite/rules"},
	{"archive", "convert/prom"},
	{"store", "dump", "rewrite", "rewrite/edit", "interp", "convert", "convert/naming", "convert/nativehist"},
	{"check", "redact", "pack", "summary", "size", "values", "instant", "convert/tsdb/chunk", "convert/tsdb/block", "convert/mapper", "convert/flatten", "convert/relabel", "convert/promjson", "convert/csv", "convert/format", "convert/input", "pmseries", "reduce"},
	{"relocate", "top", "diff", "values/metricset", "convert/native", "convert/tsdb/verify", "columns", "catalogue", "record/registry", "record/retention"},
	{"receive"},
	{"push"},
	{"convert/assemble", "convert/nativemap", "convert/expo", "convert/tsdb/sidecar", "convert/tsdb/wal", "query"},
	{"convert/tsdb", "convert/tsdb/write", "convert/tsdb/read", "ruleeval"},
	{"promapi", "overview"},
	{"scrape", "ingest", "serve/blocks", "serve/grafana", "serve/timeshift", "query/remote", "record/layout", "record/pace", "serve/page"},
	{"pmsearch"},
	{"serve/exporter", "serve/seriesapi", "serve/cors", "serve/overviewapi", "serve/browse"},
	{"serve/pmapi"},
	{"serve", "record"},
	{"record/agentdir", "record/watch"},
	{"cmd/pcparchive"},
}

// rank returns the line of each package.
func rank() map[string]int {
	of := map[string]int{}
	for i, line := range lines {
		for _, name := range line {
			of[name] = i
		}
	}
	return of
}

// prometheus are the packages that may depend on modules of Prometheus.
var prometheus = map[string]bool{
	"convert/nativehist": true, "convert/nativemap": true, "convert/relabel": true, "convert/expo": true,
	"convert/promjson": true, "convert/tsdb/write": true, "convert/tsdb/read": true, "convert/tsdb/chunk": true, "query": true, "promapi": true, "ruleeval": true, "ingest": true, "scrape": true, "cmd/pcparchive": true,
	"columns": true, "catalogue": true, "convert/tsdb/block": true, "convert/tsdb/verify": true, "convert/tsdb/sidecar": true, "convert/tsdb/wal": true,
	"internal/jsonstream": true, "internal/webpage": true, "record": true, "record/agentdir": true, "record/watch": true,
	"serve": true, "serve/grafana": true, "query/remote": true, "serve/blocks": true, "serve/timeshift": true, "serve/exporter": true, "serve/pmapi": true, "serve/browse": true,
	"overview": true, "serve/overviewapi": true,
}

// heavy are packages that bring every cloud provider's client with them.
var heavy = []string{"github.com/prometheus/prometheus/config", "github.com/prometheus/prometheus/discovery"}

// unused are packages that slow the start of every command. The program does without them.
var unused = []string{"github.com/prometheus/prometheus/tsdb", "github.com/google/go-cmp/cmp", "github.com/stretchr/testify/assert"}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"...").Output()
	require.NoError(t, err)
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func TestDirectionOfImports(t *testing.T) {
	seen, rank := 0, rank()
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		own, ok := rank[name]
		if !ok {
			// Helpers of tests may import what they like and be imported by tests only.
			assert.True(t, strings.HasPrefix(name, "internal/") || name == "fuzz", "%s has no rank", name)
			continue
		}
		seen++
		for _, imp := range p.Imports {
			if rest, inside := strings.CutPrefix(imp, module); inside {
				r, ranked := rank[rest]
				assert.True(t, ranked && r < own, "%s imports %s", name, rest)
			}
		}
		for _, dep := range p.Deps {
			if !prometheus[name] {
				assert.False(t, strings.HasPrefix(dep, "github.com/prometheus/"), "%s depends on %s", name, dep)
			}
			for _, h := range heavy {
				assert.False(t, own < rank["scrape"] && dep == h, "%s depends on %s", name, dep)
			}
			assert.NotContains(t, unused, dep, "%s depends on it", name)
		}
	}
	assert.Len(t, rank, seen, "a package that does not exist has a line")
}
