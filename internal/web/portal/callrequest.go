package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"memberpay/internal/callrequest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
	"memberpay/internal/web/ui"
)

// askCallView is the form "Ask us to call you" as it was sent.
type askCallView struct {
	Key, Name, Phone, Email string
	Topic, Speaks, Slot     string
	Guest                   bool
	Named                   bool // the name is known
	Busy                    string
	Full                    bool // no slot is free
	Topics                  []ui.Option
	Languages               []ui.Option
	Slots                   []ui.Option
	Past                    []ui.Row
}

// askedCallView is one request, as whoever asked for it sees it.
type askedCallView struct {
	Path     string
	Tone     ui.Tone
	Title    string
	Text     string
	Number   string
	About    []ui.Row
	Open     bool // it can be taken back
	AskAgain bool
}

// askCall asks when somebody wants to be called.
func (p *Portal) askCall(c *web.Context) error {
	return p.showAskCall(c, http.StatusOK, askCallView{Speaks: c.Words.Lang()})
}

// words: callrequest.topic.*
func (p *Portal) showAskCall(c *web.Context, status int, v askCallView, problems ...ui.Problem) error {
	free, err := p.Calls.Free(c.R.Context(), c.Now)
	if err != nil {
		return err
	}
	v.Guest, v.Full = !c.Session.SignedIn(), len(free) == 0
	if !v.Guest {
		first, err := p.first(c)
		if err != nil {
			return err
		}
		v.Named = first != ""
	}
	if v.Key == "" {
		v.Key = id.Secret()
	}
	for _, t := range callrequest.Topics {
		v.Topics = append(v.Topics, ui.Option{Value: string(t), Label: c.T("callrequest.topic." + string(t)), Checked: v.Topic == string(t)})
	}
	v.Slots = append(v.Slots, ui.Option{Label: c.T("callrequest.slot.choose"), Checked: v.Slot == ""})
	for _, s := range free {
		value := strconv.FormatInt(s.From.Unix(), 10)
		v.Slots = append(v.Slots, ui.Option{Value: value, Label: talk.Slot(c, s), Checked: v.Slot == value})
	}
	spoken := slices.Clone(c.Site.Brand.Languages)
	for _, l := range c.Site.Brand.Interpreters {
		spoken = append(spoken, l.En)
	}
	for _, lang := range append(spoken, callrequest.Other) {
		v.Languages = append(v.Languages, ui.Option{Value: lang, Label: talk.Speaks(c, lang), Checked: v.Speaks == lang})
	}
	list, err := p.Calls.Of(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	for _, x := range list {
		v.Past = append(v.Past, ui.Row{Key: c.T("callrequest.number", "Number", id.Grouped(x.Number)), Value: talk.Slot(c, x.Slot), Lines: []string{callState(c, x)},
			Change: &ui.Link{Label: c.T("callrequest.see"), What: c.T("callrequest.number", "Number", id.Grouped(x.Number)), Href: "/contact/call/" + x.ID}})
	}
	frame := page(c, c.T("callrequest.title"))
	frame.Path, frame.Problems = "/contact/call", problems
	frame.Back = &ui.Link{Label: c.T("contact.us"), Href: "/contact"}
	return c.Render(status, askCallPage(frame, v))
}

// callState says how a request stands.
//
// words: callrequest.state.*
func callState(c *web.Context, x callrequest.Request) string {
	return c.T("callrequest.state." + string(x.State))
}

// askCallPost takes the request and leads to it.
func (p *Portal) askCallPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := askCallView{Key: c.Form("key"), Name: c.Form("name"), Phone: c.Form("phone"), Email: c.Form("email"), Topic: c.Form("topic"), Speaks: c.Form("speaks"), Slot: c.Form("slot")}
	in := callrequest.Asking{Key: v.Key, Name: v.Name, Phone: v.Phone, Email: v.Email, Topic: callrequest.Topic(v.Topic), Speaks: v.Speaks, Language: c.Words.Lang(), Address: c.Address()}
	if at, err := strconv.ParseInt(v.Slot, 10, 64); err == nil && at > 0 && at < 1<<40 {
		in.From = time.Unix(at, 0)
	}
	if c.Session.SignedIn() {
		if err := p.signedInCall(c, &in); err != nil {
			return err
		}
	}
	x, err := p.Calls.Ask(c.R.Context(), c.Now, c.Who(), in)
	v.Name, v.Phone, v.Email = upTo(v.Name, callrequest.MaxName), upTo(v.Phone, 40), upTo(v.Email, 254)
	if fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showAskCall(c, http.StatusTooManyRequests, v)
	}
	if problems := callProblems(c, err); len(problems) > 0 {
		if errors.Is(err, callrequest.ErrKey) {
			v.Key = ""
		}
		return p.showAskCall(c, http.StatusUnprocessableEntity, v, problems...)
	}
	if err != nil {
		return err
	}
	if x.AccountID != "" {
		return c.Redirect("/contact/call/" + x.ID)
	}
	return c.Redirect("/contact/call/" + v.Key)
}

