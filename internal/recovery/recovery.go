package recovery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB       *db.DB
	Accounts *identity.Accounts
	Seal     *seal.Box
	Outbox   *event.Outbox
	CanText  bool // texts are sent
	Now      func() time.Time
	Log      *slog.Logger
}

// Recoveries knows who wants back in. It is safe for concurrent use.
type Recoveries struct{ Config }

// New returns Recoveries.
func New(c Config) *Recoveries { return &Recoveries{c} }

// The ways to give a second proof.
const (
	RecoveryCode = "recovery_code" // one of the ten that were printed
	TOTP         = "totp"          // a code of the authenticator app
	OnFile       = "on_file"       // facts of a member, and a code sent to the contact on file with the plan
)

const (
	life     = time.Hour        // from asking to the new key
	codeLife = 15 * time.Minute // of a code that was sent
	purpose  = "recover"
	atOnce   = 50 // questions answered in one round
)

// codesSent bounds the codes that strangers can set off to one account, and with them how often one can be guessed: five
// tries a code. It is a limit of its own, so that nobody uses up the codes that the owner needs to sign in.
var codesSent = identity.Limit{Name: "recover/sent", Hits: 10, Window: 24 * time.Hour}

// Errors of the verbs.
var (
	ErrOver = fault.New(fault.NotFound, "recovery.over") // finished, too long ago, or begun in another browser
	ErrCode = fault.Field("code", "recovery.code")       // wrong, used, or never sent: which of them is not told
)

// Recovery is one try to get back in.
type Recovery struct {
	ID        string
	AccountID string // "" where there is no account, or nobody has looked yet
	MailAt    time.Time
	MoreAt    time.Time
	How       string
}

