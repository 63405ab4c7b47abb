package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
)

// Worker is one of the staff of the demonstration. TOTPSecret goes into an authenticator app.
type Worker struct {
	Name       string         `json:"name"`
	Email      string         `json:"email"`
	Password   string         `json:"password"`
	Role       identity.Actor `json:"role"`
	TOTPSecret string         `json:"totp_secret"`
}

// workers are the staff of the demonstration, without their secrets, which are made at the first start.
var workers = []Worker{
	{Name: "Amal Notreal", Email: "amal@staff.example", Password: "copper-lantern-desk-1", Role: identity.Agent},
	{Name: "Bela Imagined", Email: "bela@staff.example", Password: "copper-lantern-desk-3", Role: identity.Agent},
	{Name: "Sol Supposed", Email: "sol@staff.example", Password: "copper-lantern-desk-4", Role: identity.Supervisor},
	{Name: "Admin Pretend", Email: "admin@staff.example", Password: "copper-lantern-desk-2", Role: identity.Administrator},
}

// Staff invites the demonstration's staff and accepts for them, with a password and an authenticator app, through the
// same doors as in production. known are those of an earlier start; who is there already keeps the secret known of them.
func Staff(ctx context.Context, s *staff.Staff, known []Worker, now time.Time) ([]Worker, error) {
	var out []Worker
	for _, w := range workers {
		for _, k := range known {
			if k.Email == w.Email {
				w.TOTPSecret = k.TOTPSecret
			}
		}
		_, err := s.Accounts.StaffByEmail(ctx, w.Email)
		if fault.Is(err, fault.NotFound) {
			w.TOTPSecret, err = hire(ctx, s, w, now)
		}
		if err != nil {
			return nil, fmt.Errorf("demo staff: %w", err)
		}
		out = append(out, w)
	}
	return out, nil
}

// hire makes one of the staff and returns the secret of their authenticator app.
func hire(ctx context.Context, s *staff.Staff, w Worker, now time.Time) (secret string, err error) {
	link, err := s.Invite(ctx, now, audit.Who{Actor: "operator", Role: audit.Operator}, w.Name, w.Email, w.Role)
	if err != nil {
		return "", err
	}
	hashed, err := s.Accounts.Hash(ctx, w.Password)
	if err != nil {
		return "", err
	}
	accountID, err := s.Accept(ctx, now, link[strings.LastIndexByte(link, '/')+1:], "", hashed, "127.0.0.1", nil)
	if err != nil {
		return "", err
	}
	setup, err := s.Accounts.BeginTOTP(ctx, now, accountID, "Larkspur Health", w.Email)
	if err != nil {
		return "", err
	}
	secret = strings.ReplaceAll(setup.Secret, " ", "")
	code, err := totp.GenerateCode(secret, now)
	if err != nil {
		return "", err
	}
	return secret, s.DB.Write(ctx, func(tx *db.Tx) error { return s.Accounts.ConfirmTOTP(ctx, tx, now, accountID, code) })
}
