package desk

import (
	"net/http"
	"slices"
	"strings"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/contact"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// contactView is how somebody is reached who has proved in a call who they are.
type contactView struct {
	Call string
	Rows []ui.Row
	Done string // what was changed just now, in words to be read out; "" for nothing
}

// contact shows how the member of a call is reached, each part with what waits to replace it.
func (d *Desk) contact(c *web.Context) error {
	call, m, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	waiting, err := d.Contacts.Waiting(c.R.Context(), d.DB.Read(), m.ID)
	if err != nil {
		return err
	}
	v := contactView{Call: call.ID}
	done := member.Part(c.R.URL.Query().Get("done"))
	for _, part := range member.Parts {
		row := ui.Row{Key: partName(c, part), Value: reachedAt(c, part, m.Contact(part)), Change: &ui.Link{Href: contactPath(call, part), What: c.T("desk.contact.what." + string(part))}}
		for _, x := range waiting {
			if x.Part != part {
				continue
			}
			row.Lines = append(row.Lines, fromThen(c, x))
			if done == part {
				v.Done = c.T("desk.contact.say", "What", c.T("desk.contact.what."+string(part)), "From", c.Words.DateTime(x.From, c.Site.Brand.Zone()))
			}
		}
		v.Rows = append(v.Rows, row)
	}
	if done == member.LanguagePart {
		v.Done = c.T("desk.contact.say.language", "Language", reachedAt(c, done, m.Contact(done)))
	}
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "member.view", m.ID, m.ID)); err != nil {
		return err
	}
	frame := page(c, c.T("desk.contact.title"))
	frame.Path = "/desk/calls/" + call.ID + "/contact"
	frame.Back = &ui.Link{Label: c.T("call.one", "Reference", call.Reference), Href: "/desk/calls/" + call.ID}
	return c.Render(http.StatusOK, contactPage(frame, v))
}

func contactPath(call caller.Call, part member.Part) string {
	return "/desk/calls/" + call.ID + "/contact/" + string(part)
}

// partName is a part as it heads a row.
//
// words: desk.contact.part.* desk.contact.what.*
func partName(c *web.Context, part member.Part) string {
	return c.T("desk.contact.part." + string(part))
}

// reachedAt is one part of a contact, masked as far as it opens something.
//
// words: shell.language.*
func reachedAt(c *web.Context, part member.Part, is member.Contact) string {
	out := ""
	switch part {
	case member.EmailPart:
		if is.Email != "" {
			out = identity.MaskEmail(is.Email)
		}
	case member.PhonePart:
		if is.Phone != "" {
			out = ending(is.Phone)
		}
	case member.HomePart:
		out = strings.TrimSpace(strings.TrimPrefix(is.City+", "+is.State, ", ") + " " + is.ZIP)
	case member.LanguagePart:
		out = is.Language
		if c.Words.Has("shell.language." + out) {
			out = c.T("shell.language." + out)
		}
	}
	if out == "" {
		return c.T("desk.contact.none")
	}
	return out
}

// fromThen says what a change that waits will make of its part, and when.
func fromThen(c *web.Context, x contact.Change) string {
	return c.T("desk.contact.waits", "From", c.Words.DateTime(x.From, c.Site.Brand.Zone()), "Value", reachedAt(c, x.Part, x.Said))
}

// contactForm asks for one part of how somebody is to be reached.
type contactForm struct {
	Action, Part, Lead string
	Said               member.Contact
	Voice              bool // the phone cannot get texts
	Read               []ui.Option
	Texts              []ui.Option // that the phone gets none; nil where no texts are sent
	States             ui.Select
	Languages          ui.Choices
	Busy               string
}

// contactPart asks what one part is to be.
func (d *Desk) contactPart(c *web.Context) error {
	call, m, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	v := contactForm{}
	if part := member.Part(c.R.PathValue("part")); part == member.LanguagePart {
		v.Said = m.Contact(part)
	}
	return d.showContactPart(c, http.StatusOK, call, v)
}

// errPart is the answer to a part that there is not.
var errPart = fault.New(fault.NotFound, "desk.contact.part")

func (d *Desk) showContactPart(c *web.Context, status int, call caller.Call, v contactForm, problems ...ui.Problem) error {
	part := member.Part(c.R.PathValue("part"))
	if !slices.Contains(member.Parts, part) {
		return errPart
	}
	v.Part, v.Action, v.Lead = string(part), contactPath(call, part), c.T("desk.contact.lead."+string(part))
	// words: desk.contact.lead.*
	v.Read = []ui.Option{{Value: "yes", Label: c.T("desk.contact.read"), Checked: c.Form("read") == "yes"}}
	if d.Contacts.CanText {
		v.Texts = []ui.Option{{Value: "yes", Label: c.T("desk.contact.voice"), Checked: v.Voice}}
	}
	v.States = ui.Select{Name: "state", Label: c.T("desk.contact.state"), Options: []ui.Option{{Label: c.T("desk.contact.state.choose")}}}
	for _, s := range contact.States {
		v.States.Options = append(v.States.Options, ui.Option{Value: s, Label: s, Checked: strings.EqualFold(s, v.Said.State)})
	}
	v.Languages = ui.Choices{Name: "language", Legend: c.T("desk.contact.part.language"), Inline: true}
	for _, lang := range c.Site.Brand.Languages {
		v.Languages.Options = append(v.Languages.Options, ui.Option{Value: lang, Label: c.T("shell.language." + lang), Checked: lang == v.Said.Language})
	}
	for _, p := range problems {
		switch p.Field {
		case "state":
			v.States.Error = p.Text
		case "language":
			v.Languages.Error = p.Text
		}
	}
	frame := page(c, c.T("desk.contact.change."+v.Part))
	// words: desk.contact.change.*
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("desk.contact.title"), Href: "/desk/calls/" + call.ID + "/contact"}
	return c.Render(status, contactPartPage(frame, v))
}