// Ask begins a recovery for whoever signs in with email, and returns the token for their browser's cookie. It looks
// nobody up; Answer does, a moment later.
func (r *Recoveries) Ask(ctx context.Context, now time.Time, email, language string, who audit.Who) (token string, err error) {
	token = id.Secret()
	recoveryID := id.New("rec")
	sealed, err := r.Seal.Seal([]byte(identity.FoldEmail(email)), place(recoveryID))
	if err != nil {
		return "", err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Later(ctx, "ask to get back in", `INSERT INTO recovery (id, token_hash, email_sealed, language, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			recoveryID, id.Digest(token), sealed, language, db.Micros(now), db.Micros(now.Add(life))); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "recovery.asked", recoveryID, ""))
	})
	if err != nil {
		return "", fmt.Errorf("ask to get back in: %w", err)
	}
	return token, nil
}

func place(recoveryID string) string { return "recovery/" + recoveryID + "/email_sealed" }

// Answer looks up those who have asked, sends each who has an account a code, and returns how many had asked. It also
// forgets what is over.
func (r *Recoveries) Answer(ctx context.Context) (answered int, err error) {
	var list []string
	err = db.Each(ctx, r.DB.Read(), "SELECT id FROM recovery WHERE answered_at = 0 ORDER BY created_at LIMIT $1", []any{atOnce}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		list = append(list, s)
		return err
	})
	for _, recoveryID := range list {
		if err == nil {
			err = r.answer(ctx, recoveryID)
			answered++
		}
	}
	if err == nil && answered == 0 {
		err = r.forget(ctx)
	}
	if err != nil {
		return answered, fmt.Errorf("answer who wants back in: %w", err)
	}
	return answered, nil
}

// forget removes recoveries that are long over.
func (r *Recoveries) forget(ctx context.Context) error {
	var old int
	before := db.Micros(r.Now().Add(-24 * time.Hour))
	if err := r.DB.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM recovery WHERE expires_at < $1", before).Scan(&old); err != nil || old == 0 {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM recovery WHERE expires_at < $1", before)
		return err
	})
}

func (r *Recoveries) answer(ctx context.Context, recoveryID string) error {
	now := r.Now()
	var sealed []byte
	var language string
	err := r.DB.Read().QueryRowContext(ctx, "SELECT email_sealed, language FROM recovery WHERE id = $1", recoveryID).Scan(&sealed, &language)
	if err != nil {
		return err
	}
	email, err := r.Seal.Open(sealed, place(recoveryID))
	if err != nil {
		return err
	}
	account, err := r.Accounts.ByEmail(ctx, string(email))
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
		return r.send(ctx, tx, now, recoveryID, account.ID, purpose, letter.To{Channel: event.Mail, Recipient: account.Email, Language: language})
	})
}

// send sends a code, unless the account was sent too many.
func (r *Recoveries) send(ctx context.Context, tx *db.Tx, now time.Time, subject, accountID, purpose string, to letter.To) error {
	if err := identity.AllowIn(ctx, tx, now, codesSent, accountID); fault.Is(err, fault.Busy) {
		return nil
	} else if err != nil {
		return err
	}
	code, err := r.Accounts.NewCode(ctx, tx, now, purpose, subject, codeLife)
	if err != nil {
		return err
	}
	return r.Outbox.Tell(ctx, tx, now, letter.New(letter.Code{Purpose: letter.Recover, Code: code, Until: now.Add(codeLife)}, id.New("otc"), to))
}

// Find returns the recovery of a browser with this token, or ErrOver.
func (r *Recoveries) Find(ctx context.Context, now time.Time, token string) (Recovery, error) {
	var x Recovery
	var mail, more int64
	err := r.DB.Read().QueryRowContext(ctx, "SELECT id, account_id, mail_at, more_at, how FROM recovery WHERE token_hash = $1 AND finished_at = 0 AND expires_at > $2",
		id.Digest(token), db.Micros(now)).Scan(&x.ID, &x.AccountID, &mail, &more, &x.How)
	if errors.Is(err, sql.ErrNoRows) {
		return Recovery{}, ErrOver
	}
	if err != nil {
		return Recovery{}, fmt.Errorf("find a recovery: %w", err)
	}
	x.MailAt, x.MoreAt = db.Time(mail), db.Time(more)
	return x, nil
}

// ProveMail takes the code that was sent to the sign-in address, or returns ErrCode.
func (r *Recoveries) ProveMail(ctx context.Context, now time.Time, x Recovery, code string) error {
	return r.prove(ctx, now, x, "mail_at", "", func(tx *db.Tx) error { return r.Accounts.CheckCode(ctx, tx, now, purpose, x.ID, code) })
}

// NeedsMore reports whether the account asks for a second proof, and with what its owner could give one.
func (r *Recoveries) NeedsMore(ctx context.Context, x Recovery) (bool, identity.Factors, error) {
	f, err := r.Accounts.Factors(ctx, x.AccountID)
	return f.SecondFactor != "" || len(f.Passkeys) > 0 || !f.Password, f, err
}

// ProveRecoveryCode takes one of the account's recovery codes as the second proof, or returns ErrCode.
func (r *Recoveries) ProveRecoveryCode(ctx context.Context, now time.Time, x Recovery, code string) error {
	return r.prove(ctx, now, x, "more_at", RecoveryCode, func(tx *db.Tx) error { return r.Accounts.UseRecoveryCode(ctx, tx, now, x.AccountID, code) })
}

// ProveTOTP takes a code of the account's authenticator app as the second proof, or returns ErrCode.
func (r *Recoveries) ProveTOTP(ctx context.Context, now time.Time, x Recovery, code string) error {
	if err := r.Accounts.CheckTOTP(ctx, now, x.AccountID, code); fault.Is(err, fault.Invalid) {
		return ErrCode
	} else if err != nil {
		return err
	}
	return r.prove(ctx, now, x, "more_at", TOTP, func(*db.Tx) error { return nil })
}

// AskOnFile sends a code to the contact that the plan has on file for a member whose number, date of birth and ZIP code
// were told. Where that is the very mailbox that was proved already, nothing is sent: it would prove nothing more. The
// caller has checked that the account acts for the member; m is the zero Member where it does not, and then nothing is
// sent either.
func (r *Recoveries) AskOnFile(ctx context.Context, now time.Time, x Recovery, m member.Member, language string) error {
	account, err := r.Accounts.Get(ctx, x.AccountID)
	if err != nil {
		return err
	}
	to := letter.To{Language: language}
	if phone, ok := identity.PhoneNumber(m.Phone); ok && r.CanText {
		to.Channel, to.Recipient = event.Text, phone
	} else if m.Email != "" && identity.FoldEmail(m.Email) != identity.FoldEmail(account.Email) {
		to.Channel, to.Recipient = event.Mail, m.Email
	}
	if m.ID == "" || to.Recipient == "" {
		return nil
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error { return r.send(ctx, tx, now, x.ID, account.ID, purpose+" on file", to) })
	if err != nil {
		return fmt.Errorf("send a code to the contact on file: %w", err)
	}
	return nil
}

// ProveOnFile takes the code that AskOnFile sent as the second proof, or returns ErrCode.
func (r *Recoveries) ProveOnFile(ctx context.Context, now time.Time, x Recovery, code string) error {
	return r.prove(ctx, now, x, "more_at", OnFile, func(tx *db.Tx) error { return r.Accounts.CheckCode(ctx, tx, now, purpose+" on file", x.ID, code) })
}

// prove runs a check in a transaction that is kept whatever it finds, because the try is counted in it, and notes a proof.
func (r *Recoveries) prove(ctx context.Context, now time.Time, x Recovery, column, how string, check func(tx *db.Tx) error) error {
	var wrong error
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		if wrong = check(tx); wrong != nil {
			if fault.Is(wrong, fault.Invalid) {
				wrong = ErrCode
				return nil
			}
			return wrong
		}
		_, err := tx.ExecContext(ctx, "UPDATE recovery SET "+column+" = $2, how = $3 WHERE id = $1", x.ID, db.Micros(now), how)
		return err
	})
	if err != nil {
		return fmt.Errorf("prove who wants back in: %w", err)
	}
	return wrong
}

// Finish gives the account a new key, in place of its password. Every session and remembered browser of the account ends. An authenticator app or phone that was not used as a proof counts as lost: it is no longer asked for. Everybody
// who might be deceived is told: the sign-in address, the account's phone and the contacts on file. It returns the
// recovery codes that come with a passkey, and ErrOver where the proofs are not there, or another tab has finished.
func (r *Recoveries) Finish(ctx context.Context, now time.Time, x Recovery, key identity.Key, from string) (account identity.Profile, codes []string, err error) {
	more, factors, err := r.NeedsMore(ctx, x)
	if err != nil {
		return account, nil, err
	}
	if x.AccountID == "" || x.MailAt.IsZero() || (more && x.MoreAt.IsZero()) {
		return account, nil, ErrOver
	}
	account, err = r.Accounts.Get(ctx, x.AccountID)
	if err != nil {
		return account, nil, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE recovery SET finished_at = $2 WHERE id = $1 AND finished_at = 0", x.ID, db.Micros(now))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return ErrOver
		}
		if codes, err = r.Accounts.GiveKey(ctx, tx, now, account.ID, key); err != nil {
			return err
		}
		if factors.SecondFactor != "" && x.How != TOTP {
			if factors.TOTP {
				if err := r.Accounts.RemoveTOTP(ctx, tx, account.ID); err != nil {
					return err
				}
			}
			if err := r.Accounts.SetSecondFactor(ctx, tx, account.ID, ""); err != nil {
				return err
			}
		}
		if err := r.Accounts.EndSessions(ctx, tx, account.ID, ""); err != nil {
			return err
		}
		if err := r.Accounts.ForgetDevices(ctx, tx, account.ID); err != nil {
			return err
		}
		list, err := r.told(ctx, tx, now, x, account, factors, from)
		if err != nil {
			return err
		}
		if err := r.Outbox.Tell(ctx, tx, now, list...); err != nil {
			return err
		}
		e := audit.Who{Actor: account.ID, Role: audit.Member, From: from}.Did(now, "account.recovered", account.ID, "")
		e.Detail = x.How
		return audit.Append(ctx, tx, e)
	})
	if err != nil {
		return account, nil, fmt.Errorf("finish a recovery: %w", err)
	}
	return account, codes, nil
}

// told is the letters about a recovery: one to each address and phone that is known of the account's owner.
func (r *Recoveries) told(ctx context.Context, tx *db.Tx, now time.Time, x Recovery, account identity.Profile, factors identity.Factors, from string) ([]event.Message, error) {
	people, err := member.ByIDs(ctx, tx, account.Members)
	if err != nil {
		return nil, err
	}
	var out []event.Message
	seen := map[string]bool{}
	tell := func(channel, recipient string) {
		if recipient == "" || seen[recipient] || (channel == event.Text && !r.CanText) {
			return
		}
		seen[recipient] = true
		out = append(out, letter.New(letter.AccountChanged{What: letter.Recovered, When: now, From: from}, fmt.Sprintf("%s/%d", x.ID, len(out)),
			letter.To{Channel: channel, Recipient: recipient, Language: account.Language}))
	}
	tell(event.Mail, identity.FoldEmail(account.Email))
	tell(event.Text, factors.Phone)
	for _, m := range people {
		tell(event.Mail, identity.FoldEmail(m.Email))
		if phone, ok := identity.PhoneNumber(m.Phone); ok {
			tell(event.Text, phone)
		}
	}
	return out, nil
}
