package depcheck

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSnippets reads the code in the comments of packages. What it names of the own package
// must exist, with as many arguments and with the fields that the code has.
func TestSnippets(t *testing.T) {
	uses := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case d.Name() == "node_modules", d.Name() == "testdata", d.Name() == ".git":
			return filepath.SkipDir
		}
		p := readPackage(t, path)
		for _, code := range p.code {
			for _, at := range regexp.MustCompile(`\b`+p.name+`\.[A-Z]`).FindAllStringIndex(code, -1) {
				expr := parseStart(code[at[0]:])
				require.NotNil(t, expr, "%s: %s", path, code[at[0]:])
				assert.Empty(t, p.fault(expr), "%s: %s", path, code)
				uses++
			}
		}
		return nil
	})
	require.NoError(t, err)
	assert.Greater(t, uses, 30)
}

// parsedPackage is a package with the code in its comment.
type parsedPackage struct {
	name   string
	code   []string
	names  map[string]bool
	funcs  map[string]*ast.FuncType
	fields map[string]map[string]bool // by the name of a struct; nil with embedded fields
}

func readPackage(t *testing.T, dir string) *parsedPackage {
	t.Helper()
	p := &parsedPackage{names: map[string]bool{}, funcs: map[string]*ast.FuncType{}, fields: map[string]map[string]bool{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		p.name = f.Name.Name
		for _, block := range new(comment.Parser).Parse(f.Doc.Text()).Content {
			if code, ok := block.(*comment.Code); ok {
				p.code = append(p.code, code.Text)
			}
		}
		for _, d := range f.Decls {
			p.declare(d)
		}
	}
	return p
}

func (p *parsedPackage) declare(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			p.names[d.Name.Name], p.funcs[d.Name.Name] = true, d.Type
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					p.names[name.Name] = true
				}
			case *ast.TypeSpec:
				p.names[spec.Name.Name] = true
				if s, ok := spec.Type.(*ast.StructType); ok {
					p.fields[spec.Name.Name] = fieldsOf(s)
				}
			}
		}
	}
}

// fieldsOf returns the names of a struct's fields, nil if it embeds others.
func fieldsOf(s *ast.StructType) map[string]bool {
	all := map[string]bool{}
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 {
			return nil
		}
		for _, name := range f.Names {
			all[name.Name] = true
		}
	}
	return all
}

// parseStart parses the longest selector, call or composite literal at the beginning of code.
func parseStart(code string) ast.Expr {
	var longest ast.Expr
	depth := 0
	for i, c := range code {
		switch c {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			if depth--; depth < 0 {
				return longest
			}
		case '\n':
			if depth == 0 {
				return longest
			}
		}
		if depth > 0 {
			continue
		}
		if expr, err := parser.ParseExpr(code[:i+len(string(c))]); err == nil {
			longest = expr
		}
	}
	return longest
}

// fault returns what is wrong with the uses of the package in an expression, "" for nothing.
func (p *parsedPackage) fault(expr ast.Expr) (fault string) {
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if name := p.own(n); name != "" && !p.names[name] {
				fault = name + " does not exist"
			}
		case *ast.CallExpr:
			f := p.funcs[p.own(n.Fun)]
			if f == nil {
				break
			}
			if want := f.Params.NumFields(); !variadic(f) && len(n.Args) != want {
				fault = "a wrong number of arguments"
			}
		case *ast.CompositeLit:
			fields := p.fields[p.own(n.Type)]
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && fields != nil && !fields[kv.Key.(*ast.Ident).Name] {
					fault = kv.Key.(*ast.Ident).Name + " is no field"
				}
			}
		}
		return true
	})
	return fault
}

// own returns the name that a selector selects from the package, "" for others.
func (p *parsedPackage) own(expr ast.Expr) string {
	s, ok := expr.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := s.X.(*ast.Ident); !ok || x.Name != p.name || !s.Sel.IsExported() {
		return ""
	}
	return s.Sel.Name
}

func variadic(f *ast.FuncType) bool {
	list := f.Params.List
	if len(list) == 0 {
		return false
	}
	_, ok := list[len(list)-1].Type.(*ast.Ellipsis)
	return ok
}
