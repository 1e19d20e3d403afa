package depcheck

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/pmsearch"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// unknownValues has values without a meaning of every exported enumeration that has a
// String method.
var unknownValues = map[string][]fmt.Stringer{
	"archive.Compression": {archive.Compression(99), archive.Compression(-1)},
	"expo.Format":         {expo.Format(99), expo.Format(-1)},
	"naming.Style":        {naming.Style(99), naming.Style(-1)},
	"finding.Severity":    {finding.Severity(99), finding.Severity(-1)},
	"decomp.Format":       {decomp.Format(99), decomp.Format(-1)},
	"labelset.Level":      {labelset.Level(99), labelset.Level(0)},
	"meta.TextType":       {meta.TextType(99), meta.TextType(0)},
	"pcp.Kind":            {pcp.Kind(99)},
	"pmsearch.Kind":       {pmsearch.Kind(99), pmsearch.Kind(-1)},
	"rules.Pick":          {rules.Pick(99)},
	"pcp.Type":            {pcp.Type(99), pcp.Type(-99)},
	"pcp.Semantics":       {pcp.Semantics(99), pcp.Semantics(2), pcp.Semantics(-1)},
}

// identifiers are types of numbers of which each has a meaning.
var identifiers = map[string]bool{"pcp.PMID": true, "pcp.InDomID": true, "pcp.Version": true}

// TestStringOfUnknownValues expects the text of a value without a meaning to be the name
// of its type, or the end of that name, and the number.
func TestStringOfUnknownValues(t *testing.T) {
	for name, values := range unknownValues {
		_, typ, _ := strings.Cut(name, ".")
		for _, v := range values {
			number := fmt.Sprintf("%d", v)
			word, found := strings.CutSuffix(strings.NewReplacer("(", " ", ")", "").Replace(v.String()), " "+number)
			assert.True(t, found, "%s: %q is about %s", name, v, number)
			assert.NotEmpty(t, word, name)
			assert.True(t, strings.HasSuffix(strings.ToLower(typ), strings.ToLower(word)), "%s: %q names another type", name, v)
		}
	}
}

// TestStringersAreKnown looks for enumerations in the source that unknownValues lacks.
func TestStringersAreKnown(t *testing.T) {
	known := slices.Sorted(maps.Keys(unknownValues))
	assert.Equal(t, known, slices.Sorted(maps.Keys(stringers(t))))
}

// stringers returns the exported types with a String method whose values are integers,
// without identifiers.
func stringers(t *testing.T) map[string]bool {
	t.Helper()
	integers, methods := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if name := integerType(decl); name != "" {
				integers[file.Name.Name+"."+name] = true
			}
			if name := stringMethod(decl); name != "" {
				methods[file.Name.Name+"."+name] = true
			}
		}
		return nil
	})
	require.NoError(t, err)
	maps.DeleteFunc(integers, func(name string, _ bool) bool { return !methods[name] || identifiers[name] })
	return integers
}

// integerType returns the name of the exported type that decl declares, if its values are
// integers.
func integerType(decl ast.Decl) string {
	gen, ok := decl.(*ast.GenDecl)
	if !ok || gen.Tok != token.TYPE || len(gen.Specs) != 1 {
		return ""
	}
	spec := gen.Specs[0].(*ast.TypeSpec)
	under, ok := spec.Type.(*ast.Ident)
	if !ok || !spec.Name.IsExported() {
		return ""
	}
	switch strings.TrimPrefix(under.Name, "u") {
	case "int", "int8", "int16", "int32", "int64", "byte":
		return spec.Name.Name
	}
	return ""
}

// stringMethod returns the name of the receiver's type if decl is a method String.
func stringMethod(decl ast.Decl) string {
	f, ok := decl.(*ast.FuncDecl)
	if !ok || f.Recv == nil || f.Name.Name != "String" {
		return ""
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if name, ok := typ.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
