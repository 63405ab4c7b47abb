package web

import (
	"memberpay/internal/audit"
	"memberpay/internal/identity"
)

// Who is who asks, for the audit log. Somebody of whom nothing is known is a guest without a name.
func (c *Context) Who() audit.Who {
	w := audit.Who{Actor: c.Session.AccountID, Role: string(c.Session.Actor()), From: c.Address()}
	if w.Actor == "" && c.Session.ID != "" {
		w.Actor = audit.GuestActor(c.Session.ID)
	}
	if c.Session.Actor() == identity.Nobody {
		w.Role = audit.Guest
	}
	return w
}

// Did is an entry of the audit log: who asks did something to subject, now. member is whose record it concerns, "" for none.
func (c *Context) Did(action, subject, member string) audit.Entry {
	return c.Who().Did(c.Now, action, subject, member)
}
