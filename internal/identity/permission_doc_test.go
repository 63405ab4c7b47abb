package identity

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the permission table into docs/security.md")

const (
	tableBegin = "<!-- permissions: held against internal/identity/permission.go by a test -->\n"
	tableEnd   = "<!-- end of permissions -->\n"
)

// TestPermissionTable holds the table in the code against the table that people read and agree on: whoever changes one
// has to change the other.
func TestPermissionTable(t *testing.T) {
	t.Parallel()
	const file = "../../docs/security.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), tableBegin)
	told, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the permission table", file)
	}
	want := written()
	if told == want {
		return
	}
	if !*update {
		t.Fatalf("%s tells another permission table than the code has:\n%s\nIf the change is meant: go test ./internal/identity -run TestPermissionTable -update", file, want)
	}
	if err := os.WriteFile(file, []byte(before+tableBegin+want+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// written is the permission table as Markdown.
func written() string {
	actors := append([]Actor{Nobody, Guest, Member}, StaffRoles...)
	var b strings.Builder
	b.WriteString("| a route that needs |")
	for _, a := range actors {
		b.WriteString(" " + string(a) + " |")
	}
	b.WriteString("\n|" + strings.Repeat("---|", len(actors)+1) + "\n")
	for _, need := range Needs {
		b.WriteString("| " + string(need) + " |")
		for _, a := range actors {
			if a.May(need) {
				b.WriteString(" yes |")
			} else {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestNeedsAreWhole: every need has a row, and nobody may what is not in the table.
func TestNeedsAreWhole(t *testing.T) {
	t.Parallel()
	if len(Needs) != len(may) {
		t.Errorf("%d needs are listed and %d have a row", len(Needs), len(may))
	}
	for _, n := range Needs {
		if len(may[n]) == 0 {
			t.Errorf("%q lets nobody in", n)
		}
	}
	for _, a := range append([]Actor{Nobody, Guest, Member, "", "king"}, StaffRoles...) {
		if a.May("no such need") || a.May("") {
			t.Errorf("%q may what is not in the table", a)
		}
	}
}
