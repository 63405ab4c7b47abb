package desk

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"memberpay/internal/fault"
	"memberpay/internal/help"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// opinionsOf is how far back what readers said is counted.
const opinionsOf = 90 * 24 * time.Hour

// articlesView is the list of articles.
type articlesView struct {
	Table     ui.Table
	Query     string
	Shelves   ui.Select
	None      bool   // nothing matches
	Name      string // of an article that is to be written
	Languages ui.Select
}

// articles lists every article in each language, and leads to where one with a new name is written.
//
// words: desk.help.from.*
func (d *Desk) articles(c *web.Context) error {
	ctx := c.R.Context()
	set, err := d.Help.Articles(ctx)
	if err != nil {
		return err
	}
	opinions, err := d.Help.Opinions(ctx, c.Now.Add(-opinionsOf))
	if err != nil {
		return err
	}
	shown, err := d.Help.Shown(ctx)
	if err != nil {
		return err
	}
	names, err := d.writers(c, shown)
	if err != nil {
		return err
	}
	v := articlesView{Name: c.R.URL.Query().Get("name"), Languages: ui.Select{Name: "language", Label: c.T("desk.help.language")}, Table: ui.Table{Caption: c.T("desk.help.title"), HideCaption: true, FirstIsHeader: true}}
	for _, key := range []string{"article", "language", "from", "changed", "opinions"} {
		// words: desk.help.article desk.help.language desk.help.from desk.help.changed desk.help.opinions
		v.Table.Columns = append(v.Table.Columns, ui.Column{Label: c.T("desk.help." + key)})
	}
	v.Query = clipped(strings.TrimSpace(strings.ToValidUTF8(c.R.URL.Query().Get("q"), "")), mostQuery)
	v.Shelves = shelves(c, c.R.URL.Query().Get("category"))
	v.Shelves.Options = append([]ui.Option{{Label: c.T("desk.help.category.all")}}, v.Shelves.Options...)
	for _, a := range set.In(c.Words.Lang(), c.R.URL.Query().Get("category")) {
		if !sought(set, a.Slug, v.Query) {
			continue
		}
		for _, lang := range help.Languages {
			row := []ui.Cell{{Text: a.Title, What: languageName(c, lang), Href: editPath(a.Slug, lang), Lang: a.Lang}, {Text: languageName(c, lang)}, {Text: c.T("desk.help.from.none")}, {}, {}}
			if b, ok := set.Exactly(lang, a.Slug); ok {
				row[0].Text, row[0].Lang, row[2].Text = b.Title, lang, c.T("desk.help.from."+b.Source)
			}
			for _, s := range shown {
				if s.Article.Slug == a.Slug && s.Article.Lang == lang {
					row[3].Text = c.T("desk.help.by", "Name", names[s.WrittenBy], "When", c.Words.DateTime(s.WrittenAt, c.Site.Brand.Zone()))
				}
			}
			if o := opinions[a.Slug]; o != (help.Opinion{}) {
				row[4].Text = c.T("desk.help.counts", "Yes", strconv.FormatInt(o.Yes, 10), "No", strconv.FormatInt(o.No, 10))
			}
			v.Table.Rows = append(v.Table.Rows, row)
		}
	}
	v.None = len(v.Table.Rows) == 0
	for _, lang := range help.Languages {
		v.Languages.Options = append(v.Languages.Options, ui.Option{Value: lang, Label: languageName(c, lang), Checked: lang == c.R.URL.Query().Get("language")})
	}
	frame := page(c, c.T("desk.help.title"))
	frame.Path, frame.Wide = "/desk/help", true
	if v.Name == "" {
		return c.Render(http.StatusOK, articlesPage(frame, v))
	}
	if lang := c.R.URL.Query().Get("language"); help.IsSlug(v.Name) && slices.Contains(help.Languages, lang) {
		return c.Redirect(editPath(v.Name, lang))
	}
	frame.Problems = []ui.Problem{{Field: "name", Text: c.T("desk.help.bad.slug")}}
	return c.Render(http.StatusUnprocessableEntity, articlesPage(frame, v))
}

// mostQuery is the longest search among the articles, in characters.
const mostQuery = 100

