package portal

import (
	"net/http"

	"memberpay/internal/db"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// accountLanguage asks in which language pages and letters are to be.
func (p *Portal) accountLanguage(c *web.Context) error {
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	return p.showLanguage(c, http.StatusOK, who.Language)
}

// accountLanguagePost keeps the choice with the account and goes on in it.
func (p *Portal) accountLanguagePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	lang := c.Form("language")
	if !c.Site.Brand.Offers(lang) {
		return p.showLanguage(c, http.StatusUnprocessableEntity, "", ui.Problem{Field: "language", Text: c.T("account.language.choose")})
	}
	ctx := c.R.Context()
	err := p.change(c, "account.language", letter.AccountChanged{What: letter.Language}, func(tx *db.Tx) error { return c.Site.Accounts.SetLanguage(ctx, tx, c.Session.AccountID, lang) })
	if err != nil {
		return err
	}
	return c.Redirect("/account?done=language&lang=" + lang)
}

func (p *Portal) showLanguage(c *web.Context, status int, lang string, problems ...ui.Problem) error {
	choices := ui.Choices{Name: "language", Legend: c.T("account.language.title"), Title: true, Hint: c.T("account.language.hint")}
	for _, l := range c.Site.Brand.Languages {
		choices.Options = append(choices.Options, ui.Option{Value: l, Label: languageName(c, l), Checked: l == lang})
	}
	frame := accountFrame(c, c.T("account.language.title"))
	frame.Path, frame.Problems = "/account/language", problems
	choices.Error = frame.Problem("language")
	return c.Render(status, accountLanguagePage(frame, choices))
}

// languageName is what a language calls itself.
//
// words: shell.language.*
func languageName(c *web.Context, lang string) string { return c.T("shell.language." + lang) }
