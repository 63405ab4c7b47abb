package desk

import (
	"testing"

	"memberpay/internal/letter"
	"memberpay/internal/words"
)

// TestEveryLetterHasAName: what was sent to a member reads as what it was, in both languages.
func TestEveryLetterHasAName(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range letter.ToMembers {
		for _, lang := range []string{"en", "es"} {
			if !catalog.For(lang).Has("desk.message." + kind) {
				t.Errorf("a letter of kind %s has no name in %s", kind, lang)
			}
		}
	}
}
