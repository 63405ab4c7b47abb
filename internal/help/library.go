package help

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

//go:embed articles
var shipped embed.FS

// Set is every article there is, by language and slug.
type Set struct {
	by map[string]map[string]Article
}

// Find returns an article in a language. Where it is in another language only, it returns that one: Article.Lang tells.
func (s *Set) Find(lang, slug string) (Article, bool) {
	if a, ok := s.by[lang][slug]; ok {
		return a, true
	}
	for _, other := range Languages {
		if a, ok := s.by[other][slug]; ok {
			return a, true
		}
	}
	return Article{}, false
}

// Exactly returns an article in a language and in no other.
func (s *Set) Exactly(lang, slug string) (Article, bool) {
	a, ok := s.by[lang][slug]
	return a, ok
}

// In returns the articles of a category, as a reader of a language sees them, by title. "" is every category.
func (s *Set) In(lang, category string) []Article {
	seen := map[string]bool{}
	var out []Article
	for _, l := range append([]string{lang}, Languages...) {
		for slug, a := range s.by[l] {
			if !seen[slug] && (category == "" || a.Category == category) {
				out = append(out, a)
			}
			seen[slug] = true
		}
	}
	slices.SortFunc(out, func(a, b Article) int {
		return strings.Compare(fold(a.Title)+a.Slug, fold(b.Title)+b.Slug)
	})
	return out
}

// Related returns the articles that an article names, as far as they are there.
func (s *Set) Related(a Article, lang string) []Article {
	var out []Article
	for _, slug := range a.Related {
		if r, ok := s.Find(lang, slug); ok {
			out = append(out, r)
		}
	}
	return out
}

// with is the set with other articles in it, in the place of those with the same slug and language.
func (s *Set) with(list []Article) *Set {
	next := &Set{by: map[string]map[string]Article{}}
	for _, lang := range Languages {
		next.by[lang] = map[string]Article{}
		for slug, a := range s.by[lang] {
			next.by[lang][slug] = a
		}
	}
	for _, a := range list {
		next.by[a.Lang][a.Slug] = a
	}
	return next
}

// Read reads every article of a file system, LANG/SLUG.md each, and returns the good ones and everything that is wrong.
// root is what file names begin with in what it returns.
func Read(files fs.FS, root, source string) ([]Article, []error) {
	var (
		out []Article
		bad []error
	)
	for _, lang := range Languages {
		entries, err := fs.ReadDir(files, lang)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("%s cannot be read; give this user the right to: %w", path.Join(root, lang), err))
			continue
		}
		for _, e := range entries {
			name := path.Join(lang, e.Name())
			slug, isArticle := strings.CutSuffix(e.Name(), ".md")
			if !isArticle || e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			raw, err := fs.ReadFile(files, name)
			if err != nil {
				bad = append(bad, fmt.Errorf("%s cannot be read; give this user the right to: %w", path.Join(root, name), err))
				continue
			}
			if len(raw) > 8*maxBody {
				bad = append(bad, Bad{File: path.Join(root, name), Line: 1, Field: "body", Reason: fmt.Sprintf("is longer than %d characters", maxBody), Remedy: "make two articles of it"})
				continue
			}
			a, wrong := Parse(path.Join(root, name), lang, slug, string(raw))
			for _, b := range wrong {
				bad = append(bad, b)
			}
			if a.Source = source; len(wrong) == 0 {
				out = append(out, a)
			}
		}
	}
	return out, bad
}

// ReadShipped returns the articles of this binary. They are good: a test reads them.
func ReadShipped() []Article {
	files, err := fs.Sub(shipped, "articles")
	if err != nil {
		return nil // the folder is embedded
	}
	list, _ := Read(files, "articles", Shipped)
	return list
}

// ReadFolder returns the articles of the organisation's folder, none where dir is "", and everything that is wrong there. An
// article may name related ones that are shipped; one that is nowhere is wrong.
func ReadFolder(dir string) ([]Article, []error) {
	if dir == "" {
		return nil, nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, []error{fmt.Errorf("%s is not a folder; make it, with the folders %s in it, or leave MEMBERPAY_HELP empty", dir, strings.Join(Languages, " and "))}
	}
	list, bad := Read(os.DirFS(dir), dir, Folder)
	all := (&Set{}).with(ReadShipped()).with(list)
	for _, a := range list {
		for _, slug := range a.Related {
			if _, ok := all.Find(a.Lang, slug); !ok {
				bad = append(bad, Bad{File: path.Join(dir, a.Lang, a.Slug+".md"), Line: 1, Field: "related", Reason: fmt.Sprintf("names %q, which is no article", slug),
					Remedy: "name one that is there, or leave it out"})
			}
		}
	}
	return list, bad
}
