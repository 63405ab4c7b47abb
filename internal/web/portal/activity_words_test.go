package portal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"memberpay/internal/words"
)

// deed is an action of the audit log, as the sources write it.
var deed = regexp.MustCompile(`(?:Did\([\w.()]+, |change\(ctx, now, who, \w+, |Action: )"([a-z_]+\.[a-z_.]*[a-z_])"`)

// noMembers are what actions begin with that never concern a member.
var noMembers = []string{"activity.", "audit.", "bank_file.", "import.", "staff.", "help.", "chat.reply_", "desk.", "keys.", "passkey."}

// TestEveryDeedHasWords reads the sources: whatever is noted down of a member reads as itself in the member's activity, and
// never as something nobody can name.
func TestEveryDeedHasWords(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	w, seen := catalog.For("en"), map[string]bool{}
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range deed.FindAllStringSubmatch(string(text), -1) {
			seen[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 50 {
		t.Fatalf("%d actions are found: the test reads nothing", len(seen))
	}
	for action := range seen {
		if hasWords(w, action) {
			continue
		}
		skip := false
		for _, begins := range noMembers {
			skip = skip || strings.HasPrefix(action, begins)
		}
		if !skip {
			t.Errorf("%s has no words: add activity.do.%s, or of what it begins with", action, action)
		}
	}
}

func hasWords(w *words.Words, action string) bool {
	for {
		if w.Has("activity.do." + action) {
			return true
		}
		dot := strings.LastIndexByte(action, '.')
		if dot < 0 {
			return false
		}
		action = action[:dot]
	}
}