// sought reports whether what somebody looks for stands in the name of an article, its title or the words readers use for it,
// in any language.
func sought(set *help.Set, slug, query string) bool {
	query = strings.ToLower(query)
	if strings.Contains(slug, query) {
		return true
	}
	for _, lang := range help.Languages {
		if a, ok := set.Exactly(lang, slug); ok && strings.Contains(strings.ToLower(a.Title+"\n"+strings.Join(a.Keywords, "\n")), query) {
			return true
		}
	}
	return false
}

// shelves are the categories to choose from.
//
// words: help.cat.*
func shelves(c *web.Context, chosen string) ui.Select {
	s := ui.Select{Name: "category", Label: c.T("desk.help.category")}
	for _, name := range help.Categories {
		s.Options = append(s.Options, ui.Option{Value: name, Label: c.T("help.cat." + name), Checked: name == chosen})
	}
	return s
}

func editPath(slug, lang string) string { return "/desk/help/" + slug + "/" + lang }

// languageName is a language in the reader's own.
//
// words: chat.desk.language.*
func languageName(c *web.Context, lang string) string { return c.T("chat.desk.language." + lang) }

func (d *Desk) writers(c *web.Context, list []help.Version) (map[string]string, error) {
	var accounts []string
	for _, v := range list {
		accounts = append(accounts, v.WrittenBy)
	}
	return staff.FirstNames(c.R.Context(), d.DB.Read(), accounts)
}

// articleView is the page that an article is written on.
type articleView struct {
	Path     string
	Heading  string
	From     string // the version that readers saw when its writer began
	Article  help.Article
	Keywords string
	Related  string
	Shelves  ui.Select
	Preview  *ui.Article
	Public   string // where readers find it
	Done     string
	Versions []articleVersion
	Theirs   *help.Article // what somebody published meanwhile
	Comments []ui.Moment   // of readers
}

// articleVersion is one version in the list.
type articleVersion struct {
	ID, Label, Title string
	Shown            bool
}

// article shows the page that an article is written on.
func (d *Desk) article(c *web.Context) error {
	v, err := d.readArticle(c)
	if err != nil {
		return err
	}
	if c.R.URL.Query().Has("done") {
		v.Done = c.T("desk.help.done")
	}
	return d.showArticle(c, http.StatusOK, v)
}

// readArticle is what readers see now of the article that an address names. It is new where none has the name yet.
func (d *Desk) readArticle(c *web.Context) (articleView, error) {
	ctx, slug, lang := c.R.Context(), c.R.PathValue("slug"), c.R.PathValue("lang")
	set, err := d.Help.Articles(ctx)
	if err != nil {
		return articleView{}, err
	}
	if !help.IsSlug(slug) || !slices.Contains(help.Languages, lang) {
		return articleView{}, fault.New(fault.NotFound, "help.article")
	}
	a, ok := set.Exactly(lang, slug)
	if !ok {
		other, _ := set.Find(lang, slug)
		a = help.Article{Slug: slug, Lang: lang, Category: other.Category, Related: other.Related}
	}
	v := articleView{Path: editPath(slug, lang), Article: a, Public: "/help/articles/" + slug,
		Heading: cmp.Or(a.Title, slug) + " (" + languageName(c, lang) + ")", Keywords: strings.Join(a.Keywords, ", "), Related: strings.Join(a.Related, ", ")}
	list, err := d.Help.Versions(ctx, slug)
	if err != nil {
		return v, err
	}
	names, err := d.writers(c, list)
	if err != nil {
		return v, err
	}
	for _, x := range list {
		if x.Article.Lang != lang {
			continue
		}
		if x.Shown {
			v.From = x.ID
		}
		v.Versions = append(v.Versions, articleVersion{ID: x.ID, Shown: x.Shown, Title: x.Article.Title, Label: c.T("desk.help.version", "Number", strconv.Itoa(x.Article.Version),
			"Name", names[x.WrittenBy], "When", c.Words.DateTime(x.WrittenAt, c.Site.Brand.Zone()))})
	}
	return v, nil
}

// mostComments of readers are shown.
const mostComments = 20

