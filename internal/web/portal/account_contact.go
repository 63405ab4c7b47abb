package portal

import (
	"net/http"
	"strings"
	"time"

	"memberpay/internal/consent"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// contactLife is how long a code to a new address or number is good.
const contactLife = 15 * time.Minute

// contactCodes bounds how many codes one account may have sent to new addresses and numbers.
var contactCodes = identity.Limit{Name: "account/contact-code", Hits: 6, Window: time.Hour}

// contactForm is what asks for a new address or number.
type contactForm struct {
	Title, Lead string
	Now         []ui.Row // what there is
	Action      string
	Field       ui.Field
	Button      string
	Remove      string // address of the form that removes the phone, "" for none
	OnFile      []ui.Row
	Busy        string
}

// contactView asks for the code that went to a new address or number.
type contactView struct {
	Point string // address of this page
	Kind  string
	Value string
	Busy  string
	Done  string
}

// accountEmail asks for a new address to sign in with.
func (p *Portal) accountEmail(c *web.Context) error {
	return p.showEmail(c, http.StatusOK, "", "")
}

func (p *Portal) showEmail(c *web.Context, status int, value, busy string, problems ...ui.Problem) error {
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	frame := accountFrame(c, c.T("contact.email.title"))
	frame.Path, frame.Problems = "/account/email", problems
	v := contactForm{Title: c.T("contact.email.title"), Lead: c.T("contact.email.lead"), Action: "/account/email", Button: c.T("contact.send"), Busy: busy,
		Now:   []ui.Row{{Key: c.T("account.email"), Value: who.Email}},
		Field: ui.Field{Name: "email", Label: c.T("contact.email.new"), Type: "email", Value: value, Error: frame.Problem("email"), Autocomplete: "email", InputMode: "email"}}
	if v.OnFile, err = p.onFileRows(c, who); err != nil {
		return err
	}
	return c.Render(status, contactFormPage(frame, v))
}

// accountEmailPost sends a code to the new address. Nothing changes before it comes back.
func (p *Portal) accountEmailPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	email := c.Form("email")
	wrong := ""
	switch {
	case email == "":
		wrong = "error.email.required"
	case len(email) > 254:
		email, wrong = "", "error.email.long"
	case !identity.ValidEmail(email):
		wrong = "error.email.format"
	}
	if wrong != "" {
		return p.showEmail(c, http.StatusUnprocessableEntity, email, "", ui.Problem{Field: "email", Text: c.T(wrong)})
	}
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	if identity.FoldEmail(email) == identity.FoldEmail(who.Email) {
		return p.showEmail(c, http.StatusUnprocessableEntity, email, "", ui.Problem{Field: "email", Text: c.T("contact.email.same")})
	}
	return p.addPoint(c, identity.EmailPoint, email, func(status int, busy string, problems ...ui.Problem) error {
		return p.showEmail(c, status, email, busy, problems...)
	})
}

// accountPhone asks for a phone that texts go to.
func (p *Portal) accountPhone(c *web.Context) error {
	return p.showPhone(c, http.StatusOK, "", "")
}

func (p *Portal) showPhone(c *web.Context, status int, value, busy string, problems ...ui.Problem) error {
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	points, err := c.Site.Accounts.ContactPoints(c.R.Context(), who.ID)
	if err != nil {
		return err
	}
	frame := accountFrame(c, c.T("contact.phone.title"))
	frame.Path, frame.Problems = "/account/phone", problems
	v := contactForm{Title: c.T("contact.phone.title"), Lead: c.T("contact.phone.lead"), Action: "/account/phone", Button: c.T("contact.send"), Busy: busy,
		Field: ui.Field{Name: "phone", Label: c.T("contact.phone.new"), Hint: c.T("contact.phone.hint"), Type: "tel", Value: value, Error: frame.Problem("phone"), Autocomplete: "tel", InputMode: "tel", Width: ui.Medium}}
	if phone := verifiedPhone(points); phone.ID != "" {
		v.Now = []ui.Row{{Key: c.T("account.phone"), Value: shownPhone(phone.Value)}}
		v.Remove = contactPath(phone.ID) + "/remove"
	}
	if v.OnFile, err = p.onFileRows(c, who); err != nil {
		return err
	}
	if !p.CanText {
		v.Lead, v.Action = c.T("contact.phone.none", "Phone", c.Site.Brand.Phone.Display), ""
	}
	return c.Render(status, contactFormPage(frame, v))
}

// accountPhonePost texts a code to the new number. Nothing changes before it comes back.
func (p *Portal) accountPhonePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if !p.CanText {
		return c.Redirect("/account/phone")
	}
	phone := c.Form("phone")
	if len(phone) > 60 {
		phone = ""
	}
	again := func(status int, busy string, problems ...ui.Problem) error {
		return p.showPhone(c, status, phone, busy, problems...)
	}
	if _, ok := identity.PhoneNumber(phone); !ok {
		return again(http.StatusUnprocessableEntity, "", ui.Problem{Field: "phone", Text: c.T("contact.phone.wrong")})
	}
	return p.addPoint(c, identity.PhonePoint, phone, again)
}

