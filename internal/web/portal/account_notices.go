package portal

import (
	"net/http"
	"slices"
	"strings"

	"memberpay/internal/consent"
	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// noticesView asks which news is wanted, and how.
type noticesView struct {
	Topics []ui.Choices
	Agree  *ui.Choices // to texts; nil where there is no phone
	Words  []string    // what is agreed to with texts
	Phone  ui.Link     // to add a phone; no Href where there is one or none can be had
}

// textsTerms are the paragraphs of the consent to texts, in order.
//
// words: texts.terms.*
var textsTerms = []string{"what", "cost", "free", "stop"}

// textsWords are what somebody agrees to who wants texts to a phone.
func textsWords(c *web.Context, phone string) consent.Words {
	var parts []string
	for _, t := range textsTerms {
		parts = append(parts, c.T("texts.terms."+t, "Name", c.Site.Brand.Name, "Last4", tail(phone), "Phone", c.Site.Brand.Phone.Display))
	}
	return consent.Words{Version: consent.Version[consent.Texts], Language: c.Words.Lang(), Text: strings.Join(parts, paragraph)}
}

// textPhone is the number that texts to the reader go to, "" where none is verified or no texts are sent.
func (p *Portal) textPhone(c *web.Context) (string, error) {
	if !p.CanText {
		return "", nil
	}
	points, err := c.Site.Accounts.ContactPoints(c.R.Context(), c.Session.AccountID)
	return verifiedPhone(points).Value, err
}

// notices asks which news is wanted, and how.
func (p *Portal) notices(c *web.Context) error {
	ways, err := consent.Preferences(c.R.Context(), p.DB.Read(), c.Session.AccountID)
	if err != nil {
		return err
	}
	given, err := consent.Current(c.R.Context(), p.DB.Read(), c.Session.AccountID, consent.Texts)
	if err != nil {
		return err
	}
	return p.showNotices(c, http.StatusOK, ways, given.Holds())
}

// words: notices.topic.*
func (p *Portal) showNotices(c *web.Context, status int, ways map[consent.Topic]consent.Ways, agreed bool, problems ...ui.Problem) error {
	phone, err := p.textPhone(c)
	if err != nil {
		return err
	}
	frame := accountFrame(c, c.T("notices.title"))
	frame.Path, frame.Problems = "/account/notices", problems
	var v noticesView
	for _, t := range consent.Topics {
		w := ways[t]
		mail := ui.Option{Value: "mail", Label: c.T("notices.mail"), Checked: w.Mail}
		if t.Always() {
			mail.Off, mail.Checked, mail.Lines = true, true, []string{c.T("notices.always")}
		}
		choice := ui.Choices{Name: string(t), Legend: c.T("notices.topic." + string(t)), Hint: c.T("notices.topic." + string(t) + ".hint"), Options: []ui.Option{mail}}
		if phone != "" {
			choice.Options = append(choice.Options, ui.Option{Value: "text", Label: c.T("notices.text", "Value", shownPhone(phone)), Checked: w.Text && agreed})
		}
		v.Topics = append(v.Topics, choice)
	}
	switch {
	case phone != "":
		v.Words = strings.Split(textsWords(c, phone).Text, paragraph)
		v.Agree = &ui.Choices{Name: "agree", Legend: c.T("notices.agree"), Error: frame.Problem("agree"), Options: []ui.Option{{Value: "yes", Label: c.T("notices.agree.box"), Checked: agreed}}}
	case p.CanText:
		v.Phone = ui.Link{Label: c.T("notices.phone"), Href: "/account/phone"}
	}
	return c.Render(status, noticesPage(frame, v))
}

// noticesPost keeps which news is wanted, and the consent to texts with its words.
func (p *Portal) noticesPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	phone, err := p.textPhone(c)
	if err != nil {
		return err
	}
	ways, texts := map[consent.Topic]consent.Ways{}, false
	for _, t := range consent.Topics {
		chosen := c.Forms(string(t))
		w := consent.Ways{Mail: slices.Contains(chosen, "mail") || t.Always(), Text: slices.Contains(chosen, "text") && phone != ""}
		ways[t], texts = w, texts || w.Text
	}
	agreed := c.Form("agree") == "yes"
	if texts && !agreed {
		return p.showNotices(c, http.StatusUnprocessableEntity, ways, true, ui.Problem{Field: "agree", Text: c.T("notices.agree.required")})
	}
	ctx, accountID := c.R.Context(), c.Session.AccountID
	now, err := consent.Current(ctx, p.DB.Read(), accountID, consent.Texts)
	if err != nil {
		return err
	}
	err = p.change(c, "account.notices", letter.AccountChanged{What: letter.Notices}, func(tx *db.Tx) error {
		if err := consent.Prefer(ctx, tx, c.Now, accountID, ways); err != nil {
			return err
		}
		if !texts {
			return p.noTexts(c, tx)
		}
		if now.Holds() {
			return nil
		}
		offer, err := consent.Offer(ctx, tx, c.Now, accountID, consent.Texts, textsWords(c, phone))
		if err != nil {
			return err
		}
		_, err = consent.Agree(ctx, tx, c.Now, accountID, offer.ID, whereFrom(c), "")
		return err
	})
	return orTo(c, err, "/account?done=notices")
}

// phoneRow is the phone of the account. It reports false where there is none and none can be had.
func (p *Portal) phoneRow(c *web.Context, points []identity.ContactPoint) (ui.Row, bool) {
	phone := verifiedPhone(points)
	row := ui.Row{Key: c.T("account.phone"), Value: c.T("account.phone.none"), Change: changeLink(c, "account.phone", "/account/phone")}
	if phone.ID != "" {
		row.Value = shownPhone(phone.Value)
	}
	return row, phone.ID != "" || p.CanText
}