// showArticle shows the page.
func (d *Desk) showArticle(c *web.Context, status int, v articleView, problems ...ui.Problem) error {
	v.Shelves = shelves(c, v.Article.Category)
	said, err := d.Help.Comments(c.R.Context(), v.Article.Slug, v.Article.Lang, mostComments)
	if err != nil {
		return err
	}
	for _, f := range said {
		helped := c.T("desk.help.said.no")
		if f.Helpful {
			helped = c.T("desk.help.said.yes")
		}
		v.Comments = append(v.Comments, ui.Moment{At: c.Words.DateTime(f.GivenAt, c.Site.Brand.Zone()), Kind: helped, Text: f.Comment})
	}
	frame := page(c, v.Heading)
	frame.Path, frame.Problems, frame.Wide = v.Path, problems, true
	frame.Back = &ui.Link{Label: c.T("desk.help.title"), Href: "/desk/help"}
	return c.Render(status, editPage(frame, v))
}

// articlePost previews an article, or publishes it as a new version.
func (d *Desk) articlePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v, err := d.readArticle(c)
	if err != nil {
		return err
	}
	now, shown := v.Article, v.From
	v.From, v.Keywords, v.Related = c.Form("from"), c.Form("keywords"), c.Form("related")
	v.Article = help.Article{Slug: v.Article.Slug, Lang: v.Article.Lang, Category: c.Form("category"), Title: c.Form("title"), Summary: c.Form("summary"),
		Keywords: help.List(v.Keywords), Related: help.List(v.Related), Body: strings.ReplaceAll(c.Form("body"), "\r\n", "\n")}
	bad, err := d.Help.Check(c.R.Context(), v.Article)
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		return d.showArticle(c, http.StatusUnprocessableEntity, v, problemsOf(c, bad)...)
	}
	if c.Form("do") != "publish" {
		html, err := v.Article.HTML(c.Site.Brand.Facts(d.BaseURL), c.T("help.elsewhere"))
		if err != nil {
			return err
		}
		v.Preview = &ui.Article{Title: v.Article.Title, Summary: v.Article.Summary, HTML: html, Within: true, Lang: v.Article.Lang}
		return d.showArticle(c, http.StatusOK, v)
	}
	err = d.Help.Publish(c.R.Context(), c.Now, who(c), []help.Draft{{Article: v.Article, From: v.From}})
	if errors.Is(err, help.ErrMeanwhile) {
		v.Theirs, v.From = &now, shown // who has read theirs may publish over it
		return d.showArticle(c, http.StatusConflict, v, ui.Problem{Field: "body", Text: c.T("desk.help.meanwhile")})
	}
	if err != nil {
		return err
	}
	return c.Redirect(v.Path + "?done")
}

// problemsOf says what is wrong, one for each field.
//
// words: desk.help.bad.*
func problemsOf(c *web.Context, bad []help.Bad) []ui.Problem {
	var out []ui.Problem
	for _, b := range bad {
		if !slices.ContainsFunc(out, func(p ui.Problem) bool { return p.Field == b.Field }) {
			out = append(out, ui.Problem{Field: b.Field, Text: c.T("desk.help.bad."+b.Code, "What", b.What, "Most", strconv.Itoa(b.Most), "Line", strconv.Itoa(b.Line))})
		}
	}
	return out
}

// articleShow goes back to an older version.
func (d *Desk) articleShow(c *web.Context) error {
	return d.turn(c, func(v articleView) error {
		return d.Help.Show(c.R.Context(), c.Now, who(c), v.Article.Slug, c.Form("version"), c.Form("from"))
	})
}

// articleWithdraw shows the shipped article again, or none.
func (d *Desk) articleWithdraw(c *web.Context) error {
	return d.turn(c, func(v articleView) error {
		return d.Help.Withdraw(c.R.Context(), c.Now, who(c), v.Article.Slug, v.Article.Lang, c.Form("from"))
	})
}

func (d *Desk) turn(c *web.Context, do func(v articleView) error) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v, err := d.readArticle(c)
	if err != nil {
		return err
	}
	err = do(v)
	switch {
	case errors.Is(err, help.ErrMeanwhile):
		return d.showArticle(c, http.StatusConflict, v, ui.Problem{Field: "body", Text: c.T("desk.help.meanwhile.turn")})
	case errors.Is(err, help.ErrLedTo):
		return d.showArticle(c, http.StatusConflict, v, ui.Problem{Field: "body", Text: c.T("desk.help.led_to")})
	case err != nil:
		return err
	}
	return c.Redirect(v.Path + "?done")
}