// addPoint keeps a new address or number that nobody has shown to be theirs yet, in place of earlier ones that were never
// shown, and sends it a code.
func (p *Portal) addPoint(c *web.Context, kind, value string, again func(status int, busy string, problems ...ui.Problem) error) error {
	ctx := c.R.Context()
	if err := c.Site.Accounts.Allow(ctx, c.Now, contactCodes, c.Session.AccountID); fault.Is(err, fault.Busy) {
		return again(http.StatusTooManyRequests, tooMany(c, err))
	} else if err != nil {
		return err
	}
	points, err := c.Site.Accounts.ContactPoints(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	var pointID string
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		for _, x := range points {
			if x.Kind != kind || x.Verified() {
				continue
			}
			if err := c.Site.Accounts.RemoveContactPoint(ctx, tx, c.Now, c.Session.AccountID, x.ID); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		var err error
		if pointID, err = c.Site.Accounts.AddContactPoint(ctx, tx, c.Now, c.Session.AccountID, kind, value); err != nil {
			return err
		}
		return p.tellCode(c, tx, pointID, kind, value)
	})
	if fault.CodeOf(err) == identity.ErrPoints.Code {
		return again(http.StatusUnprocessableEntity, "", ui.Problem{Field: kind, Text: c.T("contact.many", "Phone", c.Site.Brand.Phone.Display)})
	}
	if err != nil {
		return err
	}
	return c.Redirect(contactPath(pointID))
}

// tellCode sends a new code to a point.
func (p *Portal) tellCode(c *web.Context, tx *db.Tx, pointID, kind, value string) error {
	ctx := c.R.Context()
	code, err := c.Site.Accounts.NewCode(ctx, tx, c.Now, string(letter.Contact), pointID, contactLife)
	if err != nil {
		return err
	}
	to := letter.To{Channel: event.Mail, Recipient: strings.TrimSpace(value), Language: c.Words.Lang()}
	if kind == identity.PhonePoint {
		number, _ := identity.PhoneNumber(value)
		to.Channel, to.Recipient = event.Text, number
	}
	return p.Outbox.Tell(ctx, tx, c.Now, letter.New(letter.Code{Purpose: letter.Contact, Code: code, Until: c.Now.Add(contactLife)}, id.New("chl"), to))
}

// point is the contact point of this page: one of the account's own, else NotFound.
func (p *Portal) point(c *web.Context) (identity.ContactPoint, error) {
	points, err := c.Site.Accounts.ContactPoints(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return identity.ContactPoint{}, err
	}
	for _, x := range points {
		if x.ID == c.R.PathValue("point") {
			return x, nil
		}
	}
	return identity.ContactPoint{}, fault.New(fault.NotFound, "contact.not_found")
}

// contact asks for the code that went to a new address or number.
func (p *Portal) contact(c *web.Context) error {
	point, err := p.point(c)
	if err != nil {
		return err
	}
	if point.Verified() {
		return c.Redirect("/account")
	}
	v := contactView{}
	if c.R.URL.Query().Get("done") == "again" {
		v.Done = c.T("contact.again.done")
	}
	return p.showContact(c, http.StatusOK, point, v)
}

func (p *Portal) showContact(c *web.Context, status int, point identity.ContactPoint, v contactView, problems ...ui.Problem) error {
	v.Point, v.Kind, v.Value = contactPath(point.ID), point.Kind, point.Value
	if point.Kind == identity.PhonePoint {
		v.Value = shownPhone(point.Value)
	}
	frame := page(c, c.T("contact.code.title"))
	frame.Back = &ui.Link{Label: c.T("account.title"), Href: "/account"}
	frame.Path, frame.Problems = v.Point, problems
	return c.Render(status, contactPage(frame, v))
}

// contactAgain sends another code; the one before is good no more.
func (p *Portal) contactAgain(c *web.Context) error {
	point, err := p.point(c)
	if err != nil {
		return err
	}
	if point.Verified() {
		return c.Redirect("/account")
	}
	ctx := c.R.Context()
	if err := c.Site.Accounts.Allow(ctx, c.Now, contactCodes, c.Session.AccountID); fault.Is(err, fault.Busy) {
		return p.showContact(c, http.StatusTooManyRequests, point, contactView{Busy: tooMany(c, err)})
	} else if err != nil {
		return err
	}
	if err := p.DB.Write(ctx, func(tx *db.Tx) error { return p.tellCode(c, tx, point.ID, point.Kind, point.Value) }); err != nil {
		return err
	}
	return c.Redirect(contactPath(point.ID) + "?done=again")
}

