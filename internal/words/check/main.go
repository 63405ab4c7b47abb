// Command check compares the catalogs with each other and with the program. It prints one line for every key that is
// missing in a language, every sentence whose placeholders differ between languages, every key that the program asks for
// and no catalog has, and every key that nothing asks for; then it exits with status 1.
//
//	go run ./internal/words/check [-root DIR] [-allow-unused]
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"memberpay/internal/words"
)

func main() {
	root := flag.String("root", ".", "folder of the project")
	allow := flag.Bool("allow-unused", false, "print keys that nothing asks for, without failing")
	flag.Parse()
	wrong, unused, err := run(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(2)
	}
	for _, line := range append(slices.Clone(wrong), unused...) {
		fmt.Println(line)
	}
	if len(wrong) > 0 || (len(unused) > 0 && !*allow) {
		fmt.Printf("words: %d wrong, %d unused\n", len(wrong), len(unused))
		os.Exit(1)
	}
}

// run checks the embedded catalogs against the program below root.
func run(root string) (wrong, unused []string, err error) {
	catalog, err := words.Load()
	if err != nil {
		return nil, nil, err
	}
	langs := map[string]map[string]words.Entry{}
	for _, lang := range catalog.Langs() {
		if langs[lang], err = words.Entries(lang); err != nil {
			return nil, nil, err
		}
	}
	u, err := scan(root)
	if err != nil {
		return nil, nil, err
	}
	wrong = append(compare(langs), missing(langs[words.Default], u)...)
	return wrong, idle(langs[words.Default], u), nil
}

// compare reports keys that a language lacks, and sentences that differ in placeholders or in having plural forms.
func compare(langs map[string]map[string]words.Entry) []string {
	var list []string
	all := map[string]bool{}
	for _, entries := range langs {
		for key := range entries {
			all[key] = true
		}
	}
	for key := range all {
		base, ok := langs[words.Default][key]
		for lang, entries := range langs {
			e, have := entries[key]
			switch {
			case !have:
				list = append(list, fmt.Sprintf("%s: missing in %q: add it to %s/", key, lang, lang))
			case ok && e.File[len(lang):] != base.File[len(words.Default):]:
				list = append(list, fmt.Sprintf("%s: stands in %s and in %s: use the same area", key, base.File, e.File))
			case ok && e.Plural() != base.Plural():
				list = append(list, fmt.Sprintf("%s: has plural forms in one of %s and %s only", key, base.File, e.File))
			case ok && !slices.Equal(names(base), names(e)):
				list = append(list, fmt.Sprintf("%s: %s fills in %v, %s fills in %v", key, base.File, names(base), e.File, names(e)))
			}
		}
	}
	sort.Strings(list)
	return list
}

// names are the placeholders of a sentence in all its forms. The catalogs were loaded, so the braces parse.
func names(e words.Entry) []string {
	list, _ := words.Placeholders(e.One + " " + e.Other)
	return slices.DeleteFunc(list, func(n string) bool { return n == "Count" && e.Plural() })
}

// missing reports what the program asks for and the catalog lacks.
func missing(entries map[string]words.Entry, u uses) []string {
	var list []string
	for _, a := range u.asked {
		if a.prefix {
			if !anyBegins(entries, a.key) {
				list = append(list, fmt.Sprintf("%s: no key begins with %q", a.place, a.key))
			}
		} else if _, ok := entries[a.key]; !ok {
			list = append(list, fmt.Sprintf("%s: there is no key %q", a.place, a.key))
		}
	}
	sort.Strings(list)
	return list
}

func anyBegins(entries map[string]words.Entry, prefix string) bool {
	for key := range entries {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// idle reports keys that nothing asks for: not as a literal anywhere, and not by a prefix.
func idle(entries map[string]words.Entry, u uses) []string {
	var prefixes []string
	for _, a := range u.asked {
		if a.prefix && a.key != "" {
			prefixes = append(prefixes, a.key)
		}
	}
	var list []string
	for key, e := range entries {
		used := u.literals[key] || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
		if !used {
			list = append(list, fmt.Sprintf("%s: unused: nothing asks for it; remove it from %s", key, e.File))
		}
	}
	sort.Strings(list)
	return list
}
