package desk

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/caller"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// mostCalls of one of the staff are listed.
const mostCalls = 20

// callsView is the calls of whoever reads it.
type callsView struct {
	On     *ui.Link // the call that goes on
	Number string
	Recent ui.Table
}

// calls lists today's calls and begins a new one.
func (d *Desk) calls(c *web.Context) error { return d.showCalls(c, http.StatusOK, "") }

func (d *Desk) showCalls(c *web.Context, status int, number string, problems ...ui.Problem) error {
	ctx, q := c.R.Context(), d.DB.Read()
	v := callsView{Number: number}
	list, err := d.Calls.Recent(ctx, q, c.Session.AccountID, c.Now.Add(-24*time.Hour), mostCalls)
	if err != nil {
		return err
	}
	v.Recent = ui.Table{Caption: c.T("call.recent"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("call.reference")}, {Label: c.T("desk.record.when")}, {Label: c.T("call.kind")}, {Label: c.T("desk.record.state")}}}
	for _, x := range list {
		if x.On(c.Now) && v.On == nil {
			v.On = &ui.Link{Label: c.T("call.go_on", "Reference", x.Reference), Href: "/desk/calls/" + x.ID}
		}
		v.Recent.Rows = append(v.Recent.Rows, []ui.Cell{{Text: x.Reference, Href: "/desk/calls/" + x.ID}, {Text: c.Words.DateTime(x.OpenedAt, c.Site.Brand.Zone())},
			{Text: c.T("call.kind." + string(x.Kind))}, {Text: c.T("call.state." + stateOfCall(x, c.Now))}})
	}
	frame := page(c, c.T("call.title"))
	frame.Path, frame.Problems = "/desk/calls", problems
	return c.Render(status, callsPage(frame, v))
}

// stateOfCall is the last part of the key that says how a call stands.
//
// words: call.state.* call.kind.*
func stateOfCall(x caller.Call, now time.Time) string {
	switch {
	case x.On(now) && x.MemberID != "":
		return "known"
	case x.On(now):
		return "on"
	}
	return "ended"
}