// contactPost puts a new address or number to use once its code came back, and tells the old one.
func (p *Portal) contactPost(c *web.Context) error {
	point, err := p.point(c)
	if err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if point.Verified() {
		return c.Redirect("/account")
	}
	code := c.Form("code")
	if code == "" || len(code) > 40 {
		return p.showContact(c, http.StatusUnprocessableEntity, point, contactView{}, ui.Problem{Field: "code", Text: c.T("contact.code.required")})
	}
	ctx := c.R.Context()
	var checked error // kept, so that the try is counted
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		checked = c.Site.Accounts.CheckCode(ctx, tx, c.Now, string(letter.Contact), point.ID, code)
		if fault.KindOf(checked) == fault.Internal {
			return checked
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case fault.CodeOf(checked) == identity.ErrCodeOver.Code:
		return p.showContact(c, http.StatusUnprocessableEntity, point, contactView{}, ui.Problem{Field: "code", Text: c.T("contact.code.over")})
	case checked != nil:
		return p.showContact(c, http.StatusUnprocessableEntity, point, contactView{}, ui.Problem{Field: "code", Text: c.T("contact.code.wrong")})
	case point.Kind == identity.EmailPoint:
		return p.useEmail(c, point)
	}
	return p.usePhone(c, point)
}

// useEmail makes a point the address to sign in with. The old address is told.
func (p *Portal) useEmail(c *web.Context, point identity.ContactPoint) error {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	err := p.change(c, "account.email_changed", letter.AccountChanged{What: letter.Email}, func(tx *db.Tx) error {
		if err := accounts.SetEmail(ctx, tx, c.Now, c.Session.AccountID, point.Value); err != nil {
			return err
		}
		return accounts.RemoveContactPoint(ctx, tx, c.Now, c.Session.AccountID, point.ID)
	})
	if fault.CodeOf(err) == identity.ErrEmailTaken.Code {
		return p.showEmail(c, http.StatusUnprocessableEntity, point.Value, "", ui.Problem{Field: "email", Text: c.T("contact.email.taken")})
	}
	return orTo(c, err, "/account?done=email")
}

// usePhone makes a point the phone that texts go to, in place of an earlier one, which is told like every
// other address of the account.
func (p *Portal) usePhone(c *web.Context, point identity.ContactPoint) error {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	points, err := accounts.ContactPoints(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	err = p.change(c, "account.phone_changed", letter.AccountChanged{What: letter.Phone}, func(tx *db.Tx) error {
		if err := accounts.VerifyContactPoint(ctx, tx, c.Now, c.Session.AccountID, point.ID); err != nil {
			return err
		}
		for _, old := range points {
			if old.Kind != identity.PhonePoint || !old.Verified() {
				continue
			}
			if err := accounts.RemoveContactPoint(ctx, tx, c.Now, c.Session.AccountID, old.ID); err != nil {
				return err
			}
		}
		return p.noTexts(c, tx) // the consent was for the number before
	})
	return orTo(c, err, "/account?done=phone")
}

// noTexts takes back the consent to texts, where there is one.
func (p *Portal) noTexts(c *web.Context, tx *db.Tx) error {
	err := consent.Withdraw(c.R.Context(), tx, c.Now, c.Session.AccountID, consent.Texts, whereFrom(c))
	if fault.CodeOf(err) == consent.ErrNone.Code {
		return nil
	}
	return err
}

// contactRemove removes a phone, or an address that was never put to use.
func (p *Portal) contactRemove(c *web.Context) error {
	point, err := p.point(c)
	if err != nil {
		return err
	}
	ctx, accounts := c.R.Context(), c.Site.Accounts
	remove := func(tx *db.Tx) error {
		return accounts.RemoveContactPoint(ctx, tx, c.Now, c.Session.AccountID, point.ID)
	}
	if !point.Verified() {
		return orTo(c, p.quietChange(c, "account.contact_dropped", remove), "/account")
	}
	err = p.change(c, "account.phone_removed", letter.AccountChanged{What: letter.Phone}, func(tx *db.Tx) error {
		if err := remove(tx); err != nil {
			return err
		}
		return p.noTexts(c, tx)
	})
	if fault.CodeOf(err) == identity.ErrPointNeeded.Code {
		return p.showPhone(c, http.StatusUnprocessableEntity, "", "", ui.Problem{Text: c.T("contact.phone.needed")})
	}
	return orTo(c, err, "/account?done=phone_removed")
}

func contactPath(pointID string) string { return "/account/contact/" + pointID }

// verifiedPhone is the phone that texts go to: the one verified last.
func verifiedPhone(points []identity.ContactPoint) (out identity.ContactPoint) {
	for _, x := range points {
		if x.Kind == identity.PhonePoint && x.Verified() && !x.VerifiedAt.Before(out.VerifiedAt) {
			out = x
		}
	}
	return out
}

// shownPhone writes +15035550100 as (503) 555-0100.
func shownPhone(number string) string {
	if len(number) != 12 {
		return number
	}
	return "(" + number[2:5] + ") " + number[5:8] + "-" + number[8:]
}
