package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// TestEveryTableIsChecked reads the files schema*.go: a table that is declared
// there but not listed in tables would be neither checked nor prepared.
func TestEveryTableIsChecked(t *testing.T) {
	var declared, listed []string
	for _, decl := range schema(t) {
		switch d := decl.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR && ast.IsExported(v.Names[0].Name) {
					declared = append(declared, v.Names[0].Name)
				}
			}
		case *ast.FuncDecl:
			if d.Name.Name == "tables" {
				ast.Inspect(d.Body, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && ast.IsExported(id.Name) {
						listed = append(listed, id.Name)
					}
					return true
				})
			}
		}
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if len(declared) == 0 || !slices.Equal(declared, listed) {
		t.Errorf("declared %v\nlisted   %v", declared, listed)
	}
}

// schema is all that the files schema*.go declare.
func schema(t *testing.T) (out []ast.Decl) {
	t.Helper()
	names, err := filepath.Glob("schema*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file.Decls...)
	}
	return out
}
