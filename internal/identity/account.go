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
)

// Accounts makes and checks accounts. It is safe for concurrent use.
type Accounts struct {
	db      *db.DB
	hashing hashing
	decoy   string // checked where there is no account, for the same work
}

// New returns Accounts that run at most hashes password hashes at once.
func New(d *db.DB, hashes int) *Accounts {
	return &Accounts{db: d, hashing: make(hashing, hashes), decoy: hash(id.Secret())}
}

// MinPassword is the shortest password of an account that has no second factor, in characters.
const MinPassword = 15

// Errors of Create and SignIn.
var (
	ErrSignIn     = fault.New(fault.SignIn, "sign_in.wrong")
	ErrEmailTaken = fault.Field("email", "account.email_taken")
	ErrPassword   = fault.Field("password", "account.password_short")
	ErrEmail      = fault.Field("email", "error.email")
)

// Create makes an account for members (row ids). The e-mail is the sign-in name: letter case and surrounding spaces do
// not count. It returns ErrEmail, ErrPassword or ErrEmailTaken.
func (a *Accounts) Create(ctx context.Context, now time.Time, email, password, language string, members ...string) (string, error) {
	folded := FoldEmail(email)
	if !ValidEmail(email) {
		return "", ErrEmail
	}
	if utf8.RuneCountInString(password) < MinPassword {
		return "", ErrPassword
	}
	var hashed string
	if err := a.hashing.run(ctx, func() { hashed = hash(password) }); err != nil {
		return "", err
	}
	accountID := id.New("acc")
	err := a.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO account (id, email, email_folded, password_hash, language, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
			accountID, strings.TrimSpace(email), folded, hashed, language, db.Micros(now))
		if db.Unique(err) {
			return ErrEmailTaken
		}
		if err != nil {
			return err
		}
		for _, m := range members {
			if _, err := tx.ExecContext(ctx, "INSERT INTO account_member (account_id, member_id) VALUES ($1, $2)", accountID, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("create account: %w", err)
	}
	return accountID, nil
}

// SignIn checks e-mail and password and returns the account's id, or ErrSignIn.
func (a *Accounts) SignIn(ctx context.Context, email, password string) (string, error) {
	var accountID, stored string
	err := a.db.Read().QueryRowContext(ctx, "SELECT id, password_hash FROM account WHERE email_folded = $1", FoldEmail(email)).Scan(&accountID, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		accountID, stored = "", a.decoy
	} else if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	ok := false
	if err := a.hashing.run(ctx, func() { ok = matches(stored, password) }); err != nil {
		return "", err
	}
	if !ok || accountID == "" {
		return "", ErrSignIn
	}
	return accountID, nil
}

// Account is what pages may know of an account.
type Account struct {
	ID       string
	Email    string
	Language string   // chosen when the account was opened, "" for none
	Members  []string // member row ids it acts for
}

// Get returns an account with its members.
func (a *Accounts) Get(ctx context.Context, accountID string) (Account, error) {
	out := Account{ID: accountID}
	err := a.db.Read().QueryRowContext(ctx, "SELECT email, language FROM account WHERE id = $1", accountID).Scan(&out.Email, &out.Language)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, fault.New(fault.NotFound, "account.not_found")
	}
	if err != nil {
		return Account{}, fmt.Errorf("get account: %w", err)
	}
	err = db.Each(ctx, a.db.Read(), "SELECT member_id FROM account_member WHERE account_id = $1 ORDER BY member_id", []any{accountID}, func(rows *sql.Rows) error {
		var m string
		err := rows.Scan(&m)
		out.Members = append(out.Members, m)
		return err
	})
	return out, err
}

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
