package portal

import (
	"net/http"
	"strings"
	"time"

	"memberpay/internal/consent"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/paper"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// paperlessTerms are the paragraphs of the disclosure, in order. 15 USC 7001(c) asks for each of them.
//
// words: paperless.terms.*
var paperlessTerms = []string{"about", "choice", "copy", "withdraw", "scope", "reach", "needs", "changes"}

// shownByTest is how somebody showed that they can open what they will get.
const shownByTest = "test document"

// testTries bounds how often the number in the test document may be guessed.
var testTries = identity.Limit{Name: "account/test-number", Hits: 10, Window: 15 * time.Minute}

// paperlessView says whether bills come on paper.
type paperlessView struct {
	On    bool
	Again bool // agreed to words that have changed since
	Since []ui.Row
	Words []string // what was agreed to, a paragraph each
	Done  string
}

// agreeView is the words, the test document and the question.
type agreeView struct {
	OfferID string
	Words   []string
	Number  string
	Busy    string
}

// paperlessWords are the words of the disclosure in the reader's language.
func paperlessWords(c *web.Context) consent.Words {
	b := c.Site.Brand
	parts := []string{c.T("paperless.terms.title", "Name", b.Name)}
	for _, t := range paperlessTerms {
		parts = append(parts, c.T("paperless.terms."+t, "Name", b.Name, "Phone", b.Phone.Display))
	}
	return consent.Words{Version: consent.Version[consent.Paperless], Language: c.Words.Lang(), Text: strings.Join(parts, paragraph)}
}

// paperless shows whether bills come on paper, and what was agreed to.
func (p *Portal) paperless(c *web.Context) error {
	now, err := consent.Current(c.R.Context(), p.DB.Read(), c.Session.AccountID, consent.Paperless)
	if err != nil {
		return err
	}
	v := paperlessView{On: now.Holds(), Again: now.State == consent.Consented && !now.Holds()}
	if now.State == consent.Consented {
		v.Since = consentRows(c, now)
		v.Words = strings.Split(now.Words.Text, paragraph)
	}
	switch c.R.URL.Query().Get("done") {
	case "on":
		if v.On {
			v.Done = c.T("paperless.done.on")
		}
	case "off":
		if !v.On {
			v.Done = c.T("paperless.done.off")
		}
	}
	frame := accountFrame(c, c.T("paperless.title"))
	frame.Path = "/account/paperless"
	return c.Render(http.StatusOK, paperlessPage(frame, v))
}

// consentRows say when and to what somebody agreed.
func consentRows(c *web.Context, given consent.Consent) []ui.Row {
	return []ui.Row{
		{Key: c.T("paperless.since"), Value: moment(c, given.ConsentedAt)},
		{Key: c.T("paperless.version"), Value: given.Words.Version},
		{Key: c.T("account.language"), Value: languageName(c, given.Words.Language)},
	}
}

// paperlessAgree shows the words, which makes them an offer, and asks for the number in the test document.
func (p *Portal) paperlessAgree(c *web.Context) error {
	if now, err := consent.Current(c.R.Context(), p.DB.Read(), c.Session.AccountID, consent.Paperless); err != nil || now.Holds() {
		return orTo(c, err, "/account/paperless")
	}
	return p.showAgree(c, http.StatusOK, agreeView{})
}

func (p *Portal) showAgree(c *web.Context, status int, v agreeView, problems ...ui.Problem) error {
	ctx := c.R.Context()
	var offer consent.Consent
	err := p.DB.Write(ctx, func(tx *db.Tx) (err error) {
		offer, err = consent.Offer(ctx, tx, c.Now, c.Session.AccountID, consent.Paperless, paperlessWords(c))
		return err
	})
	if err != nil {
		return err
	}
	v.OfferID, v.Words = offer.ID, strings.Split(offer.Words.Text, paragraph)
	frame := page(c, c.T("paperless.agree.title"))
	frame.Back = &ui.Link{Label: c.T("paperless.title"), Href: "/account/paperless"}
	frame.Path, frame.Problems = "/account/paperless/agree", problems
	return c.Render(status, paperlessAgreePage(frame, v))
}

// paperlessAgreePost keeps the consent with the words, once the number in the test document shows that it was opened.
func (p *Portal) paperlessAgreePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	offer, err := consent.Open(ctx, p.DB.Read(), c.Session.AccountID, consent.Paperless)
	if err != nil {
		return err
	}
	if offer.State == consent.None {
		if now, err := consent.Current(ctx, p.DB.Read(), c.Session.AccountID, consent.Paperless); err != nil || now.Holds() {
			return orTo(c, err, "/account/paperless?done=on") // the button was pressed twice
		}
	}
	if offer.ID != c.Form("offer") || offer.Words != paperlessWords(c) {
		return p.showAgree(c, http.StatusUnprocessableEntity, agreeView{}, ui.Problem{Text: c.T("paperless.agree.changed")})
	}
	v := agreeView{Number: c.Form("number")}
	if len(v.Number) > 20 {
		v.Number = ""
	}
	if v.Number != "" {
		err := c.Site.Accounts.Allow(ctx, c.Now, testTries, c.Session.AccountID)
		if fault.Is(err, fault.Busy) {
			v.Busy = tooMany(c, err)
			return p.showAgree(c, http.StatusTooManyRequests, v)
		}
		if err != nil {
			return err
		}
	}
	var problems []ui.Problem
	switch strings.Join(strings.Fields(v.Number), "") {
	case consent.TestNumber(p.Seal, offer.ID):
	case "":
		problems = append(problems, ui.Problem{Field: "number", Text: c.T("paperless.number.required")})
	default:
		problems = append(problems, ui.Problem{Field: "number", Text: c.T("paperless.number.wrong")})
	}
	if c.Form("agree") == "" {
		problems = append(problems, ui.Problem{Field: "agree", Text: c.T("paperless.agree.required")})
	}
	if len(problems) > 0 {
		return p.showAgree(c, http.StatusUnprocessableEntity, v, problems...)
	}
	err = p.change(c, "account.paperless_on", letter.AccountChanged{What: letter.PaperlessOn, Copy: offer.Words.Text}, func(tx *db.Tx) error {
		_, err := consent.Agree(ctx, tx, c.Now, c.Session.AccountID, offer.ID, whereFrom(c), shownByTest)
		return err
	})
	if fault.CodeOf(err) == consent.ErrNoOffer.Code { // two buttons at the same time
		err = nil
	}
	return orTo(c, err, "/account/paperless?done=on")
}

