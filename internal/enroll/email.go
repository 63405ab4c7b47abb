package enroll

import (
	"context"
	"errors"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// KnownEmail is the e-mail address that the proof has shown to be theirs, "" for none.
func (e Enrollment) KnownEmail() string {
	if e.ProvedBy == Email {
		return e.Reached
	}
	return ""
}

// SetEmail takes the sign-in address. One that the proof went to counts as proved; to any other a code goes, or, where it
// has an account, a letter that says so: whoever does not read that mail cannot tell. It returns identity.ErrEmail, a Busy
// fault after many, and ErrStep before the proof.
func (e *Enrollments) SetEmail(ctx context.Context, now time.Time, who audit.Who, en Enrollment, email, lang string) error {
	email = strings.TrimSpace(email)
	if !identity.ValidEmail(email) {
		return identity.ErrEmail
	}
	taken, err := e.Taken(ctx, email)
	if err != nil {
		return err
	}
	return e.change(ctx, now, en, func(tx *db.Tx, en *Enrollment, m member.Member) error {
		if !en.Proved(now) {
			return ErrStep
		}
		known := identity.FoldEmail(en.KnownEmail()) == identity.FoldEmail(email)
		en.Email, en.EmailProvedAt = email, time.Time{}
		if known {
			en.EmailProvedAt = now
			return nil
		}
		if err := identity.AllowIn(ctx, tx, now, emailsAnHour, en.ID); err != nil {
			return err
		}
		if err := identity.AllowIn(ctx, tx, now, addressAnHour, identity.FoldEmail(email)); err != nil {
			return err
		}
		code, err := e.Accounts.NewCode(ctx, tx, now, forEmail, en.ID, codeLife)
		if err != nil {
			return err
		}
		to := letter.To{Channel: event.Mail, Recipient: email, Language: lang}
		message := letter.New(letter.Code{Purpose: letter.Join, Code: code, Until: now.Add(codeLife)}, id.New("code"), to)
		if taken {
			message = letter.New(letter.EmailTaken{}, id.New("code"), to) // and nobody knows the code
		}
		if err := e.Outbox.Tell(ctx, tx, now, message); err != nil {
			return err
		}
		return e.note(ctx, tx, now, who, *en, "join.email_code_sent", "")
	})
}

// ProveEmail takes the code that went to the sign-in address. It returns identity.ErrCode or identity.ErrCodeOver for a
// wrong one.
func (e *Enrollments) ProveEmail(ctx context.Context, now time.Time, who audit.Who, en Enrollment, code string) error {
	var wrong error
	err := e.change(ctx, now, en, func(tx *db.Tx, en *Enrollment, m member.Member) error {
		if !en.Proved(now) || en.Email == "" {
			return ErrStep
		}
		if !en.EmailProvedAt.IsZero() {
			return nil // sent twice
		}
		err := e.Accounts.CheckCode(ctx, tx, now, forEmail, en.ID, code)
		if errors.Is(err, identity.ErrCode) || errors.Is(err, identity.ErrCodeOver) {
			wrong = err // and the try is counted
			return e.note(ctx, tx, now, who, *en, "join.email_code_wrong", "")
		}
		if err != nil {
			return err
		}
		en.EmailProvedAt = now
		return e.note(ctx, tx, now, who, *en, "join.email_proved", "")
	})
	if err == nil {
		err = wrong
	}
	return err
}

// Taken reports whether a member signs in with an address already. Only somebody who has proved that the address is theirs
// may learn it.
func (e *Enrollments) Taken(ctx context.Context, email string) (bool, error) {
	return e.Accounts.EmailTaken(ctx, e.DB.Read(), email)
}
