package desk

import (
	"memberpay/internal/caller"
	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web"
)

// mayLink offers to link a guest's conversation to whoever has proved who they are in the reader's call.
func (d *Desk) mayLink(c *web.Context, talked chat.Chat, v *chatView) error {
	if talked.MemberID != "" || d.Calls == nil || talked.State == chat.Closed || !c.Session.Actor().May(identity.VerifyMember) {
		return nil
	}
	call, ok, err := d.Calls.Now(c.R.Context(), d.DB.Read(), c.Now, c.Session.AccountID)
	if err != nil || !ok || call.MemberID == "" {
		return err
	}
	if _, err := d.verified(c, d.DB.Read(), call); err != nil {
		if fault.CodeOf(err) == caller.ErrProof.Code {
			return nil
		}
		return err
	}
	v.LinkID, v.Link = call.ID, c.T("chat.desk.link.body", "Reference", call.Reference)
	return nil
}

// verified is that the reader verified somebody in a call of theirs, or caller.ErrProof.
func (d *Desk) verified(c *web.Context, q db.Queryer, call caller.Call) (caller.Verification, error) {
	proved, err := caller.Verified(c.R.Context(), q, c.Now, call.ID, call.MemberID)
	if err == nil && proved.AgentID != c.Session.AccountID {
		err = caller.ErrProof
	}
	return proved, err
}

// chatLink links a guest's conversation to the member whom the reader has verified in a call.
func (d *Desk) chatLink(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, chatID := c.R.Context(), c.R.PathValue("conversation")
	if _, err := d.Chats.Get(ctx, d.DB.Read(), chatID); err != nil {
		return err
	}
	call, err := d.Calls.Get(ctx, d.DB.Read(), c.Session.AccountID, c.Form("call"))
	if err != nil {
		return err
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		proved, err := d.verified(c, tx, call)
		if err != nil {
			return err
		}
		return d.Chats.Link(ctx, tx, c.Now, who(c), chatID, proved.MemberID, "", c.Session.AccountID)
	})
	if err != nil {
		return err
	}
	return c.Redirect("/desk/chats/" + chatID)
}
