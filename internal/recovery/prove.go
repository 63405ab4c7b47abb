package recovery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
)

// ProveMailbox takes the code that was sent to the sign-in address, or returns ErrCode.
func (r *Recoveries) ProveMailbox(ctx context.Context, now time.Time, who audit.Who, x Recovery, code string) error {
	return r.prove(ctx, now, who, x, func(tx *db.Tx, x Recovery) ([]Proof, error) {
		return []Proof{Mailbox}, r.Accounts.CheckCode(ctx, tx, now, forMailbox, x.ID, code)
	})
}

// ProveOnFile takes the code that went to the contact on file after TellFacts, or one that a letter brought, or returns
// ErrCode. It does the same work where there is no account, or none for whoever's facts they were.
func (r *Recoveries) ProveOnFile(ctx context.Context, now time.Time, who audit.Who, x Recovery, code string) error {
	return r.prove(ctx, now, who, x, func(tx *db.Tx, x Recovery) ([]Proof, error) {
		shown := Posted
		purpose, subject := forLetter, letterSubject(x)
		if x.Way == ByText || x.Way == ByMail {
			shown, purpose, subject = Contact, forContact, x.ID
		}
		if err := r.Accounts.CheckCode(ctx, tx, now, purpose, subject, code); err != nil {
			return nil, err
		}
		account, m, err := r.theirs(ctx, tx, now, x)
		if err != nil {
			return nil, err
		}
		if m.ID == "" { // other facts were told since
			return nil, identity.ErrCode
		}
		phone, err := r.verifiedPhone(ctx, tx, account.ID)
		if err == nil && shown == Contact && phone != "" && phone == x.Reached {
			return []Proof{Contact, Phone}, nil
		}
		return []Proof{shown}, err
	})
}

// letterSubject is whom the code of a letter opens an account for: it is good with the facts of the member it went to.
func letterSubject(x Recovery) string { return x.AccountID + " " + x.MemberID }

// verifiedPhone is the account's phone that was verified last, "" for none.
func (r *Recoveries) verifiedPhone(ctx context.Context, tx *db.Tx, accountID string) (string, error) {
	_, phones, err := r.Accounts.Everywhere(ctx, tx, accountID)
	if err != nil || len(phones) == 0 {
		return "", err
	}
	return phones[len(phones)-1], nil
}

// CanPhone reports whether a code to the account's own phone would prove more. Its number may be shown in part.
func (r *Recoveries) CanPhone(s Standing, x Recovery) bool {
	return r.CanText && s.Factors.Phone != "" && levelOf(s.Factors) == second && !x.Has(Phone)
}

// TextPhone sends a code to the account's own phone, of whose owner something was shown before.
func (r *Recoveries) TextPhone(ctx context.Context, now time.Time, x Recovery, language string) error {
	s, err := r.Stand(ctx, x)
	if err != nil {
		return err
	}
	if s.Next != ToMore || !r.CanPhone(s, x) {
		return ErrStep
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := r.send(ctx, tx, now, x.ID, x.AccountID, forPhone, letter.To{Channel: event.Text, Recipient: s.Factors.Phone, Language: language})
		return err
	})
}

// ProvePhone takes the code that TextPhone sent, or returns ErrCode.
func (r *Recoveries) ProvePhone(ctx context.Context, now time.Time, who audit.Who, x Recovery, code string) error {
	return r.prove(ctx, now, who, x, func(tx *db.Tx, x Recovery) ([]Proof, error) {
		return []Proof{Phone}, r.Accounts.CheckCode(ctx, tx, now, forPhone, x.ID, code)
	})
}

// ProveRecoveryCode takes one of the account's recovery codes, of whose owner something was shown before, or returns
// ErrCode.
func (r *Recoveries) ProveRecoveryCode(ctx context.Context, now time.Time, who audit.Who, x Recovery, code string) error {
	return r.prove(ctx, now, who, x, func(tx *db.Tx, x Recovery) ([]Proof, error) {
		if len(x.Proofs) == 0 {
			return nil, ErrStep
		}
		return []Proof{Code}, r.Accounts.UseRecoveryCode(ctx, tx, now, x.AccountID, code)
	})
}

