package identity

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

const (
	// DeviceCookie is the name of the cookie that holds a remembered browser's token.
	DeviceCookie = "memberpay_device"
	// DeviceLife is how long a browser is remembered.
	DeviceLife = 90 * 24 * time.Hour
	// mostDevices bounds the browsers that one account is remembered in; the one unused for longest goes.
	mostDevices = 20
)

// Device is a browser that is not asked for the second factor.
type Device struct {
	ID        string
	Browser   string // in words
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Remember remembers a browser for DeviceLife and returns the token for its cookie, which is kept nowhere else.
func (a *Accounts) Remember(ctx context.Context, tx *db.Tx, now time.Time, accountID, browser string) (token string, err error) {
	token = id.Secret()
	_, err = tx.ExecContext(ctx, `INSERT INTO device (id, account_id, browser, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)`,
		id.Digest(token), accountID, browser, db.Micros(now), db.Micros(now.Add(DeviceLife)))
	if err != nil {
		return "", fmt.Errorf("remember a browser: %w", err)
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM device WHERE account_id = $1 AND id NOT IN
		(SELECT id FROM device WHERE account_id = $1 ORDER BY seen_at DESC, id LIMIT $2)`, accountID, mostDevices)
	if err != nil {
		return "", fmt.Errorf("remember a browser: %w", err)
	}
	return token, nil
}

// Remembered reports whether the account remembers the browser with this token.
func (a *Accounts) Remembered(ctx context.Context, now time.Time, accountID, token string) (bool, error) {
	if token == "" {
		return false, nil
	}
	var there bool
	err := a.db.Read().QueryRowContext(ctx, "SELECT COUNT(*) > 0 FROM device WHERE id = $1 AND account_id = $2 AND expires_at > $3",
		id.Digest(token), accountID, db.Micros(now)).Scan(&there)
	if err == nil && there {
		err = a.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE device SET seen_at = $2 WHERE id = $1", id.Digest(token), db.Micros(now))
			return err
		})
	}
	if err != nil {
		return false, fmt.Errorf("is a browser remembered: %w", err)
	}
	return there, nil
}

// Devices returns the browsers that the account remembers, the one seen last first.
func (a *Accounts) Devices(ctx context.Context, now time.Time, accountID string) (out []Device, err error) {
	err = db.Each(ctx, a.db.Read(), `SELECT id, browser, created_at, seen_at, expires_at FROM device WHERE account_id = $1 AND expires_at > $2
		ORDER BY seen_at DESC, id`, []any{accountID, db.Micros(now)}, func(rows *sql.Rows) error {
		var d Device
		var created, seen, expires int64
		err := rows.Scan(&d.ID, &d.Browser, &created, &seen, &expires)
		d.CreatedAt, d.SeenAt, d.ExpiresAt = db.Time(created), db.Time(seen), db.Time(expires)
		out = append(out, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("devices: %w", err)
	}
	return out, nil
}

// ForgetDevice forgets one of the account's browsers. One that is not there, or not the account's, is NotFound.
func (a *Accounts) ForgetDevice(ctx context.Context, tx *db.Tx, accountID, deviceID string) error {
	n, err := changed(ctx, tx, "DELETE FROM device WHERE id = $1 AND account_id = $2", deviceID, accountID)
	if err != nil {
		return fmt.Errorf("forget a browser: %w", err)
	}
	if n == 0 {
		return fault.New(fault.NotFound, "device.not_found")
	}
	return nil
}

// ForgetDevices forgets all browsers of the account.
func (a *Accounts) ForgetDevices(ctx context.Context, tx *db.Tx, accountID string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM device WHERE account_id = $1", accountID); err != nil {
		return fmt.Errorf("forget browsers: %w", err)
	}
	return nil
}
