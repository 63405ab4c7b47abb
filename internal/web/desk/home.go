package desk

import (
	"net/http"
	"time"

	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// homeView is the first page of the desk: who one is here, and what one may do.
type homeView struct {
	Name, Role string
	May        []string
	Search     bool // they may find members
	Links      []ui.Link
	Glass      *glassView // nil for roles that have no glass to break
}

// glassView is the right that some roles take in an emergency.
type glassView struct {
	Until  string // says until when it holds, "" while it does not
	Reason string
}

// home is the first page of the desk.
//
// words: desk.role.* desk.may.*
func (d *Desk) home(c *web.Context) error { return d.showHome(c, http.StatusOK, "") }

func (d *Desk) showHome(c *web.Context, status int, reason string, problems ...ui.Problem) error {
	me, err := d.Staff.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	v := homeView{Name: me.Name, Role: c.T("desk.role." + string(c.Session.Role))}
	broken := time.Time{}
	if c.Session.Actor().May(identity.BreakGlass) {
		if broken, err = d.Staff.Broken(c.R.Context(), c.Now, c.Session.AccountID); err != nil {
			return err
		}
		v.Glass = &glassView{Reason: reason}
		if !broken.IsZero() {
			v.Glass.Until = c.T("desk.glass.until", "Time", c.Words.DateTime(broken, c.Site.Brand.Zone()))
		}
	}
	for _, need := range identity.Needs {
		if word, told := needWord[need]; told && c.Session.Actor().May(need) {
			v.May = append(v.May, c.T("desk.may."+word))
		}
	}
	if c.Session.Actor().May(identity.ViewMembers) || !broken.IsZero() {
		v.Search = true
	}
	if c.Session.Actor().May(identity.WorkExceptions) {
		v.Links = append(v.Links, ui.Link{Label: c.T("desk.exception.title"), Href: "/desk/exceptions"})
	}
	if c.Session.Actor().May(identity.ManageStaff) {
		v.Links = append(v.Links, ui.Link{Label: c.T("desk.staff.title"), Href: "/desk/staff"})
	}
	if c.Session.Actor().May(identity.ReadAudit) {
		v.Links = append(v.Links, ui.Link{Label: c.T("desk.audit.title"), Href: "/desk/audit"})
	}
	v.Links = append(v.Links, ui.Link{Label: c.T("desk.security.title"), Href: "/desk/security"})
	frame := page(c, c.T("desk.title"))
	frame.Path, frame.Problems = "/desk", problems
	return c.Render(status, homePage(frame, v))
}

// needWord is the last part of the key that says what a need lets somebody do.
var needWord = map[web.Access]string{identity.ViewMembers: "view_members", identity.VerifyMember: "verify_member",
	identity.TakePayments: "take_payments", identity.AnswerCalls: "answer_calls", identity.WorkCases: "work_cases", identity.AskRefunds: "ask_refunds", identity.PayRefunds: "pay_refunds", identity.WorkExceptions: "work_exceptions", identity.Supervise: "supervise", identity.AnswerChats: "answer_chats", identity.EditReplies: "edit_replies", identity.EditHelp: "edit_help", identity.BreakGlass: "break_glass", identity.ManageStaff: "manage_staff", identity.ReadAudit: "read_audit"}

// breakGlass takes the right to open records, for a reason.
func (d *Desk) breakGlass(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	err := d.Staff.BreakGlass(c.R.Context(), c.Now, who(c), c.Form("reason"))
	if p, ok := problem(c, err); ok {
		return d.showHome(c, http.StatusUnprocessableEntity, c.Form("reason"), p)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/members")
}

// mend gives that right back.
func (d *Desk) mend(c *web.Context) error {
	if err := d.Staff.Mend(c.R.Context(), c.Now, who(c)); err != nil {
		return err
	}
	return c.Redirect("/desk")
}
