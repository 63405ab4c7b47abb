package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/seal"
)

// Accounts makes and checks accounts. It is safe for concurrent use.
type Accounts struct {
	db      *db.DB
	box     *seal.Box
	hashing *hashing
	decoy   string // checked where there is no account, for the same work
	party   *party // nil before UsePasskeys
}

// New returns Accounts that seal with box and run at most hashes password hashes at once.
func New(d *db.DB, box *seal.Box, hashes int) *Accounts {
	return &Accounts{db: d, box: box, hashing: newHashing(hashes), decoy: decoy()}
}

// Errors of Create and SignIn.
var (
	ErrSignIn     = fault.New(fault.SignIn, "sign_in.wrong")
	ErrEmailTaken = fault.Field("email", "account.email_taken")
	ErrPassword   = fault.Field("password", "password.short")
	ErrEmail      = fault.Field("email", "error.email")
)

// Create makes an account for members (row ids). The e-mail is the sign-in name: letter case and surrounding spaces do
// not count. It returns ErrEmail, ErrPassword or ErrEmailTaken.
func (a *Accounts) Create(ctx context.Context, now time.Time, email, password, language string, members ...string) (string, error) {
	if !ValidEmail(email) {
		return "", ErrEmail
	}
	if utf8.RuneCountInString(password) < MinPassword {
		return "", ErrPassword
	}
	hashed, err := a.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	var accountID string
	err = a.db.Write(ctx, func(tx *db.Tx) (err error) {
		accountID, err = a.Open(ctx, tx, now, NewAccount{Email: email, PasswordHash: hashed, Language: language, Role: Member, Members: members})
		return err
	})
	return accountID, err
}

// SpareProcessors bounds what all hashes together take in the long run: share processors. After a quiet time they may make
// up for it, at most for saved. Call it before the first sign-in.
func (a *Accounts) SpareProcessors(share float64, saved time.Duration) {
	a.hashing.share, a.hashing.saved = share, saved
}

// Room returns ErrHashing where so many passwords wait to be hashed that another would be sent away: known and unknown
// people alike, before anything is looked up or counted for them.
func (a *Accounts) Room() error { return a.hashing.room() }

// Hash returns the form in which a password is kept. It waits for its turn among the hashes that may run at once, and
// returns ErrHashing where too many wait.
func (a *Accounts) Hash(ctx context.Context, password string) (hashed string, err error) {
	err = a.hashing.run(ctx, func() { hashed = hash(password) })
	return hashed, err
}

// NewAccount is what Open needs. PasswordHash is "" for an account with a passkey and no password.
type NewAccount struct {
	ID           string // made where it is ""; a passkey is bound to it before the account is there
	Email        string
	PasswordHash string
	Language     string
	Role         Actor
	Members      []string // row ids of the members it acts for
}

