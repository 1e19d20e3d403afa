package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const documents = "../../docs/format"

// vectors are those of vectors.go by name.
var vectors = map[string]string{
	"ResultV3": ResultV3, "ResultV2": ResultV2, "ResultErrorV3": ResultErrorV3, "MarkV3": MarkV3, "MarkV2": MarkV2,
	"EventsV2": EventsV2, "EventRecords": EventRecords, "HighResV3": HighResV3, "HighResRecords": HighResRecords,
	"AggregatesV3": AggregatesV3, "IndexV3": IndexV3, "IndexV2": IndexV2,
	"Desc": Desc, "InDomV3": InDomV3, "InDomV2": InDomV2, "DeltaV3": DeltaV3, "LabelsV3": LabelsV3, "LabelsV2": LabelsV2, "Text": Text,
}

// TestDocumentedVectors holds the documentation's vectors to those that are
// tested.
func TestDocumentedVectors(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(documents, "vectors.md"))
	require.NoError(t, err)
	_, text, _ := strings.Cut(string(raw), "\n```\n")
	text, _, ok := strings.Cut(text, "\n```\n")
	require.True(t, ok)
	documented, name := map[string]string{}, ""
	for line := range strings.Lines(text) {
		if line[0] != ' ' {
			name, line, _ = strings.Cut(line, " ")
		}
		documented[name] += line
	}
	for name, vector := range vectors {
		assert.Contains(t, string(raw), "\n| "+name+" |", "no row")
		assert.Equal(t, Bytes(t, vector), Bytes(t, documented[name]), name)
	}
	assert.Len(t, documented, len(vectors))
	declared := 0
	parsed, err := parser.ParseFile(token.NewFileSet(), "vectors.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(parsed, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			declared += len(v.Names)
		}
		return true
	})
	assert.Len(t, vectors, declared, "vectors.go has one that is not in the list above")
}

var testName = regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)\\w+)(?:/([^`]+))?`")

// TestNamedTests requires that the tests that the documentation names exist.
func TestNamedTests(t *testing.T) {
	packages := map[string]*tests{}
	for _, file := range []string{"vectors.md", "errata.md"} {
		raw, err := os.ReadFile(filepath.Join(documents, file))
		require.NoError(t, err)
		rows := 0
		for line := range strings.Lines(string(raw)) {
			if !strings.HasPrefix(line, "| ") || strings.Contains(line, "| held by |") || strings.Contains(line, "| settled by |") {
				continue
			}
			rows++
			named := testName.FindAllStringSubmatch(line, -1)
			assert.NotEmpty(t, named, "%s: no test in %s", file, line)
			for _, n := range named {
				p := packages[n[1]]
				if p == nil {
					p = testsOf(t, n[1])
					packages[n[1]] = p
				}
				assert.True(t, p.functions[n[2]], "%s: there is no %s.%s", file, n[1], n[2])
				assert.True(t, n[3] == "" || p.strings[n[3]], "%s: %s.%s has no case %q", file, n[1], n[2], n[3])
			}
		}
		assert.Greater(t, rows, 10, file)
	}
}

// tests is what the test files of a package have.
type tests struct {
	functions, strings map[string]bool
}

func testsOf(t *testing.T, dir string) *tests {
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	require.NoError(t, err)
	found := &tests{map[string]bool{}, map[string]bool{}}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				found.functions[n.Name.Name] = true
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil {
					found.strings[s] = true
				}
			}
			return true
		})
	}
	return found
}
