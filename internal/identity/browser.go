package identity

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

const (
	// BrowserCookie is the name of the cookie that tells browsers apart. It opens nothing.
	BrowserCookie = "memberpay_browser"
	// BrowserLife is how long a browser keeps that cookie.
	BrowserLife = 400 * 24 * time.Hour
	// mostBrowsers bounds the browsers known of one account; the one unused for longest goes.
	mostBrowsers = 50
	// newAccount is how long the first browser of an account is its owner's: they have just opened it there.
	newAccount = time.Hour
)

// Recognize notes that an account was signed in to with the browser that has a token in its cookie, "" for none. It returns
// the token to put there, and whether it is a browser that the owner does not know to be theirs: they are told.
func (a *Accounts) Recognize(ctx context.Context, tx *db.Tx, now time.Time, accountID, token string) (kept string, strange bool, err error) {
	if len(token) != len(id.Secret()) {
		token = id.Secret()
	}
	row := id.Digest(token + " of " + accountID)
	n, err := changed(ctx, tx, "UPDATE known_browser SET seen_at = $2 WHERE id = $1", row, db.Micros(now))
	if err != nil || n > 0 {
		return token, false, wrapBrowser(err)
	}
	var others int
	var created int64
	err = tx.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM known_browser b WHERE b.account_id = a.id), a.created_at FROM account a WHERE a.id = $1", accountID).
		Scan(&others, &created)
	if err != nil {
		return "", false, wrapBrowser(err)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO known_browser (id, account_id, created_at, seen_at) VALUES ($1, $2, $3, $3) ON CONFLICT (id) DO NOTHING",
		row, accountID, db.Micros(now))
	if err != nil {
		return "", false, wrapBrowser(err)
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM known_browser WHERE account_id = $1 AND id NOT IN
		(SELECT id FROM known_browser WHERE account_id = $1 ORDER BY seen_at DESC, id LIMIT $2)`, accountID, mostBrowsers)
	return token, others > 0 || now.Sub(db.Time(created)) > newAccount, wrapBrowser(err)
}

// ForgetBrowsers forgets in which browsers an account was used: its owner is told of the next sign-in in each.
func (a *Accounts) ForgetBrowsers(ctx context.Context, tx *db.Tx, accountID string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM known_browser WHERE account_id = $1", accountID)
	return wrapBrowser(err)
}

func wrapBrowser(err error) error {
	if err != nil {
		return fmt.Errorf("recognize a browser: %w", err)
	}
	return nil
}
