package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// Finish gives the account a new key, in place of its password, and where the mailbox is lost the new sign-in address.
// Every session and remembered browser of the account ends, and so does every other recovery of it. An authenticator app
// or phone that was not used as a proof counts as lost: it is no longer asked for. (A code by e-mail still is: one of the
// mailboxes was just proved.) Everybody who might be deceived is told:
// the old and the new sign-in address, the account's phone and other addresses, and the contacts on file. It returns the
// recovery codes that come with a passkey, ErrOver where the proofs are not there or another tab has finished, and
// identity.ErrEmailTaken where the new address has an account by now.
func (r *Recoveries) Finish(ctx context.Context, now time.Time, x Recovery, key identity.Key, from string) (account identity.Profile, codes []string, err error) {
	s, err := r.Stand(ctx, x)
	if err != nil {
		return account, nil, err
	}
	if s.Next != ToSecure {
		return account, nil, ErrOver
	}
	account = s.Account
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := r.lock(ctx, tx, now, x.ID)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE recovery SET finished_at = $2 WHERE account_id = $1 AND finished_at = 0", account.ID, db.Micros(now)); err != nil {
			return err
		}
		emails, phones, err := r.told(ctx, tx, account)
		if err != nil {
			return err
		}
		told := letter.AccountChanged{What: letter.Recovered, When: now, From: from}
		var first []event.Message // to the address there was, which alone can take it back
		if !x.Has(Mailbox) {
			told.What = letter.RecoveredEmail
			withUndo := told
			if withUndo.Undo, err = r.Undoable(ctx, tx, now, account.ID, identity.EmailPoint, account.Email); err != nil {
				return err
			}
			first = letter.ToAll(withUndo, x.ID+"/old", account.Language, emails[:1], nil)
			old := emails[0]
			emails = slices.DeleteFunc(emails, func(e string) bool { return strings.EqualFold(e, old) }) // it may be on file too
			emails = append(emails, x.NewEmail)
			if err := r.Accounts.SetEmail(ctx, tx, now, account.ID, x.NewEmail); err != nil {
				return err
			}
		}
		if codes, err = r.Accounts.GiveKey(ctx, tx, now, account.ID, key); err != nil {
			return err
		}
		if err := r.drop(ctx, tx, account.ID, x, s.Factors); err != nil {
			return err
		}
		e := audit.Who{Actor: account.ID, Role: audit.Member, From: from}.Did(now, "account.recovered", account.ID, "")
		e.Detail = joined(x.Proofs)
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return r.Outbox.Tell(ctx, tx, now, append(first, letter.ToAll(told, x.ID, account.Language, emails, phones)...)...)
	})
	if errors.Is(err, identity.ErrEmailTaken) { // another one is asked for
		forgotten := r.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE recovery SET new_email_sealed = NULL, new_email_at = 0 WHERE id = $1 AND finished_at = 0", x.ID)
			return err
		})
		err = errors.Join(err, forgotten)
	}
	if err != nil {
		return identity.Profile{}, nil, fmt.Errorf("finish a recovery: %w", err)
	}
	account, err = r.Accounts.Get(ctx, account.ID)
	return account, codes, err
}

// drop ends what may be in wrong hands: sessions, browsers, and a second factor that was not shown.
func (r *Recoveries) drop(ctx context.Context, tx *db.Tx, accountID string, x Recovery, f identity.Factors) error {
	if f.TOTP && !x.Has(App) {
		if err := r.Accounts.RemoveTOTP(ctx, tx, accountID); err != nil {
			return err
		}
	}
	if f.SecondFactor == identity.TextFactor && !x.Has(Phone) {
		if err := r.Accounts.SetSecondFactor(ctx, tx, accountID, identity.NoFactor); err != nil {
			return err
		}
	}
	if err := r.Accounts.EndSessions(ctx, tx, accountID, ""); err != nil {
		return err
	}
	if err := r.Accounts.ForgetDevices(ctx, tx, accountID); err != nil {
		return err
	}
	return r.Accounts.ForgetBrowsers(ctx, tx, accountID)
}

// told is where everybody is reached who might be deceived: what the account has verified, and what is on file for its
// members.
func (r *Recoveries) told(ctx context.Context, tx *db.Tx, account identity.Profile) (emails, phones []string, err error) {
	if emails, phones, err = r.everywhere(ctx, tx, account.ID); err != nil {
		return nil, nil, err
	}
	people, err := member.ByIDs(ctx, tx, account.Members)
	for _, memberID := range account.Members {
		m := people[memberID]
		if m.Deceased {
			continue
		}
		if identity.ValidEmail(m.Email) {
			emails = append(emails, m.Email)
		}
		if r.CanText {
			phones = append(phones, m.TextNumber())
		}
	}
	return emails, phones, err
}

// joined writes proofs as they lie in the column.
func joined(list []Proof) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = string(p)
	}
	return strings.Join(out, ",")
}
