package portal

import (
	"net/http"
	"slices"
	"strings"

	"memberpay/internal/fault"
	"memberpay/internal/help"
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// helpView is the first page of the help center.
type helpView struct {
	Search   ui.Search
	Troubles []ui.Link // what may have happened, the most pressing first
	Shelves  []shelf
	Reach    reach
	Finance  ui.Link // the organisation's own page about help with paying; no Href where it has none
}

// shelf is a category with its first articles.
type shelf struct {
	Name, What string
	Count      string
	Href       string
	Answers    []ui.Link
}

// pressing are the troubles of the first page, the most pressing first.
var pressing = []string{"payment-declined", "payment-checking", "charged-twice", "bank-returned", "cannot-find-bill", "lost-member-id",
	"no-code", "cannot-sign-in", "page-timed-out", "is-this-from-us"}

// firstAnswers is how many articles of a category the first page lists.
const firstAnswers = 4

// help is the first page of the help center.
//
// words: help.cat.*
func (p *Portal) help(c *web.Context) error {
	set, err := p.Help.Articles(c.R.Context())
	if err != nil {
		return err
	}
	lang := c.Words.Lang()
	v := helpView{Search: searchField(c, ""), Reach: reachOf(c), Finance: ui.Link{Label: c.T("shell.help.financial"), Href: c.Site.Brand.Links.FinancialHelp}}
	v.Finance.New = strings.HasPrefix(v.Finance.Href, "https:")
	for _, slug := range pressing {
		if a, ok := set.Find(lang, slug); ok {
			v.Troubles = append(v.Troubles, articleLink(a))
		}
	}
	for _, name := range help.Categories {
		list := set.In(lang, name)
		if len(list) == 0 {
			continue
		}
		s := shelf{Name: c.T("help.cat." + name), What: c.T("help.cat." + name + ".what"), Href: "/help/" + name, Count: c.Words.N("help.count", len(list))}
		for _, a := range list[:min(firstAnswers, len(list))] {
			s.Answers = append(s.Answers, articleLink(a))
		}
		v.Shelves = append(v.Shelves, s)
	}
	f := page(c, c.T("help.title"))
	f.Wide = true
	return c.Render(http.StatusOK, helpPage(f, v))
}

func searchField(c *web.Context, query string) ui.Search {
	return ui.Search{Action: "/help/search", Name: "q", Label: c.T("help.search"), Hint: c.T("help.search.hint"), Value: query, Button: c.T("help.search.button")}
}

// spansOf are the pieces of an excerpt for the page.
func spansOf(list []help.Piece) []ui.Span {
	out := make([]ui.Span, len(list))
	for i, p := range list {
		out[i] = ui.Span{Text: p.Text, Mark: p.Mark}
	}
	return out
}

func articleLink(a help.Article) ui.Link { return ui.Link{Label: a.Title, Href: articlePath(a.Slug)} }

func articlePath(slug string) string { return "/help/articles/" + slug }

// shelfView is the page of a category.
type shelfView struct {
	Search  ui.Search
	Title   string
	What    string
	Answers []ui.Answer
}

// helpCategory lists the articles of a category.
func (p *Portal) helpCategory(c *web.Context) error {
	name := c.R.PathValue("category")
	set, err := p.Help.Articles(c.R.Context())
	if err != nil {
		return err
	}
	if !slices.Contains(help.Categories, name) {
		return fault.New(fault.NotFound, "help.category")
	}
	v := shelfView{Search: searchField(c, ""), Title: c.T("help.cat." + name), What: c.T("help.cat." + name + ".what")}
	for _, a := range set.In(c.Words.Lang(), name) {
		v.Answers = append(v.Answers, ui.Answer{Title: a.Title, Href: articlePath(a.Slug), Text: []ui.Span{{Text: a.Summary}}, Lang: other(c, a)})
	}
	return c.Render(http.StatusOK, helpCategoryPage(page(c, v.Title), v))
}

// other is the language of an article where it is not the reader's, else "".
func other(c *web.Context, a help.Article) string {
	if a.Lang == c.Words.Lang() {
		return ""
	}
	return a.Lang
}

// articleView is the page of an article.
type articleView struct {
	Path    string
	Way     []ui.Link
	Title   string
	Lang    string // the article's, where it is not the page's
	Note    string // why it is in another language
	Summary string
	HTML    string
	Related []ui.Link
	Thanks  bool   // the reader has just said whether it helped
	Helpful string // "yes" or "no", as chosen
	Comment string
	Longest int // characters of a comment
}

// article is the page of one article.
func (p *Portal) article(c *web.Context) error {
	a, set, err := p.findArticle(c)
	if err != nil {
		return err
	}
	v, err := p.articleView(c, a, set)
	if err != nil {
		return err
	}
	v.Thanks = c.R.URL.Query().Has("thanks")
	return c.Render(http.StatusOK, articlePage(page(c, v.Title), v))
}

func (p *Portal) findArticle(c *web.Context) (help.Article, *help.Set, error) {
	set, err := p.Help.Articles(c.R.Context())
	if err != nil {
		return help.Article{}, nil, err
	}
	a, ok := set.Find(c.Words.Lang(), c.R.PathValue("slug"))
	if !ok {
		return help.Article{}, nil, fault.New(fault.NotFound, "help.article")
	}
	return a, set, nil
}

// articleView is what the page of an article shows.
//
// words: help.lang.*
func (p *Portal) articleView(c *web.Context, a help.Article, set *help.Set) (articleView, error) {
	v := articleView{Longest: help.LongestComment, Path: articlePath(a.Slug), Title: a.Title, Summary: a.Summary, Lang: other(c, a),
		Way: []ui.Link{{Label: c.T("help.title"), Href: "/help"}, {Label: c.T("help.cat." + a.Category), Href: "/help/" + a.Category}}}
	if v.Lang != "" {
		v.Note = c.T("help.lang." + v.Lang)
	}
	var err error
	if v.HTML, err = a.HTML(c.Site.Brand.Facts(p.BaseURL), c.T("help.elsewhere")); err != nil {
		return v, err
	}
	for _, r := range set.Related(a, c.Words.Lang()) {
		v.Related = append(v.Related, articleLink(r))
	}
	return v, nil
}

// articlePost takes what a reader says about an article: whether it helped, and why.
func (p *Portal) articlePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	a, set, err := p.findArticle(c)
	if err != nil {
		return err
	}
	v, err := p.articleView(c, a, set)
	if err != nil {
		return err
	}
	v.Helpful, v.Comment = c.Form("helpful"), c.Form("comment")
	f := page(c, v.Title)
	switch {
	case v.Helpful != "yes" && v.Helpful != "no":
		f.Problems = append(f.Problems, ui.Problem{Field: "helpful", Text: c.T("help.helpful.required")})
	case len([]rune(v.Comment)) > help.LongestComment:
		f.Problems = append(f.Problems, ui.Problem{Field: "comment", Text: c.T("help.comment.long")})
	}
	if len(f.Problems) > 0 {
		return c.Render(http.StatusUnprocessableEntity, articlePage(f, v))
	}
	if err := c.Site.Accounts.AllowAll(c.R.Context(), c.Now, identity.HelpOpinion(c.Address())); err != nil {
		return err
	}
	if _, err := p.Help.Tell(c.R.Context(), c.Now, a, v.Helpful == "yes", v.Comment); err != nil {
		return err
	}
	return c.Redirect(v.Path + "?thanks")
}
