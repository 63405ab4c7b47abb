package desk

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"memberpay/internal/processor/nacha"
	"memberpay/internal/words"
)

// opens are the functions that write an exception, and which of their arguments is its kind.
var opens = map[string]int{"except": 3, "exceptOnce": 3, "exceptStill": 3, "raise": 2}

// exceptionKinds reads the sources for every kind of exception that is written.
func exceptionKinds(t *testing.T) []string {
	t.Helper()
	var calls []*ast.CallExpr
	constants, kinds, files := map[string]string{}, map[string]bool{}, token.NewFileSet()
	for _, folder := range []string{"../../payment", "../../processor/nacha"} {
		names, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					for i, v := range n.Values {
						if text, ok := literal(v); ok {
							constants[n.Names[i].Name] = text
						}
					}
				case *ast.CallExpr:
					calls = append(calls, n)
				}
				return true
			})
		}
	}
	for _, call := range calls {
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		at, writes := opens[f.Sel.Name]
		if !writes || len(call.Args) < 5 {
			continue
		}
		kind, ok := literal(call.Args[at])
		if name, isName := call.Args[at].(*ast.Ident); isName {
			kind, ok = constants[name.Name], constants[name.Name] != ""
		}
		if !ok {
			t.Errorf("%s: a kind that this test cannot read", files.Position(call.Pos()))
		}
		kinds[kind] = true
	}
	var out []string
	for kind := range kinds {
		out = append(out, kind)
	}
	if len(out) < 20 {
		t.Fatalf("%d kinds are found: the test reads nothing", len(out))
	}
	return out
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// TestEveryExceptionHasWords: each kind says what happened and what to do, in both languages; each part of what it says has a name.
func TestEveryExceptionHasWords(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, kind := range exceptionKinds(t) {
		keys = append(keys, "desk.exception.kind."+kind, "desk.exception.do."+kind)
	}
	for _, step := range []string{"opened", "again", "still", "closed", "reopened"} {
		keys = append(keys, "desk.exception.step."+step)
	}
	for _, code := range []string{"R01", "R02", "R03", "R05", "R06", "R08", "R14", "R16", "R23", "R61", "R80", "R99"} {
		keys = append(keys, "desk.exception.code."+string(nacha.Lookup(code).Kind))
	}
	text, err := os.ReadFile("../../payment/exception_detail.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range regexp.MustCompile(`\[\]string\{([^}]*)\}|add\(("[a-z_]+"),`).FindAllStringSubmatch(string(text), -1) {
		for _, name := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(list[0], -1) {
			keys = append(keys, "desk.exception.row."+name[1])
		}
	}
	if len(keys) < 90 {
		t.Fatalf("%d sentences are asked for: the test reads too little", len(keys))
	}
	for _, lang := range catalog.Langs() {
		w := catalog.For(lang)
		for _, key := range keys {
			if !w.Has(key) {
				t.Errorf("%s has no %s", lang, key)
			}
		}
	}
}

// TestOnlyTwoFilesOpenExceptions: whoever writes one elsewhere is not read by the test above.
func TestOnlyTwoFilesOpenExceptions(t *testing.T) {
	t.Parallel()
	var found []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "INSERT INTO exception ") {
			found = append(found, filepath.ToSlash(path))
		}
		return err
	})
	if got := strings.Join(found, " "); err != nil || got != "../../payment/exception_open.go ../../processor/nacha/exception.go" {
		t.Errorf("exceptions are written by %s, %v", got, err)
	}
}