// signedInCall fills in what is known of whoever has signed in: their name, where the account acts for somebody, and where the confirmation goes.
func (p *Portal) signedInCall(c *web.Context, in *callrequest.Asking) error {
	ctx := c.R.Context()
	profile, err := c.Site.Accounts.Get(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	in.AccountID, in.Email = profile.ID, profile.Email
	if in.MemberID, err = p.first(c); err != nil {
		return err
	}
	if in.MemberID != "" {
		m, err := member.Get(ctx, p.DB.Read(), in.MemberID)
		if err != nil {
			return err
		}
		in.Name = upTo(m.Name(), callrequest.MaxName/2)
	}
	if !p.CanText {
		return nil
	}
	points, err := c.Site.Accounts.ContactPoints(ctx, profile.ID)
	if i := slices.IndexFunc(points, func(x identity.ContactPoint) bool { return x.Kind == identity.PhonePoint && x.Verified() }); i >= 0 {
		in.Text = points[i].Value
	}
	return err
}

// callProblems is what to correct in the form, in its order.
//
// words: error.callrequest.*
func callProblems(c *web.Context, err error) (list []ui.Problem) {
	for _, f := range []*fault.Error{callrequest.ErrKey, callrequest.ErrName, callrequest.ErrPhone, callrequest.ErrPremium, callrequest.ErrTopic, callrequest.ErrSlot,
		callrequest.ErrFull, callrequest.ErrSpeaks, callrequest.ErrEmail} {
		if errors.Is(err, f) {
			list = append(list, ui.Problem{Field: f.Field, Text: c.T("error."+f.Code, "Most", callrequest.MaxName)})
		}
	}
	return list
}

// askedCall shows a request to whoever has its link, or has signed in to the account that asked. Name and number stand on no
// page.
func (p *Portal) askedCall(c *web.Context) error {
	x, err := p.Calls.Mine(c.R.Context(), c.Session.AccountID, c.R.PathValue("request"))
	if err != nil {
		return err
	}
	v := askedCallView{Path: "/contact/call/" + c.R.PathValue("request"), Number: id.Grouped(x.Number), Open: x.State.Open(), AskAgain: !x.State.Open(),
		Title: c.T("callrequest.state." + string(x.State)), Tone: ui.Info, Text: c.T("callrequest.text."+string(x.State), "Slot", talk.Slot(c, x.Slot))} // words: callrequest.text.*
	if x.State == callrequest.Waiting && x.Tries == 0 || x.State == callrequest.Reached {
		v.Tone = ui.Success
	}
	switch {
	case x.Overdue(c.Now):
		v.Tone, v.Text = ui.Warning, c.T("callrequest.text.late", "Slot", talk.Slot(c, x.Slot))
	case x.State == callrequest.Waiting && x.Tries > 0:
		v.Text = c.T("callrequest.text.again", "Slot", talk.Slot(c, x.Slot))
	}
	v.About = []ui.Row{{Key: c.T("callrequest.slot"), Value: talk.Slot(c, x.Slot)}, {Key: c.T("callrequest.phone"), Value: c.T("callrequest.phone.ending", "Ending", x.Phone[len(x.Phone)-2:])},
		{Key: c.T("callrequest.topic"), Value: c.T("callrequest.topic." + string(x.Topic))}, {Key: c.T("callrequest.speaks"), Value: talk.Speaks(c, x.Speaks)}}
	frame := page(c, v.Title)
	frame.Path = v.Path
	frame.Back = &ui.Link{Label: c.T("contact.us"), Href: "/contact"}
	return c.Render(http.StatusOK, askedCallPage(frame, v))
}

// cancelCall takes a request back.
func (p *Portal) cancelCall(c *web.Context) error {
	x, err := p.Calls.Mine(c.R.Context(), c.Session.AccountID, c.R.PathValue("request"))
	if err != nil {
		return err
	}
	if err := p.Calls.Cancel(c.R.Context(), c.Now, c.Who(), x.ID); err != nil && !errors.Is(err, callrequest.ErrOver) {
		return err
	}
	return c.Redirect("/contact/call/" + c.R.PathValue("request"))
}
