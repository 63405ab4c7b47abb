package recovery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// Answer looks up those who have asked, sends each who has an account a code, does the same for those who have told facts
// since, and returns how many there were. It also forgets what is over.
func (r *Recoveries) Answer(ctx context.Context) (answered int, err error) {
	for _, q := range []struct {
		which  string
		answer func(ctx context.Context, recoveryID string) error
	}{{"answered_at = 0 ORDER BY created_at", r.answerAsked}, {"told_at > 0 AND sent_at = 0 AND answered_at > 0 ORDER BY told_at", r.answerTold}} {
		var list []string
		err = db.Each(ctx, r.DB.Read(), "SELECT id FROM recovery WHERE "+q.which+" LIMIT $1", []any{atOnce}, func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			list = append(list, s)
			return err
		})
		for _, recoveryID := range list {
			if err == nil {
				err = q.answer(ctx, recoveryID)
				answered++
			}
		}
		if err != nil {
			return answered, fmt.Errorf("answer who wants back in: %w", err)
		}
	}
	if answered == 0 {
		err = r.forget(ctx)
	}
	return answered, err
}

// answerAsked looks up the account of somebody who asked, and sends its owner a code.
func (r *Recoveries) answerAsked(ctx context.Context, recoveryID string) error {
	now := r.Now()
	var sealed []byte
	var language string
	err := r.DB.Read().QueryRowContext(ctx, "SELECT email_sealed, language FROM recovery WHERE id = $1", recoveryID).Scan(&sealed, &language)
	if err != nil {
		return err
	}
	email, err := r.open(sealed, askedEmail, recoveryID)
	if err != nil {
		return err
	}
	account, err := r.Accounts.ByEmail(ctx, email)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE recovery SET answered_at = $2, account_id = $3 WHERE id = $1 AND answered_at = 0", recoveryID, db.Micros(now), account.ID)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 || account.ID == "" {
			return err // another process was quicker, or there is nobody to tell
		}
		_, err = r.send(ctx, tx, now, recoveryID, account.ID, forMailbox, letter.To{Channel: event.Mail, Recipient: account.Email, Language: language})
		return err
	})
}

// answerTold sends a code to the contact on file of a member whose facts were told, where the account is theirs.
func (r *Recoveries) answerTold(ctx context.Context, recoveryID string) error {
	now := r.Now()
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		var language string
		err := tx.QueryRowContext(ctx, "UPDATE recovery SET sent_at = $2 WHERE id = $1 AND sent_at = 0 RETURNING language", recoveryID, db.Micros(now)).Scan(&language)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // another process was quicker
		}
		if err != nil {
			return err
		}
		x, err := r.lock(ctx, tx, now, recoveryID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		account, m, err := r.theirs(ctx, tx, now, x)
		if err != nil || m.ID == "" {
			return err
		}
		to := r.onFile(account, m, x.Way)
		to.Language = language
		if to.Recipient == "" {
			return nil
		}
		sent := false
		if x.Way == ByPost {
			sent, err = r.post(ctx, tx, now, x, to)
		} else {
			sent, err = r.send(ctx, tx, now, x.ID, account.ID, forContact, to)
		}
		if err != nil || !sent {
			return err
		}
		sealed, err := r.Seal.Seal([]byte(to.Recipient), reached.Place(x.ID))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE recovery SET reached_sealed = $2 WHERE id = $1", x.ID, sealed); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Entry{At: now, Role: audit.System, Action: "recovery.code_sent", Subject: account.ID, Member: m.ID, Detail: string(x.Way)})
	})
}

