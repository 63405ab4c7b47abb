package arch

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "draw the picture in docs/architecture.md again")

const (
	document = "../../docs/architecture.md"
	begin    = "<!-- picture: drawn from test/arch/table_test.go by \"make docs\"; do not edit -->"
	end      = "<!-- end of picture -->"
)

// TestPicture fails where the picture in the document is not the one the table makes.
func TestPicture(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has lost the lines %q and %q that hold the picture", document, begin, end)
	}
	want := before + begin + "\n\n" + picture() + "\n" + end + after
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("the picture in %s is stale: run \"make docs\"", document)
	}
	if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// picture draws the layers from the top down as a Mermaid flowchart, and the whole table below it. Arrows that follow
// from others (A -> C where A -> B -> C) are left out, and so is the vocabulary, which every room may use.
func picture() string {
	var b strings.Builder
	b.WriteString("```mermaid\nflowchart TD\n")
	for i := len(layers) - 1; i > 0; i-- {
		fmt.Fprintf(&b, "  subgraph %s\n", layers[i].name)
		for _, r := range slices.Backward(layers[i].rooms) {
			fmt.Fprintf(&b, "    %s[%s]\n", node(r.path), r.path)
		}
		b.WriteString("  end\n")
	}
	reach := reachable()
	for i := len(layers) - 1; i > 0; i-- {
		for _, r := range slices.Backward(layers[i].rooms) {
			for _, use := range r.imports {
				if !vocabulary(use) && !implied(r, use, reach) {
					fmt.Fprintf(&b, "  %s --> %s\n", node(r.path), node(use))
				}
			}
		}
	}
	b.WriteString("```\n\n| room | may import |\n|---|---|\n")
	for i := len(layers) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "| **%s** | *%s* |\n", layers[i].name, layers[i].about)
		for _, r := range slices.Backward(layers[i].rooms) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", r.path, strings.Join(r.imports, ", "))
		}
	}
	return b.String()
}

func node(path string) string { return strings.ReplaceAll(path, "/", "_") }

func vocabulary(path string) bool {
	return slices.ContainsFunc(layers[0].rooms, func(r room) bool { return r.path == path })
}

// implied reports whether r reaches use through another of its imports.
func implied(r room, use string, reach map[string]map[string]bool) bool {
	return slices.ContainsFunc(r.imports, func(via string) bool { return via != use && reach[via][use] })
}

// reachable tells, for each room, every room it imports directly or not. Rooms stand in order, so one pass is enough.
func reachable() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, l := range layers {
		for _, r := range l.rooms {
			all[r.path] = map[string]bool{}
			for _, use := range r.imports {
				all[r.path][use] = true
				for deep := range all[use] {
					all[r.path][deep] = true
				}
			}
		}
	}
	return all
}