// contactPartPost asks for the change.
func (d *Desk) contactPartPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	call, _, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	part := member.Part(c.R.PathValue("part"))
	if !slices.Contains(member.Parts, part) {
		return errPart
	}
	form := func(name string) string { return clipped(c.Form(name), 300) }
	v := contactForm{Voice: c.Form("voice") == "yes", Said: member.Contact{Email: form("email"), Phone: form("phone"), Street: form("street"), City: form("city"), State: form("state"), ZIP: form("zip"), Language: form("language")}}
	if part == member.LanguagePart && !c.Site.Brand.Offers(v.Said.Language) {
		return d.showContactPart(c, http.StatusUnprocessableEntity, call, v, ui.Problem{Field: "language", Text: c.T("desk.error.contact.bad_language")})
	}
	if needsReading(part) && c.Form("read") != "yes" {
		return d.showContactPart(c, http.StatusUnprocessableEntity, call, v, ui.Problem{Field: "read", Text: c.T("desk.contact.read.needed")})
	}
	x, err := d.Contacts.Ask(c.R.Context(), c.Now, who(c), call, part, v.Said, v.Voice, c.Words.Lang())
	if p, ok := problem(c, err); ok {
		if p.Field == "part" {
			p.Field = firstField(part)
		}
		return d.showContactPart(c, http.StatusUnprocessableEntity, call, v, p)
	}
	switch {
	case fault.Is(err, fault.Busy):
		v.Busy = c.T("desk.contact.busy")
		return d.showContactPart(c, http.StatusTooManyRequests, call, v)
	case err != nil:
		return d.unproved(c, err)
	case x.State == contact.Begun:
		return c.Redirect(contactPath(call, part) + "/code")
	}
	return c.Redirect("/desk/calls/" + call.ID + "/contact?done=" + string(part))
}

// needsReading reports whether a part has to be read back to the caller: nothing else shows that it is written as they said.
func needsReading(part member.Part) bool { return part == member.PhonePart || part == member.HomePart }

// firstField is the field to which a problem of a whole part leads.
func firstField(part member.Part) string {
	if part == member.HomePart {
		return "street"
	}
	return string(part)
}

// codeForm asks for the code that went to a new address or phone.
type codeForm struct{ Action, Again, Where string }

// contactCode asks for the code that the caller reads out.
func (d *Desk) contactCode(c *web.Context) error { return d.showContactCode(c, http.StatusOK) }

func (d *Desk) showContactCode(c *web.Context, status int, problems ...ui.Problem) error {
	call, _, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	part := member.Part(c.R.PathValue("part"))
	x, err := d.Contacts.Pending(c.R.Context(), d.DB.Read(), c.Now, call, part)
	if fault.CodeOf(err) == contact.ErrNone.Code {
		return c.Redirect("/desk/calls/" + call.ID + "/contact")
	}
	if err != nil {
		return err
	}
	v := codeForm{Action: contactPath(call, part) + "/code", Again: contactPath(call, part), Where: c.T("desk.contact.code.lead", "Where", reachedAt(c, part, x.Said))}
	frame := page(c, c.T("desk.contact.code."+string(part)))
	// words: desk.contact.code.*
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("desk.contact.title"), Href: "/desk/calls/" + call.ID + "/contact"}
	return c.Render(status, contactCodePage(frame, v))
}

// contactCodePost takes the code.
func (d *Desk) contactCodePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	call, _, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	part := member.Part(c.R.PathValue("part"))
	_, err = d.Contacts.Confirm(c.R.Context(), c.Now, who(c), call, part, c.Form("code"), c.Words.Lang())
	switch fault.CodeOf(err) {
	case "":
	case identity.ErrCode.Code, identity.ErrCodeOver.Code:
		return d.showContactCode(c, http.StatusUnprocessableEntity, ui.Problem{Field: "code", Text: c.T(fault.CodeOf(err))})
	case contact.ErrNone.Code:
		return c.Redirect("/desk/calls/" + call.ID + "/contact")
	}
	if err != nil {
		return d.unproved(c, err)
	}
	return c.Redirect("/desk/calls/" + call.ID + "/contact?done=" + string(part))
}