// theirs is the account of a recovery and the member whose facts were told, where a proof by them counts; the zero Member
// where it does not. Where the mailbox is proved, the account acts for the member. Where it is lost, the member is of age
// and the account acts for nobody else, their own children aside: nobody gets at another grown-up's bills by proving who
// they are themselves.
func (r *Recoveries) theirs(ctx context.Context, tx *db.Tx, now time.Time, x Recovery) (identity.Profile, member.Member, error) {
	if x.AccountID == "" || x.MemberID == "" {
		return identity.Profile{}, member.Member{}, nil
	}
	account, err := r.Accounts.GetIn(ctx, tx, x.AccountID)
	if fault.Is(err, fault.NotFound) {
		return account, member.Member{}, nil
	}
	if err != nil {
		return account, member.Member{}, err
	}
	people, err := member.ByIDs(ctx, tx, account.Members)
	m, ok := people[x.MemberID]
	if err != nil || !ok || m.Deceased {
		return account, member.Member{}, err
	}
	if x.Has(Mailbox) {
		return account, m, nil
	}
	today := day.Of(now, r.Zone)
	for _, other := range people {
		if other.ID != m.ID && (other.GuarantorID != m.ID || !other.Minor(today)) {
			return account, member.Member{}, nil
		}
	}
	if m.Minor(today) {
		m = member.Member{}
	}
	return account, m, nil
}

// onFile is where a member is reached by what the plan has on file: never at the sign-in address, which would prove
// nothing more.
func (r *Recoveries) onFile(account identity.Profile, m member.Member, way Way) letter.To {
	switch {
	case way == ByText && r.CanText:
		return letter.To{Channel: event.Text, Recipient: m.TextNumber()}
	case way == ByMail && identity.ValidEmail(m.Email) && identity.FoldEmail(m.Email) != identity.FoldEmail(account.Email):
		return letter.To{Channel: event.Mail, Recipient: m.Email}
	case way == ByPost && r.CanPrint:
		return letter.To{Channel: event.Print, Recipient: letter.Address{Name: m.Name(), Lines: m.Address()}.String()}
	}
	return letter.To{}
}

// send sends a code, unless the account was sent too many, and reports whether it did.
func (r *Recoveries) send(ctx context.Context, tx *db.Tx, now time.Time, subject, accountID, purpose string, to letter.To) (bool, error) {
	if err := identity.AllowIn(ctx, tx, now, codesSent, accountID); err != nil {
		return false, quietly(err)
	}
	code, err := r.Accounts.NewCode(ctx, tx, now, purpose, subject, codeLife)
	if err != nil {
		return false, quietly(err)
	}
	return true, r.Outbox.Tell(ctx, tx, now, letter.New(letter.Code{Purpose: letter.Recover, Code: code, Until: now.Add(codeLife)}, id.New("otc"), to))
}

// post orders a letter with a code, unless one is on its way, and reports whether it did. Whoever reads the account's mail
// is told.
func (r *Recoveries) post(ctx context.Context, tx *db.Tx, now time.Time, x Recovery, to letter.To) (bool, error) {
	if err := identity.AllowIn(ctx, tx, now, letters, x.AccountID); err != nil {
		return false, quietly(err)
	}
	code, err := r.Accounts.NewCode(ctx, tx, now, forLetter, letterSubject(x), LetterLife)
	if err != nil {
		return false, quietly(err)
	}
	emails, phones, err := r.everywhere(ctx, tx, x.AccountID)
	if err != nil {
		return false, err
	}
	orderID := id.New("otc")
	list := letter.ToAll(letter.AccountChanged{What: letter.RecoveryLetter, When: now}, orderID, to.Language, emails, phones)
	return true, r.Outbox.Tell(ctx, tx, now, append(list, letter.New(letter.Code{Purpose: letter.Recover, Code: code, Until: now.Add(LetterLife)}, orderID, to))...)
}

// everywhere is identity's Everywhere, without phones where no texts are sent.
func (r *Recoveries) everywhere(ctx context.Context, tx *db.Tx, accountID string) (emails, phones []string, err error) {
	emails, phones, err = r.Accounts.Everywhere(ctx, tx, accountID)
	if !r.CanText {
		phones = nil
	}
	return emails, phones, err
}

// quietly forgives that there were too many: whoever asks is not told.
func quietly(err error) error {
	if fault.Is(err, fault.Busy) {
		return nil
	}
	return err
}
