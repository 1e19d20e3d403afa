package nativemap

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

var update = flag.Bool("update", false, "rewrite docs/node_exporter.md")

// The table in docs/node_exporter.md is made of the file; what is above it is
// written by hand.
func TestDocs(t *testing.T) {
	const mark = "<!-- made by: go test ./convert/nativemap -run Docs -update -->\n"
	path := filepath.Join("..", "..", "docs", "node_exporter.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	byHand, old, found := strings.Cut(string(text), mark)
	require.True(t, found)
	m, err := New("node_exporter")
	require.NoError(t, err)
	made := tableDocs(m.table)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(byHand+mark+made), 0o666))
		return
	}
	assert.Equal(t, made, old, "run go test ./convert/nativemap -run Docs -update")
}

func tableDocs(t *table) string {
	var b strings.Builder
	section := ""
	for _, r := range t.rows {
		if r.section != section {
			section = r.section
			fmt.Fprintf(&b, "\n%s\n\n| metric | instance | type, semantics, units | source |\n|---|---|---|---|\n", escape(section))
		}
		instance, source := "", "not told"
		if r.desc.InDom != pcp.InDomNull {
			instance = "`" + r.instanceText() + "`"
		}
		if len(r.terms) > 0 {
			source = "`" + r.source + "`"
		}
		kind := strings.TrimSuffix(fmt.Sprintf("%s, %s, %s", r.desc.Type, r.desc.Sem, r.desc.Units), ", ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.name, escape(instance), kind, escape(source))
	}
	return b.String()
}

// escape keeps a table's cells apart.
func escape(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// instanceText returns a row's instance as it stands in the file.
func (r *row) instanceText() string {
	var b strings.Builder
	for _, p := range r.instance {
		b.WriteString(p.text)
		switch {
		case p.label != "" && p.lower:
			fmt.Fprintf(&b, "{%s|lower}", p.label)
		case p.label != "":
			fmt.Fprintf(&b, "{%s}", p.label)
		}
	}
	return b.String()
}
