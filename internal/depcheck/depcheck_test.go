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

// rank orders the packages: one may import those of lower rank only.
var rank = map[string]int{
	"pcp": 0, "internal/wire": 1, "internal/timespec": 1, "internal/safetext": 1, "internal/resync": 1, "internal/fdpool": 1, "labelset": 2, "meta": 3, "internal/decomp": 3, "internal/outlock": 3, "archive": 4,
	"dump": 5, "check": 5, "rewrite": 5, "interp": 5, "summary": 6,
	"convert": 5, "convert/expo": 7, "convert/tsdb": 7, "convert/nativemap": 6, "convert/relabel": 6, "convert/nativehist": 6, "convert/promjson": 7, "query": 7, "scrape": 8, "cmd/pcparchive": 9,
}

// codec is up to where nothing of Prometheus is imported.
const codec = 5

// heavy are packages that bring every cloud provider's client with them.
var heavy = []string{"github.com/prometheus/prometheus/tsdb", "github.com/prometheus/prometheus/config", "github.com/prometheus/prometheus/discovery"}

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
	seen := 0
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
			if own <= codec {
				assert.False(t, strings.HasPrefix(dep, "github.com/prometheus/"), "%s depends on %s", name, dep)
			}
			for _, h := range heavy {
				assert.False(t, own < rank["scrape"] && dep == h, "%s depends on %s", name, dep)
			}
		}
	}
	assert.Greater(t, seen, 10)
}
