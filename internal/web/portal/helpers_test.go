package portal

import (
	"encoding/json"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/household"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
)

// invites makes an invitation of a member to an address, and returns the permission's id and the token of its link.
func (h *house) invites(in household.Invitation) (helpID, token string) {
	h.t.Helper()
	if in.LastDay.IsZero() {
		in.LastDay = day.Of(h.clock(), h.zone()).AddDays(90)
	}
	if !in.Medical && !in.Premium {
		in.Medical, in.Premium = true, true
	}
	in.Zone, in.Language = h.zone(), "en"
	helpID, err := h.households.Invite(h.t.Context(), h.clock(), audit.Who{Actor: in.AccountID, Role: audit.Member}, in)
	h.must(err)
	return helpID, h.token(helpID)
}

// token is the token of an invitation's link, from the letter that carries it.
func (h *house) token(helpID string) string {
	h.t.Helper()
	sent, err := h.outbox.Of(h.t.Context(), h.db.Read(), helpID)
	h.must(err)
	var data struct{ URL string }
	h.must(json.Unmarshal(sent[0].Data.(json.RawMessage), &data))
	_, token, _ := strings.Cut(data.URL, "/invited/")
	return token
}

// zone is the organisation's.
func (h *house) zone() *time.Location { return brand.Default().Zone() }

// code is a new code of an invitation.
func (h *house) code(helpID string) string {
	h.t.Helper()
	help, err := member.GetHelp(h.t.Context(), h.db.Read(), helpID)
	h.must(err)
	code, err := h.households.NewCode(h.t.Context(), h.clock(), audit.Who{Actor: help.InviterID, Role: audit.Member}, help)
	h.must(err)
	return code
}

// lets makes a permission of a member live for an account, and returns its id.
func (h *house) lets(accountID string, in household.Invitation) string {
	h.t.Helper()
	helpID, token := h.invites(in)
	who := audit.Who{Role: audit.Guest}
	proof, err := h.households.ProveInvited(h.t.Context(), h.clock(), who, token, h.code(helpID))
	h.must(err)
	h.write(func(tx *db.Tx) error {
		_, err := h.households.Accept(h.t.Context(), tx, h.clock(), who, token, proof, accountID)
		return err
	})
	return helpID
}

// signedIn is a browser of an account as it is now.
func (h *house) signedIn(accountID string) *visitor {
	h.t.Helper()
	account, err := h.accounts.Get(h.t.Context(), accountID)
	h.must(err)
	return h.opened(identity.Opening{AccountID: account.ID, Members: account.Members, How: "password"})
}

// asAvery is an invitation of Avery's, made with a new account, to somebody.
func (h *house) asAvery() household.Invitation {
	avery := h.people["Avery"]
	return household.Invitation{MemberID: avery, AccountID: h.account(identity.Member, avery), Name: "Rosa", Email: id.New("x") + "@mail.example", For: []string{avery}}
}
