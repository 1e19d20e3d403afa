package overview

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the table of docs/overview.md")

// The table in docs/overview.md is made of the rules; what is above it is written by hand.
func TestDocs(t *testing.T) {
	const mark = "<!-- made by: go test ./overview -run Docs -update -->\n"
	path := filepath.Join("..", "docs", "overview.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	byHand, old, found := strings.Cut(string(text), mark)
	require.True(t, found)
	made := tableDocs(Default())
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(byHand+mark+made), 0o666))
		return
	}
	assert.Equal(t, made, old, "run go test ./overview -run Docs -update")
}

func tableDocs(t *Table) string {
	var b strings.Builder
	exprs := func(r *Rule) string {
		var all []string
		for _, s := range r.Sources() {
			all = append(all, "`"+strings.ReplaceAll(s.Expr, "|", `\|`)+"`")
		}
		return strings.Join(all, "<br>")
	}
	b.WriteString("\n| rule | resource, kind | PromQL | warn, bad |\n|---|---|---|---|\n")
	for _, r := range t.Rules {
		symptom := ""
		if r.Symptom {
			symptom = "; a symptom"
		}
		fmt.Fprintf(&b, "| `%s`: %s%s | %s, %s | %s | %v, %v %s |\n", r.Name, r.Title, symptom, r.Resource, r.Kind, exprs(r), r.Warn, r.Bad, r.Unit)
	}
	b.WriteString("\nFigures that no rule judges:\n\n| figure | beside | PromQL |\n|---|---|---|\n")
	for _, r := range t.Beside {
		fmt.Fprintf(&b, "| `%s`: %s | %s | %s |\n", r.Name, r.Title, strings.Join(r.Of, ", "), exprs(r))
	}
	return b.String()
}