// callOpen begins a call.
func (d *Desk) callOpen(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	call, err := d.Calls.Open(c.R.Context(), c.Now, who(c), c.Form("number"))
	if p, ok := problem(c, err); ok {
		number := c.Form("number")
		return d.showCalls(c, http.StatusUnprocessableEntity, number[:min(len(number), 40)], p)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/calls/" + call.ID)
}

// factField is one fact as the agent types it.
type factField struct {
	Name, Label, Hint, Value, Error string
	Optional                        bool
}

// callView is one call: the check before somebody has proved who they are, and what is open after it.
type callView struct {
	ID, Title string
	From      string // says from which number, "" where nobody knows
	Dial      string // tel: address of a call back
	DialLabel string
	Ended     bool

	Opening string
	Facts   []factField
	Needed  string
	Never   []string
	Answers []ui.Row // of the check just made
	Left    string
	Busy    string
	Closed  bool // no further checks in this call

	Verified bool
	Name     string
	Until    string
	How      string
	Do       []ui.Link
}

// call shows one call of whoever reads it.
func (d *Desk) call(c *web.Context) error {
	return d.showCall(c, http.StatusOK, callView{}, nil)
}

// verification is the proof of a call to whoever reads it; ok is false where there is none now.
func (d *Desk) verification(c *web.Context, call caller.Call) (v caller.Verification, ok bool, err error) {
	v, err = caller.Verified(c.R.Context(), d.DB.Read(), c.Now, call.ID, call.MemberID)
	if errors.Is(err, caller.ErrProof) || (err == nil && v.AgentID != c.Session.AccountID) {
		return caller.Verification{}, false, nil
	}
	return v, err == nil && call.On(c.Now), err
}

func (d *Desk) showCall(c *web.Context, status int, v callView, said caller.Said, problems ...ui.Problem) error {
	ctx, q := c.R.Context(), d.DB.Read()
	call, err := d.Calls.Get(ctx, q, c.Session.AccountID, c.R.PathValue("call"))
	if err != nil {
		return err
	}
	v.ID, v.Title, v.Ended = call.ID, c.T("call.one", "Reference", call.Reference), !call.On(c.Now)
	if call.Number != "" && call.Kind == caller.In {
		v.From = c.T("call.from", "Number", spoken(call.Number))
	}
	if call.Kind == caller.Back && !v.Ended {
		v.Dial, v.DialLabel = "tel:"+call.Number, c.T("call.dial", "Ending", call.Number[len(call.Number)-2:])
		if err := audit.Write(ctx, d.DB, who(c).Did(c.Now, "member.dialed", call.ID, call.MemberID)); err != nil {
			return err
		}
	}
	proof, ok, err := d.verification(c, call)
	if err != nil {
		return err
	}
	script := c.Site.Brand.CallerScript(c.Now)
	switch {
	case v.Ended:
	case ok:
		if err := d.proved(c, &v, proof); err != nil {
			return err
		}
	default:
		v.Opening, v.Closed = script.Opening.In(c.Words.Lang()), call.Tries >= script.Tries
		v.Needed = c.T("call.needed", "Number", script.Needed, "Minutes", script.Minutes)
		for _, t := range script.Never {
			v.Never = append(v.Never, t.In(c.Words.Lang()))
		}
		v.Facts = factFields(c, call, script, said, problems)
		if call.Kind == caller.Back {
			v.Needed = c.T("call.needed.back", "Minutes", script.Minutes)
		}
	}
	frame := page(c, v.Title)
	frame.Path, frame.Problems, frame.Wide = "/desk/calls/"+call.ID, problems, true
	frame.Back = &ui.Link{Label: c.T("call.title"), Href: "/desk/calls"}
	return c.Render(status, callPage(frame, v))
}

// factFields are the fields of a script's facts.
//
// words: call.fact.*
func factFields(c *web.Context, call caller.Call, script brand.CallerScript, said caller.Said, problems []ui.Problem) []factField {
	facts := script.Facts()
	if call.Kind == caller.Back {
		facts = script.Always
	}
	var out []factField
	for _, name := range facts {
		f := factField{Name: name, Label: c.T("call.fact." + name), Value: said[name], Optional: !slices.Contains(script.Always, name)}
		if c.Words.Has("call.fact." + name + ".hint") {
			f.Hint = c.T("call.fact." + name + ".hint")
		}
		for _, p := range problems {
			if p.Field == "said_"+name {
				f.Error = p.Text
			}
		}
		out = append(out, f)
	}
	return out
}

// proved fills in what is open to a caller who has proved who they are. Their name stands there once it is noted down that
// it was looked at.
//
// words: call.how.*
func (d *Desk) proved(c *web.Context, v *callView, proof caller.Verification) error {
	v.Verified = true
	v.Until = c.T("call.until", "Time", c.Words.DateTime(proof.Until, c.Site.Brand.Zone()))
	v.How = c.T("call.how." + proof.How)
	v.Do = []ui.Link{{Label: c.T("desk.record.button"), Href: "/desk/members/" + proof.MemberID}, {Label: c.T("phone.choose"), Href: "/desk/calls/" + v.ID + "/pay"},
		{Label: c.T("call.id"), Href: "/desk/calls/" + v.ID + "/member-id"}, {Label: c.T("desk.contact.title"), Href: "/desk/calls/" + v.ID + "/contact"}}
	begun, err := payment.PhoneDrafts(c.R.Context(), d.DB.Read(), v.ID)
	if err != nil {
		return err
	}
	for _, b := range begun {
		if b.PaymentID == "" && b.EndedAt.IsZero() {
			v.Do = append(v.Do, ui.Link{Label: c.T("phone.go_on", "Time", c.Words.Time(b.BegunAt.In(c.Site.Brand.Zone()))), Href: "/desk/calls/" + v.ID + "/pay/" + b.DraftID})
		}
	}
	if c.Session.Actor().May(identity.TakePayments) {
		back, err := d.toTakeBack(c, v.ID, proof.MemberID)
		if err != nil {
			return err
		}
		online, err := d.onlineToTakeBack(c, v.ID, proof.MemberID)
		if err != nil {
			return err
		}
		v.Do = append(append(v.Do, back...), online...)
	}
	_, err = d.Staff.View(c.R.Context(), c.Now, who(c), proof.MemberID, "call")
	if fault.CodeOf(err) == staff.ErrClosed.Code {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := member.Get(c.R.Context(), d.DB.Read(), proof.MemberID)
	v.Name = m.Name()
	return err
}

// spoken is a phone number as it is read: "(503) 555-0199".
func spoken(number string) string {
	if len(number) == 12 && number[:2] == "+1" {
		return "(" + number[2:5] + ") " + number[5:8] + "-" + number[8:]
	}
	return number
}

// callCheck compares what a caller says with whom they may mean, and says of each fact whether it matches.
//
// words: call.match.*
func (d *Desk) callCheck(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	script, said := c.Site.Brand.CallerScript(c.Now), caller.Said{}
	for _, fact := range script.Facts() {
		a := c.Form("said_" + fact)
		said[fact] = a[:min(len(a), 200)]
	}
	callID := c.R.PathValue("call")
	result, err := d.Calls.Check(c.R.Context(), c.Now, who(c), callID, script, c.Site.Brand.Zone(), said)
	if p, ok := problem(c, err); ok {
		p.Field = "said_" + p.Field
		return d.showCall(c, http.StatusUnprocessableEntity, callView{}, said, p)
	}
	switch {
	case fault.Is(err, fault.Busy):
		call, err := d.Calls.Get(c.R.Context(), d.DB.Read(), c.Session.AccountID, callID)
		if err != nil {
			return err
		}
		busy := "call.busy"
		if call.Kind == caller.Back {
			busy = "call.busy.back"
		}
		return d.showCall(c, http.StatusTooManyRequests, callView{Busy: c.T(busy)}, nil)
	case fault.CodeOf(err) == caller.ErrTries.Code, fault.CodeOf(err) == caller.ErrEnded.Code:
		return d.showCall(c, http.StatusConflict, callView{}, nil)
	case err != nil:
		return err
	case result.Passed:
		call, err := d.Calls.Get(c.R.Context(), d.DB.Read(), c.Session.AccountID, callID)
		if err != nil {
			return err
		}
		if err := d.Staff.Open(c.R.Context(), c.Now, who(c), result.Verification.MemberID, c.T("call.reason", "Reference", call.Reference)); err != nil {
			return err
		}
		return c.Redirect("/desk/calls/" + callID)
	}
	v := callView{Left: c.Words.N("call.left", result.Left)}
	for _, a := range result.Answers {
		match := "no"
		if a.Match {
			match = "yes"
		}
		v.Answers = append(v.Answers, ui.Row{Key: c.T("call.fact." + a.Fact), Value: c.T("call.match." + match)})
	}
	return d.showCall(c, http.StatusOK, v, said)
}

// callEnd ends a call.
func (d *Desk) callEnd(c *web.Context) error {
	if err := d.Calls.End(c.R.Context(), c.Now, who(c), c.R.PathValue("call")); err != nil {
		return err
	}
	return c.Redirect("/desk/calls")
}

// callBack begins a call to the number on file of a member whose record is open.
func (d *Desk) callBack(c *web.Context) error {
	m, err := member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(c.R.Context(), c.Now, who(c), m.ID, "call back"); err != nil {
		return d.closed(c, m.ID, err)
	}
	call, err := d.Calls.CallBack(c.R.Context(), c.Now, who(c), m.ID)
	if fault.CodeOf(err) == caller.ErrNoFile.Code {
		return d.showRecord(c, http.StatusConflict, recordView{}, ui.Problem{Text: c.T("desk.error.caller.no_number")})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/calls/" + call.ID)
}

// closed leads to where a reason is asked for, where a record is not open.
func (d *Desk) closed(c *web.Context, memberID string, err error) error {
	if fault.CodeOf(err) == staff.ErrClosed.Code {
		return c.Redirect("/desk/members/" + memberID)
	}
	return err
}
