package help

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// articles is where the page of an article stands.
const articles = "/help/articles/"

// Check returns everything that keeps an article from being published: what Article.Check finds, related articles that are
// not there, and links to pages of this site that are not there.
func (c *Center) Check(ctx context.Context, a Article) ([]Bad, error) {
	set, err := c.Articles(ctx)
	if err != nil {
		return nil, err
	}
	bad := a.Check()
	for _, slug := range a.Related {
		if _, ok := set.Find(a.Lang, slug); !ok && slugs.MatchString(slug) && slug != a.Slug {
			bad = append(bad, Bad{Field: "related", Code: "related", What: short(slug), Reason: fmt.Sprintf("names %q, which is no article", short(slug)), Remedy: "name one that is there, or leave it out"})
		}
	}
	for _, l := range links(a.Body) {
		if safe(l.address) && !c.found(set, a, l.address) {
			bad = append(bad, Bad{Line: l.line, Field: "body", Code: "lost", What: short(l.address), Reason: fmt.Sprintf("links to %s, which is no page of this site", short(l.address)),
				Remedy: "link to a page that is there"})
		}
	}
	return bad, nil
}

// found reports whether a safe link leads to something: a page of this site that is there, or elsewhere.
func (c *Center) found(set *Set, a Article, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if !strings.HasPrefix(u.Path, "/") || u.Scheme != "" {
		return true
	}
	if slug, ok := strings.CutPrefix(u.Path, articles); ok {
		_, there := set.Find(a.Lang, slug)
		return there || slug == a.Slug
	}
	if shelf, ok := strings.CutPrefix(u.Path, "/help/"); ok {
		return shelf == "search" || slices.Contains(Categories, shelf)
	}
	return c.Page == nil || c.Page(u.Path)
}

// leads reports whether an article links to another.
func leads(a Article, slug string) bool {
	return slices.ContainsFunc(links(a.Body), func(l link) bool {
		u, err := url.Parse(l.address)
		return err == nil && u.Scheme == "" && u.Path == articles+slug
	})
}

// IsSlug reports whether a text is a name for addresses.
func IsSlug(s string) bool { return len(s) <= 60 && slugs.MatchString(s) }