// ProveApp takes a code of the account's authenticator app, of whose owner something was shown before, or returns ErrCode.
func (r *Recoveries) ProveApp(ctx context.Context, now time.Time, who audit.Who, x Recovery, code string) error {
	if len(x.Proofs) == 0 {
		return ErrStep
	}
	wrong := r.Accounts.CheckTOTP(ctx, now, x.AccountID, code)
	if wrong != nil && !fault.Is(wrong, fault.Invalid) {
		return wrong
	}
	return r.prove(ctx, now, who, x, func(*db.Tx, Recovery) ([]Proof, error) { return []Proof{App}, wrong })
}

// prove runs a check in a transaction that is kept whatever it finds, because the try is counted in it, and keeps what was
// shown.
func (r *Recoveries) prove(ctx context.Context, now time.Time, who audit.Who, x Recovery, check func(tx *db.Tx, x Recovery) ([]Proof, error)) error {
	var wrong error
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		wrong = nil
		locked, err := r.lock(ctx, tx, now, x.ID)
		if err != nil {
			return err
		}
		shown, err := check(tx, locked)
		subject := locked.AccountID
		if subject == "" {
			subject = locked.ID
		}
		switch {
		case fault.Is(err, fault.Invalid):
			wrong = ErrCode
			return audit.Append(ctx, tx, who.Did(now, "recovery.code_wrong", subject, ""))
		case err != nil:
			return err
		}
		e := who.Did(now, "recovery.proved", subject, "")
		e.Detail = string(shown[0])
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return keep(ctx, tx, locked, shown...)
	})
	if err != nil {
		return fmt.Errorf("prove who wants back in: %w", err)
	}
	return wrong
}

// SetEmail takes the address to sign in with from now on, where the old mailbox is lost, and sends it a code; where it has
// an account, a letter that says so: whoever does not read that mail cannot tell. It returns identity.ErrEmail, ErrStep
// before enough was shown, and a Busy fault after many.
func (r *Recoveries) SetEmail(ctx context.Context, now time.Time, who audit.Who, x Recovery, email, language string) error {
	if !identity.ValidEmail(email) {
		return identity.ErrEmail
	}
	s, err := r.Stand(ctx, x)
	if err != nil {
		return err
	}
	if s.Next != ToEmail && s.Next != ToEmailCode {
		return ErrStep
	}
	taken, err := r.Accounts.EmailTaken(ctx, r.DB.Read(), email)
	if err != nil {
		return err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := r.lock(ctx, tx, now, x.ID)
		if err != nil {
			return err
		}
		if err := identity.AllowIn(ctx, tx, now, emails, x.ID); err != nil {
			return err
		}
		if err := identity.AllowIn(ctx, tx, now, address, identity.FoldEmail(email)); err != nil {
			return err
		}
		sealed, err := r.Seal.Seal([]byte(strings.TrimSpace(email)), newEmail.Place(x.ID))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE recovery SET new_email_sealed = $2, new_email_at = 0 WHERE id = $1", x.ID, sealed); err != nil {
			return err
		}
		code, err := r.Accounts.NewCode(ctx, tx, now, forEmail, x.ID, codeLife)
		if err != nil {
			return err
		}
		to := letter.To{Channel: event.Mail, Recipient: strings.TrimSpace(email), Language: language}
		message := letter.New(letter.Code{Purpose: letter.Contact, Code: code, Until: now.Add(codeLife)}, id.New("otc"), to)
		if taken {
			message = letter.New(letter.EmailTaken{}, id.New("otc"), to) // and nobody knows the code
		}
		if err := audit.Append(ctx, tx, who.Did(now, "recovery.email_code_sent", x.AccountID, "")); err != nil {
			return err
		}
		return r.Outbox.Tell(ctx, tx, now, message)
	})
	if err != nil {
		return fmt.Errorf("take a new address: %w", err)
	}
	return nil
}

// ProveEmail takes the code that went to the new address, or returns ErrCode.
func (r *Recoveries) ProveEmail(ctx context.Context, now time.Time, x Recovery, code string) error {
	var wrong error
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := r.lock(ctx, tx, now, x.ID)
		if err != nil {
			return err
		}
		wrong = r.Accounts.CheckCode(ctx, tx, now, forEmail, x.ID, code)
		if errors.Is(wrong, identity.ErrCode) || errors.Is(wrong, identity.ErrCodeOver) {
			wrong = ErrCode
			return nil
		}
		if wrong != nil {
			return wrong
		}
		_, err = tx.ExecContext(ctx, "UPDATE recovery SET new_email_at = $2 WHERE id = $1 AND new_email_sealed IS NOT NULL", x.ID, db.Micros(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("prove a new address: %w", err)
	}
	return wrong
}
