package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/member"
)

type accountCommand struct {
	Add accountAdd `cmd:"" help:"Open an account for a member whose identity you have checked."`
}

// atCommandLine is who uses this program, for the audit log.
var atCommandLine = audit.CommandLine

type accountAdd struct {
	config.Store `embed:""`
	Member       string `required:"" help:"Member ID."`
	Email        string `required:"" help:"E-mail address to sign in with."`
}

// Run opens the account and prints a first password, which is shown once.
func (c accountAdd) Run(ctx context.Context) error {
	d, err := open(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	found, err := member.ByNumber(ctx, d.Read(), c.Member)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("member ID %q belongs to %d people; use the number on the member card", c.Member, len(found))
	}
	box, closed, err := openBox(ctx, d, c.Store)
	if err != nil {
		return err
	}
	defer closed()
	password := rand.Text()
	accounts, now := identity.New(d, box, 1), time.Now()
	hashed, err := accounts.Hash(ctx, password)
	if err != nil {
		return err
	}
	err = d.Write(ctx, func(tx *db.Tx) error {
		made, err := accounts.Open(ctx, tx, now, identity.NewAccount{Email: c.Email, PasswordHash: hashed, Language: found[0].Language,
			Role: identity.Member, Members: []string{found[0].ID}})
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, atCommandLine.Did(now, "account.created", made, found[0].ID))
	})
	if err != nil {
		return err
	}
	fmt.Printf("account opened\n  e-mail    %s\n  password  %s   (give it to the member; it is not shown again)\n", c.Email, password)
	return nil
}
