package portal

import (
	"net/http"

	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// searchView is the page of search results.
type searchView struct {
	Search  ui.Search
	Count   string // what was found, for what; "" where nothing was
	Mended  string // what was looked for instead of what was typed
	Answers []ui.Answer
	None    string // the title where nothing was found
	Ways    []ui.Link
}

// helpSearch looks for articles. A question that finds nothing gets the ways to reach a person.
func (p *Portal) helpSearch(c *web.Context) error {
	if err := c.Site.Accounts.AllowAll(c.R.Context(), c.Now, identity.HelpSearch(c.Address())); err != nil {
		return err
	}
	f, err := p.Help.Search(c.R.Context(), c.Words.Lang(), c.R.URL.Query().Get("q"), c.Site.Brand.Facts(p.BaseURL))
	if err != nil {
		return err
	}
	v := searchView{Search: searchField(c, f.Query)}
	for _, h := range f.Hits {
		v.Answers = append(v.Answers, ui.Answer{Title: h.Article.Title, Href: articlePath(h.Article.Slug), Text: spansOf(h.Excerpt), Lang: other(c, h.Article)})
	}
	switch {
	case f.Query == "":
	case len(f.Hits) == 0:
		v.None = c.T("help.search.none", "Query", f.Query)
		phone := c.Site.Brand.Phone
		v.Ways = []ui.Link{{Label: c.T("help.search.call", "Phone", phone.Display), Href: "tel:" + phone.Dial}, {Label: c.T("contact.us"), Href: "/contact"},
			{Label: c.T("shell.help.offices"), Href: "/offices"}, {Label: c.T("help.title"), Href: "/help"}}
	default:
		v.Count = c.T("help.search.for", "Count", c.Words.N("help.count", len(f.Hits)), "Query", f.Query)
		if f.Mended != "" {
			v.Mended = c.T("help.search.mended", "Query", f.Mended)
		}
	}
	frame := page(c, c.T("help.search.title"))
	return c.Render(http.StatusOK, searchPage(frame, v))
}
