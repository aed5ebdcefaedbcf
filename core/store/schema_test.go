package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryTableIsChecked reads schema.go and its parts: a table that is
// declared there but not listed in tables would be neither checked nor prepared.
func TestEveryTableIsChecked(t *testing.T) {
	files, err := filepath.Glob("schema*.go")
	if err != nil {
		t.Fatal(err)
	}
	var decls []ast.Decl
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		decls = append(decls, file.Decls...)
	}
	var declared, listed []string
	for _, decl := range decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && ast.IsExported(v.Names[0].Name) {
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
