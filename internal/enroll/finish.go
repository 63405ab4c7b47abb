package enroll

import (
	"context"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/payment"
)

// Finish opens the account with a key for its AccountID, once: with its member, with what this browser has paid for them as a guest, and with letters
// to the sign-in address, to every contact on file and to whoever has an account for the same member. sessions are those
// of the browser by now. It returns ErrStep
// where it was done before or something is still to be answered, and identity.ErrEmailTaken where the address has an
// account by now.
func (e *Enrollments) Finish(ctx context.Context, now time.Time, who audit.Who, en Enrollment, key identity.Key, sessions []string, lang string) error {
	holders, err := e.holders(ctx, en)
	if err != nil {
		return err
	}
	return e.change(ctx, now, en, func(tx *db.Tx, en *Enrollment, m member.Member) error {
		if en.Step(now) != ToSecure {
			return ErrStep
		}
		if _, err := e.Accounts.Open(ctx, tx, now, identity.NewAccount{ID: en.AccountID, Email: en.Email, Language: lang, Role: identity.Member, Members: []string{m.ID}}); err != nil {
			return err
		}
		if err := e.equip(ctx, tx, now, en, key); err != nil {
			return err
		}
		en.DoneAt, en.Sessions = now, join(en.Sessions, sessions)
		who := audit.Who{Actor: en.AccountID, Role: audit.Member, From: who.From}
		if err := e.note(ctx, tx, now, who, *en, "account.opened", en.AccountID); err != nil {
			return err
		}
		if err := event.Append(ctx, tx, event.Event{At: now, Kind: "account.opened", Subject: en.AccountID}); err != nil {
			return err
		}
		opened := letter.AccountOpened{When: now}
		list := []event.Message{letter.New(opened, en.AccountID, letter.To{Channel: event.Mail, Recipient: en.Email, Language: lang})}
		for _, to := range e.told(m, lang, en.Email) {
			list = append(list, letter.New(opened, en.AccountID+"/"+to.Channel, to))
		}
		return e.done(ctx, tx, now, who, *en, en.AccountID, append(list, e.shared(now, *en, holders, en.AccountID)...))
	})
}

// equip gives a new account the key that opens it, and the phone that was proved. Recovery codes that come with a passkey
// are kept until their owner has seen them.
func (e *Enrollments) equip(ctx context.Context, tx *db.Tx, now time.Time, en *Enrollment, key identity.Key) error {
	if en.ProvedBy == Phone {
		pointID, err := e.Accounts.AddContactPoint(ctx, tx, now, en.AccountID, "phone", en.Reached)
		if err != nil {
			return err
		}
		if err := e.Accounts.VerifyContactPoint(ctx, tx, now, en.AccountID, pointID); err != nil {
			return err
		}
	}
	codes, err := e.Accounts.GiveKey(ctx, tx, now, en.AccountID, key)
	if err != nil || len(codes) == 0 {
		return err
	}
	en.codes, err = e.Seal.Seal([]byte(strings.Join(codes, "\n")), place(en.ID, "codes_sealed"))
	return err
}

// AddTo adds the member to the account that somebody has signed in to, once. The account, every contact on file and
// whoever has another account for the same member are told. It returns ErrStep where it was done before or the proof is
// missing.
func (e *Enrollments) AddTo(ctx context.Context, now time.Time, who audit.Who, en Enrollment, accountID string, sessions []string, lang string) error {
	account, err := e.Accounts.Get(ctx, accountID)
	if err != nil {
		return err
	}
	holders, err := e.holders(ctx, en)
	if err != nil {
		return err
	}
	return e.change(ctx, now, en, func(tx *db.Tx, en *Enrollment, m member.Member) error {
		if !en.Proved(now) {
			return ErrStep
		}
		if err := identity.Join(ctx, tx, accountID, m.ID); err != nil {
			return err
		}
		en.DoneAt, en.AddedTo, en.Sessions = now, accountID, join(en.Sessions, sessions)
		if err := e.note(ctx, tx, now, who, *en, "account.member_added", accountID); err != nil {
			return err
		}
		list := []event.Message{letter.New(letter.AccountChanged{What: letter.MemberAdded, When: now, From: who.From}, en.ID,
			letter.To{Channel: event.Mail, Recipient: account.Email, Language: language(account.Language, lang)})}
		for _, to := range e.told(m, lang, account.Email) {
			list = append(list, letter.New(letter.AccountChanged{What: letter.MemberShared, When: now}, en.ID+"/"+to.Channel, to))
		}
		return e.done(ctx, tx, now, who, *en, accountID, append(list, e.shared(now, *en, holders, accountID)...))
	})
}

// done puts what this browser has paid for the member and their children into the account and tells everybody.
func (e *Enrollments) done(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, en Enrollment, accountID string, list []event.Message) error {
	payers, err := member.Household(ctx, tx, en.MemberID)
	if err != nil {
		return err
	}
	if _, err := payment.Claim(ctx, tx, now, who, accountID, en.Sessions, payers); err != nil {
		return err
	}
	return e.Outbox.Tell(ctx, tx, now, list...)
}

// holders are the accounts there are for the member of an enrollment.
func (e *Enrollments) holders(ctx context.Context, en Enrollment) ([]identity.Profile, error) {
	ids, err := e.Accounts.Holding(ctx, e.DB.Read(), en.MemberID)
	if err != nil {
		return nil, err
	}
	out := make([]identity.Profile, len(ids))
	for i, accountID := range ids {
		if out[i], err = e.Accounts.Get(ctx, accountID); err != nil {
			return nil, fmt.Errorf("accounts of a member: %w", err)
		}
	}
	return out, nil
}

// shared are the letters to those who have another account for the same member.
func (e *Enrollments) shared(now time.Time, en Enrollment, holders []identity.Profile, except string) []event.Message {
	var list []event.Message
	for _, h := range holders {
		if h.ID != except {
			list = append(list, letter.New(letter.AccountChanged{What: letter.MemberShared, When: now}, en.ID+"/"+h.ID,
				letter.To{Channel: event.Mail, Recipient: h.Email, Language: language(h.Language, "")}))
		}
	}
	return list
}

// language is the language somebody chose, or another.
func language(chosen, other string) string {
	if chosen != "" {
		return chosen
	}
	return other
}

// Codes are the recovery codes of a new account, as long as its owner may look at them; none later.
func (e *Enrollments) Codes(now time.Time, en Enrollment) ([]string, error) {
	if len(en.codes) == 0 || now.Sub(en.DoneAt) > showCodes {
		return nil, nil
	}
	plain, err := e.Seal.Open(en.codes, place(en.ID, "codes_sealed"))
	if err != nil {
		return nil, fmt.Errorf("recovery codes: %w", err)
	}
	return strings.Split(string(plain), "\n"), nil
}

// Seen erases the recovery codes: their owner has kept them.
func (e *Enrollments) Seen(ctx context.Context, en Enrollment) error {
	return e.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE enrollment SET codes_sealed = NULL WHERE id = $1", en.ID)
		return err
	})
}
