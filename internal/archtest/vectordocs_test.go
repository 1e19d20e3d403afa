package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The documents quote the rows of a vector, its whole file, or a table of all
// vectors.
var (
	quotedRows = regexp.MustCompile("(?s)<!-- rows of (\\S+) -->\n+```\n.*?```\n")
	quotedFile = regexp.MustCompile("(?s)<!-- file (\\S+) -->\n+```\n.*?```\n")
	listed     = regexp.MustCompile(`(?s)<!-- all vectors -->\n.*?<!-- end -->\n`)
)

// TestDocumentedVectors compares the quotations in the documents with the
// vectors. With -update it rewrites them.
func TestDocumentedVectors(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(documents, "*.md"))
	require.NoError(t, err)
	quotes := 0
	for _, page := range pages {
		raw, err := os.ReadFile(page)
		require.NoError(t, err)
		text := quotedRows.ReplaceAllStringFunc(string(raw), func(s string) string {
			quotes++
			name := quotedRows.FindStringSubmatch(s)[1]
			return fmt.Sprintf("<!-- rows of %s -->\n\n```\n%s\n```\n", name, LoadVector(t, name).Rows)
		})
		text = quotedFile.ReplaceAllStringFunc(text, func(s string) string {
			quotes++
			name := quotedFile.FindStringSubmatch(s)[1]
			return fmt.Sprintf("<!-- file %s -->\n\n```\n%s```\n", name, LoadVector(t, name).text())
		})
		text = listed.ReplaceAllStringFunc(text, func(string) string {
			quotes++
			return "<!-- all vectors -->\n\n" + vectorTable(t) + "\n<!-- end -->\n"
		})
		if *update {
			require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
			continue
		}
		assert.Equal(t, text, string(raw), "%s: make golden writes it anew", page)
	}
	assert.Greater(t, quotes, 5)
}

// vectorTable lists the vectors and how readers treat them.
func vectorTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| vector | a reader | why it exists |\n|---|---|---|\n")
	for _, name := range VectorNames(t) {
		vec := LoadVector(t, name)
		reader := vec.Expect["reader"]
		if cause := vec.Expect["error"]; cause != "" {
			reader += ": " + cause
		}
		fmt.Fprintf(&b, "| [%s](../../testdata/vectors/%s.txt) | %s | %s |\n", name, name, reader, vec.Why)
	}
	return b.String()
}