// Open makes an account in a transaction, with its members, and returns its id. The e-mail is the sign-in name: letter
// case and surrounding spaces do not count. It returns ErrEmail or ErrEmailTaken; after the latter the transaction goes on.
func (a *Accounts) Open(ctx context.Context, tx *db.Tx, now time.Time, n NewAccount) (string, error) {
	if !ValidEmail(n.Email) {
		return "", ErrEmail
	}
	accountID := n.ID
	if accountID == "" {
		accountID = id.New("acc")
	}
	sealed, err := a.box.Seal([]byte(trimEmail(n.Email)), emailPlace(accountID))
	if err != nil {
		return "", fmt.Errorf("open account: %w", err)
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO account (id, email, email_index, email_sealed, password_hash, language, role, created_at)
		VALUES ($1, '', $2, $3, $4, $5, $6, $7) ON CONFLICT (email_index) DO NOTHING`,
		accountID, a.emailIndex(n.Role, n.Email), sealed, n.PasswordHash, n.Language, n.Role, db.Micros(now))
	if err != nil {
		return "", fmt.Errorf("open account: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return "", fmt.Errorf("open account: %w", err)
	} else if n == 0 {
		return "", ErrEmailTaken
	}
	return accountID, Join(ctx, tx, accountID, n.Members...)
}

// Join lets an account act for members (row ids). One it acts for already is left alone.
func Join(ctx context.Context, tx *db.Tx, accountID string, members ...string) error {
	for _, m := range members {
		if _, err := tx.ExecContext(ctx, "INSERT INTO account_member (account_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", accountID, m); err != nil {
			return fmt.Errorf("join an account: %w", err)
		}
	}
	return nil
}

// emailPlace is where the address of an account is sealed for.
func emailPlace(accountID string) string { return accountEmail.Place(accountID) }

// emailIndex is the blind index of a sign-in address. Staff and members sign in at doors of their own, so the same
// address may stand at both.
func (a *Accounts) emailIndex(role Actor, email string) string {
	if role.Staff() {
		return a.box.Index(FoldEmail(email), "account/staff_email")
	}
	return a.box.Index(FoldEmail(email), "account/email")
}

// EmailTaken reports whether a member signs in with an address already. It does the same work either way.
func (a *Accounts) EmailTaken(ctx context.Context, q db.Queryer, email string) (taken bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM account WHERE email_index = $1)", a.emailIndex(Member, email)).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("is an e-mail address taken: %w", err)
	}
	return taken, nil
}

// Holding returns the accounts of members that act for somebody by their row id, the oldest first.
func (a *Accounts) Holding(ctx context.Context, q db.Queryer, memberID string) (accountIDs []string, err error) {
	err = db.Each(ctx, q, `SELECT a.id FROM account_member m JOIN account a ON a.id = m.account_id
		WHERE m.member_id = $1 AND a.closed_at = 0 ORDER BY a.created_at, a.id`, []any{memberID}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		accountIDs = append(accountIDs, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("accounts of a member: %w", err)
	}
	return accountIDs, nil
}

// SealEmails seals addresses that an older version kept in clear. It returns how many.
func (a *Accounts) SealEmails(ctx context.Context) (sealed int, err error) {
	type row struct{ id, email string }
	for {
		var rows []row
		err := db.Each(ctx, a.db.Read(), "SELECT id, email FROM account WHERE email <> '' LIMIT 500", nil, func(r *sql.Rows) error {
			var x row
			err := r.Scan(&x.id, &x.email)
			rows = append(rows, x)
			return err
		})
		if err != nil || len(rows) == 0 {
			return sealed, err
		}
		err = a.db.Write(ctx, func(tx *db.Tx) error {
			for _, x := range rows {
				s, err := a.box.Seal([]byte(x.email), emailPlace(x.id))
				if err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, "UPDATE account SET email = '', email_sealed = $2, email_index = $3 WHERE id = $1 AND email <> ''",
					x.id, s, a.emailIndex(Member, x.email)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return sealed, fmt.Errorf("seal e-mail addresses: %w", err)
		}
		sealed += len(rows)
	}
}

// SignIn checks e-mail and password of a member and returns the account's id. With ErrSignIn it returns whose password was
// not the right one, "" where there is no such account: that is for the audit log, and never for whoever asks. Where too
// many wait for their turn it returns ErrHashing.
func (a *Accounts) SignIn(ctx context.Context, email, password string) (string, error) {
	return a.checkPassword(ctx, a.emailIndex(Member, email), password)
}

// SignInStaff is SignIn at the door of staff.
func (a *Accounts) SignInStaff(ctx context.Context, email, password string) (string, error) {
	return a.checkPassword(ctx, a.emailIndex(Agent, email), password)
}

// checkPassword does the same work whether or not there is an account, and whether or not it has a password.
func (a *Accounts) checkPassword(ctx context.Context, index, password string) (string, error) {
	var accountID, stored string
	err := a.db.Read().QueryRowContext(ctx, "SELECT id, password_hash FROM account WHERE email_index = $1 AND closed_at = 0", index).Scan(&accountID, &stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("sign in: %w", err)
	}
	if stored == "" {
		accountID, stored = "", a.decoy
	}
	ok := false
	if err := a.hashing.run(ctx, func() { ok = matches(stored, password) }); err != nil {
		return "", err
	}
	if !ok || accountID == "" {
		return accountID, ErrSignIn
	}
	return accountID, nil
}

// Profile is what pages may know of an account.
type Profile struct {
	ID           string
	Email        string
	Language     string // chosen by its owner, "" for none
	Role         Actor
	SecondFactor string // asked for after the password: "", "totp", "email" or "text"
	HasPassword  bool
	Members      []string // member row ids it acts for
	CreatedAt    time.Time
}

// Get returns an account with its members. A closed one is NotFound.
func (a *Accounts) Get(ctx context.Context, accountID string) (Profile, error) {
	return a.get(ctx, a.db.Read(), "id", accountID)
}

// GetIn is Get in a transaction.
func (a *Accounts) GetIn(ctx context.Context, tx *db.Tx, accountID string) (Profile, error) {
	return a.get(ctx, tx, "id", accountID)
}

// ByEmail returns the account of a member with this sign-in address, or a NotFound fault.
func (a *Accounts) ByEmail(ctx context.Context, email string) (Profile, error) {
	return a.get(ctx, a.db.Read(), "email_index", a.emailIndex(Member, email))
}

// StaffByEmail returns the account of one of the staff with this sign-in address, or a NotFound fault.
func (a *Accounts) StaffByEmail(ctx context.Context, email string) (Profile, error) {
	return a.get(ctx, a.db.Read(), "email_index", a.emailIndex(Agent, email))
}

func (a *Accounts) get(ctx context.Context, q db.Queryer, column, value string) (Profile, error) {
	var out Profile
	var sealed []byte
	var plain string
	var created int64
	err := q.QueryRowContext(ctx, "SELECT id, email, email_sealed, language, role, second_factor, password_hash <> '', created_at FROM account WHERE "+column+" = $1 AND closed_at = 0", value).
		Scan(&out.ID, &plain, &sealed, &out.Language, &out.Role, &out.SecondFactor, &out.HasPassword, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return Profile{}, errNoAccount
	}
	if err != nil {
		return Profile{}, fmt.Errorf("get account: %w", err)
	}
	out.CreatedAt = db.Time(created)
	if out.Email = plain; plain == "" {
		email, err := a.box.Open(sealed, emailPlace(out.ID))
		if err != nil {
			return Profile{}, fmt.Errorf("get account: %w", err)
		}
		out.Email = string(email)
	}
	err = db.Each(ctx, q, "SELECT member_id FROM account_member WHERE account_id = $1 ORDER BY member_id", []any{out.ID}, func(rows *sql.Rows) error {
		var m string
		err := rows.Scan(&m)
		out.Members = append(out.Members, m)
		return err
	})
	return out, err
}

// trimEmail is the form in which an e-mail address is kept.
func trimEmail(s string) string { return strings.TrimSpace(s) }

// FoldEmail is the form in which e-mail addresses are compared.
func FoldEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// ValidEmail reports whether s can be an e-mail address: one @, something before it, a domain with a dot after it, no
// spaces or control characters, at most 254 bytes.
func ValidEmail(s string) bool {
	s = strings.TrimSpace(s)
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > 254 || strings.Contains(domain, "@") || strings.ContainsAny(s, "<>()[]\\,;:\"") {
		return false
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f || r == utf8.RuneError {
			return false
		}
	}
	dot := strings.LastIndexByte(domain, '.')
	return dot > 0 && dot < len(domain)-2 && !strings.Contains(domain, "..") && domain[0] != '-'
}
