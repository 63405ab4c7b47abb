package letter_test

import (
	"encoding/json"
	"testing"
	"time"

	"memberpay/internal/event"
	"memberpay/internal/letter"
)

func TestAddressAsRecipient(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]letter.Address{
		"Rosa Marín\n12 Meadow Lane\nFairhaven, OH 45000": {Name: " Rosa  Marín", Lines: []string{"12 Meadow\nLane", " ", "Fairhaven, OH 45000"}},
		"12 Meadow Lane": {Lines: []string{"12 Meadow Lane"}},
		"":               {Name: "Rosa Marín", Lines: []string{"", "\t"}}, // a name is no address: the letter is dropped
	} {
		if got := a.String(); got != want {
			t.Errorf("%+v is written %q, want %q", a, got, want)
		}
	}
}

// A code and an invitation are not sent once they have run out; what happened is told however late.
func TestMessages(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 12, 3, 18, 0, 0, 0, time.UTC)
	to := letter.To{Channel: event.Text, Recipient: "+15035550100", Language: "es"}
	for kind, x := range map[string]struct {
		l    letter.Letter
		ends time.Time
	}{
		"code":            {letter.Code{Purpose: letter.Join, Code: "1", Until: end}, end},
		"helper_invited":  {letter.HelperInvited{Expires: end}, end},
		"staff_invited":   {letter.StaffInvited{Expires: end}, end},
		"pay_link":        {letter.PayLink{URL: "u", Until: end}, end},
		"member_id":       {letter.MemberID{MemberID: "M1"}, time.Time{}},
		"account_opened":  {letter.AccountOpened{When: end}, time.Time{}},
		"account_changed": {letter.AccountChanged{When: end}, time.Time{}},
		"email_taken":     {letter.EmailTaken{}, time.Time{}},
		"helper_paid":     {letter.HelperPaid{When: end}, time.Time{}},
		"helper_revoked":  {letter.HelperRevoked{}, time.Time{}},
		"chat_answered":   {letter.ChatAnswered{}, time.Time{}},
		"chat_copy":       {letter.ChatCopy{Began: end}, time.Time{}},
	} {
		m := letter.New(x.l, "chl_1", to)
		if m.Kind != kind || m.Subject != "chl_1" || m.Channel != event.Text || m.Recipient != to.Recipient || m.Language != "es" || !m.NotAfter.Equal(x.ends) {
			t.Errorf("%T makes %+v, want the kind %s that ends %v", x.l, m, kind, x.ends)
		}
		if raw, err := json.Marshal(m.Data); err != nil || raw[0] != '{' {
			t.Errorf("%T is kept as %s, %v", x.l, raw, err)
		}
	}
}
