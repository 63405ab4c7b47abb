package portal

import (
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/callrequest"
	"memberpay/internal/cases"
	"memberpay/internal/chat"
	"memberpay/internal/contact"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/enroll"
	"memberpay/internal/event"
	"memberpay/internal/help"
	"memberpay/internal/household"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/processor"
	"memberpay/internal/recovery"
	"memberpay/internal/seal"
	"memberpay/internal/share"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// Portal is the site of members and guests.
type Portal struct {
	Shares   *share.Shares // pages that are shared with the desk
	DB       *db.DB
	Payments *payment.Payments
	Seal     *seal.Box
	Outbox   *event.Outbox

	Households *household.Households
	Enroll     *enroll.Enrollments
	Help       *help.Center

	Phone      *phonepay.Phone // payments that were begun in a call
	Chats      *chat.Chats
	Contacts   *contact.Contacts // how members are reached
	Recoveries *recovery.Recoveries
	Cases      *cases.Cases
	Calls      *callrequest.Requests            // who asked to be called
	CanText    bool                             // text messages are sent: pages may offer them
	CanPrint   bool                             // letters are printed and posted: pages may offer them where an address is on file
	Browser    processor.BrowserConfig          // what the card step loads from the processor
	BaseURL    string                           // public address of this site, without a slash at the end
	Arrives    func(queued time.Time) day.Date  // when a bank payment made then is expected to be good
	LastCall   func(queued time.Time) time.Time // until when such a payment can still be canceled
}

// payments is whose payments the reader may see.
func payments(c *web.Context) payment.Scope {
	return payment.Scope{Scope: bill.Scope{Members: c.Session.Members}, AccountID: c.Session.AccountID, SessionIDs: append(c.Session.Earlier, c.Session.ID)}
}

// page is the frame of a page of this site: ui.Page with the navigation of whoever is reading.
func page(c *web.Context, title string) ui.Page {
	p := c.Page(title)
	p.HelpURL, p.ChatURL, p.ContactURL = "/help", "/chat", "/contact"
	p.SignInURL, p.SignOutURL = "/sign-in", "/sign-out"
	if c.Session.Known() {
		p.SignOutURL = "/sign-out"
		p.Session.ExtendURL, p.Session.AgainURL = "/session/extend", againURL(c)
		p.Nav = []ui.NavLink{
			{Label: c.T("shell.nav.bills"), Href: "/bills", Current: c.Route == "/bills"},
			{Label: c.T("shell.nav.payments"), Href: "/payments", Current: c.Route == "/payments"},
		}
	}
	if c.Session.SignedIn() {
		if len(c.Session.Members) > 0 {
			p.Nav = append(p.Nav, ui.NavLink{Label: c.T("household.nav"), Href: "/household", Current: c.Route == "/household"})
		}
		if c.Session.Helps {
			p.Nav = append(p.Nav, ui.NavLink{Label: c.T("household.helping.nav"), Href: "/helping", Current: c.Route == "/helping"})
		}
		p.Nav = append(p.Nav, ui.NavLink{Label: c.T("account.nav"), Href: "/account", Current: c.Route == "/account"})
	}
	return p
}
