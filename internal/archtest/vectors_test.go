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

var testName = regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)\\w+)(?:/([^`]+))?`")

// TestNamedTests requires that the tests named in the documentation exist.
func TestNamedTests(t *testing.T) {
	packages := map[string]*tests{}
	for _, file := range []string{"vectors.md", "errata.md"} {
		raw, err := os.ReadFile(filepath.Join(documents, file))
		require.NoError(t, err)
		rows, held := 0, false // in a table of what tests hold
		for line := range strings.Lines(string(raw)) {
			switch {
			case strings.Contains(line, "| held by |") || strings.Contains(line, "| settled by |"):
				held = true
				continue
			case !strings.HasPrefix(line, "| "):
				held = held && strings.HasPrefix(line, "|---")
				continue
			case !held:
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

// tests holds the names in the test files of a package.
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