// orTo returns the error, or sends the reader to a path where there is none.
func orTo(c *web.Context, err error, path string) error {
	if err != nil {
		return err
	}
	return c.Redirect(path)
}

// whereFrom is from where the reader acts.
func whereFrom(c *web.Context) consent.Where {
	return consent.Where{SessionID: c.Session.ID, Address: c.Address()}
}

// paperlessTest is the test document of the offer that waits for an answer.
func (p *Portal) paperlessTest(c *web.Context) error {
	offer, err := consent.Open(c.R.Context(), p.DB.Read(), c.Session.AccountID, consent.Paperless)
	if err != nil {
		return err
	}
	if offer.State != consent.Offered {
		return c.Redirect("/account/paperless/agree")
	}
	return sendPDF(c, "test-document.pdf", document(c, c.T("paperless.test.title"), []paper.Block{
		paper.Heading{Level: 1, Text: c.T("paperless.test.title")},
		paper.Paragraph{Text: c.T("paperless.test.body")},
		paper.Highlights{{Label: c.T("paperless.test.number"), Value: consent.TestNumber(p.Seal, offer.ID)}},
		paper.Paragraph{Text: c.T("paperless.test.next")},
	}))
}

// paperlessTermsPDF is a copy of the words that were agreed to.
func (p *Portal) paperlessTermsPDF(c *web.Context) error {
	given, err := consent.Current(c.R.Context(), p.DB.Read(), c.Session.AccountID, consent.Paperless)
	if err != nil {
		return err
	}
	if given.State != consent.Consented {
		return c.Redirect("/account/paperless")
	}
	return sendPDF(c, "paperless-"+fileName(given.Words.Version)+".pdf", consentPaper(c, given))
}

// consentPaper is a consent on paper: what was agreed to, in the language in which it was, and when.
func consentPaper(c *web.Context, given consent.Consent) paper.Document {
	words := strings.Split(given.Words.Text, paragraph)
	blocks := []paper.Block{paper.Heading{Level: 1, Text: words[0]}}
	var facts paper.Facts
	for _, r := range consentRows(c, given) {
		facts = append(facts, paper.Fact{Label: r.Key, Value: r.Value})
	}
	blocks = append(blocks, facts)
	for _, text := range words[1:] {
		blocks = append(blocks, paper.Paragraph{Text: text})
	}
	d := document(c, words[0], blocks)
	d.Created = given.ConsentedAt
	return d
}

// paperlessStop asks whether paper is wanted again.
func (p *Portal) paperlessStop(c *web.Context) error {
	frame := page(c, c.T("paperless.stop.title"))
	frame.Back = &ui.Link{Label: c.T("paperless.title"), Href: "/account/paperless"}
	return c.Render(http.StatusOK, paperlessStopPage(frame))
}

// paperlessStopPost takes the consent back, at once.
func (p *Portal) paperlessStopPost(c *web.Context) error {
	ctx := c.R.Context()
	err := p.change(c, "account.paperless_off", letter.AccountChanged{What: letter.PaperlessOff}, func(tx *db.Tx) error {
		return consent.Withdraw(ctx, tx, c.Now, c.Session.AccountID, consent.Paperless, whereFrom(c))
	})
	if fault.CodeOf(err) == consent.ErrNone.Code { // taken back twice is taken back
		err = nil
	}
	return orTo(c, err, "/account/paperless?done=off")
}
