package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "memberpay"
	root   = "../.."
)

// in splits a list of rooms.
func in(rooms string) []string { return strings.Fields(rooms) }

// found is what the code of one package really imports: rooms of this module, and everything else.
type found struct {
	rooms, outside []string
}

// TestImports holds the code to the table, both ways: an arrow that is not listed is a mistake, and a listed arrow that
// nobody uses makes the picture a lie.
func TestImports(t *testing.T) {
	t.Parallel()
	code := readImports(t)
	listed := map[string]bool{}
	for _, l := range layers {
		for _, r := range l.rooms {
			listed[r.path] = true
			got, ok := code[r.path]
			if !ok {
				t.Errorf("%s stands in the table but there is no such package", r.path)
				continue
			}
			for _, use := range got.rooms {
				if !slices.Contains(r.imports, use) {
					t.Errorf("%s imports %s, which the table does not allow", r.path, use)
				}
			}
			for _, use := range r.imports {
				if !slices.Contains(got.rooms, use) {
					t.Errorf("%s may import %s but does not: take it out of the table", r.path, use)
				}
			}
		}
	}
	for name, got := range code {
		if !listed[name] && !tools[name] {
			t.Errorf("package %s (imports %v) does not stand in the table", name, got.rooms)
		}
		for _, use := range got.rooms {
			if tools[use] && !tools[name] {
				t.Errorf("%s imports %s, which only tests and tools may", name, use)
			}
		}
	}
}

// TestOrder finds a room that imports one below it in the table, and so every cycle.
func TestOrder(t *testing.T) {
	t.Parallel()
	above := map[string]bool{}
	for _, l := range layers {
		for _, r := range l.rooms {
			for _, use := range r.imports {
				if !above[use] {
					t.Errorf("%s imports %s, which does not stand above it", r.path, use)
				}
			}
			above[r.path] = true
		}
	}
}

// TestNames refuses package names that tell nothing of what lives inside.
func TestNames(t *testing.T) {
	t.Parallel()
	vague := in("util utils common shared misc base core model models service services helper helpers types lib")
	for name := range readImports(t) {
		if slices.Contains(vague, path.Base(name)) {
			t.Errorf("package %s: name it after what lives in it", name)
		}
	}
}

// TestFences keeps a module from outside in the rooms that wrap it.
func TestFences(t *testing.T) {
	t.Parallel()
	for name, got := range readImports(t) {
		if tools[name] {
			continue
		}
		for _, use := range got.outside {
			for prefix, allowed := range fences {
				if strings.HasPrefix(use, prefix) && !slices.Contains(allowed, name) {
					t.Errorf("%s imports %s: only %v may", name, use, allowed)
				}
			}
		}
	}
}

// readImports parses the import lines of every package of the product, without its tests.
func readImports(t *testing.T) map[string]found {
	t.Helper()
	out := map[string]found{}
	for _, top := range in("internal cmd") {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return nil
			}
			name, err := filepath.Rel(root, filepath.Dir(file))
			if err != nil {
				return err
			}
			name = strings.TrimPrefix(filepath.ToSlash(name), "internal/")
			got, err := fileImports(file, out[name])
			out[name] = got
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) == 0 {
		t.Fatal("no package found")
	}
	return out
}

func fileImports(file string, got found) (found, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return got, err
	}
	for _, spec := range parsed.Imports {
		use := strings.Trim(spec.Path.Value, `"`)
		if inside, ok := strings.CutPrefix(use, module+"/"); ok {
			got.rooms = add(got.rooms, strings.TrimPrefix(inside, "internal/"))
		} else {
			got.outside = add(got.outside, use)
		}
	}
	return got, nil
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
