package desk

import (
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
)

// TestOneFieldFindsAMember: by name in any spelling, by every number, by phone and e-mail; never more than tells people
// apart, and who was shown is noted down.
func TestOneFieldFindsAMember(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		agent, _ := o.hire(identity.Agent)
		v := o.opened(agent, "passkey")
		o.must(d.Write(t.Context(), func(tx *db.Tx) error {
			accountID, err := o.accounts.Open(t.Context(), tx, o.clock(), identity.NewAccount{Email: "own@mail.example", Role: identity.Member, Members: []string{o.member}})
			if err != nil {
				return err
			}
			_, err = o.accounts.AddContactPoint(t.Context(), tx, o.clock(), accountID, identity.PhonePoint, "(503) 555-0177")
			return err
		}))
		v.get("/desk").says(t, 200, "Who is it?")
		var paycode string
		o.must(d.Read().QueryRowContext(t.Context(), "SELECT pay_code FROM bill").Scan(&paycode))
		for _, q := range []string{"quintero", "QUINTÉRO rosa", "rosa quin", "quintero 1984", "3/5/1984", "quintero 1984-03-05", "lh 7700 123", "00LH7700123", "m-90417", "M 90417", strings.ToLower(paycode),
			"rosa@mail.example", "OWN@mail.example", "503 555 0199", "+15035550177"} {
			a := v.post("/desk/members", "q", q)
			a.says(t, 200, "1 person found", "1984", "•••• 0123")
			for _, s := range []string{"M-90417", "$150.25", "rosa@mail.example", "LH7700123", "Hillcrest"} {
				if s != q && strings.Contains(strings.ReplaceAll(a.Body, `value="`+q+`"`, ""), s) {
					t.Errorf("%q tells %q", q, s)
				}
			}
		}
		v.post("/desk/members", "q", "rosa quintero").says(t, 200, "Rosa Quintero")
		if a := v.post("/desk/members", "q", "LH7700123"); strings.Contains(a.Text(), "Quintero") {
			t.Error("a number tells the whole name")
		}
		for _, q := range []string{"%", "_", "''", "   ", "\x00"} {
			v.post("/desk/members", "q", q).says(t, 422, "Type a name, a number")
		}
		for _, q := range []string{"%o%s%", `<script>alert(1)</script>`, "' OR 1=1 --", "rosa\x00quintero\x00x", "\xff\xfea", "quintero 1985", "quintero 97001"} {
			v.post("/desk/members", "q", q).says(t, 200, "Nobody was found")
		}
		v.post("/desk/members", "q", strings.Repeat("rosa ", 2048)).says(t, 422, "at most 120 characters")
		listed := o.entries("member.listed")
		if len(listed) != 17 || listed[0].Member != o.member || listed[0].Actor != agent {
			t.Errorf("%d were noted down", len(listed))
		}
		for _, e := range o.entries("desk.searched") {
			if strings.Contains(e.Detail, "Quin") || strings.Contains(e.Detail, "0199") {
				t.Errorf("the log keeps what was typed: %+v", e)
			}
		}
	})
}

// TestANumberOfTheDeskFindsAMember: that of a case, of a call in which somebody proved who they are, and of a call that a
// member asked for, in any spelling and with words beside it. Those that are about nobody find nobody.
func TestANumberOfTheDeskFindsAMember(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		agent, _ := o.hire(identity.Agent)
		v := o.opened(agent, "passkey")
		x, err := o.desk.Cases.Get(t.Context(), o.opensCase())
		o.must(err)
		asked, err := o.desk.Callbacks.Get(t.Context(), o.asksForCall(o.member))
		o.must(err)
		reference := o.verifiedCall().Reference
		for _, q := range []string{x.Number, x.Number[:4] + "-" + x.Number[4:], "case " + x.Number[:4] + "-" + x.Number[4:], reference, strings.ToLower(reference), strings.ReplaceAll(reference, "-", " "),
			"call " + reference, asked.Number, asked.Number[:4] + " " + asked.Number[4:]} {
			v.post("/desk/members", "q", q).says(t, 200, "1 person found", "Rosa Q.", "•••• 0123")
		}
		o.must(d.Write(t.Context(), func(tx *db.Tx) error { // one number in thirty has no figure in it
			_, err := tx.ExecContext(t.Context(), "UPDATE phone_call SET reference = 'PFLHWBYSHS' WHERE member_id <> ''")
			return err
		}))
		v.post("/desk/members", "q", "call pfl-hwb-yshs").says(t, 200, "1 person found", "Rosa Q.")
		guest, err := o.desk.Callbacks.Get(t.Context(), o.asksForCall(""))
		o.must(err)
		nobody, err := o.desk.Calls.Open(t.Context(), o.clock(), audit.Who{Actor: agent, Role: audit.Agent}, "")
		o.must(err)
		for _, q := range []string{guest.Number, nobody.Reference} {
			v.post("/desk/members", "q", q).says(t, 200, "Nobody was found")
		}
		if n := len(o.entries("member.listed")); n != 10 {
			t.Errorf("%d were noted down", n)
		}
	})
}
