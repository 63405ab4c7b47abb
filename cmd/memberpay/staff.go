package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/config"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
)

type staffCommand struct {
	Invite staffInvite `cmd:"" help:"Invite somebody to the desk. The first administrator is invited this way."`
	List   staffList   `cmd:"" help:"List who works at the desk."`
	End    staffEnd    `cmd:"" help:"End somebody's work at the desk at once."`
}

type staffInvite struct {
	config.Store `embed:""`
	Name         string `required:"" help:"Name."`
	Email        string `required:"" help:"E-mail address."`
	Role         string `required:"" enum:"agent,supervisor,finance,administrator,auditor" help:"Role: ${enum}."`
	URL          string `help:"Public address of the site." env:"MEMBERPAY_URL" default:"http://127.0.0.1:8080"`
}

// Run makes the invitation, lets the server mail it, and prints its address once.
func (c staffInvite) Run(ctx context.Context) error {
	s, done, err := openStaff(ctx, c.Store, strings.TrimRight(c.URL, "/"))
	if err != nil {
		return err
	}
	defer done()
	url, err := s.Invite(ctx, time.Now(), operator(), c.Name, c.Email, identity.Actor(c.Role))
	if err != nil {
		return err
	}
	fmt.Printf("invited %s as %s\n  %s\n  It works once, for %d hours. It is mailed too, where the server sends mail; it is not shown again.\n",
		c.Name, c.Role, url, int(staff.InvitationLife.Hours()))
	return nil
}

type staffList struct {
	config.Store `embed:""`
}

// Run prints a line for each.
func (c staffList) Run(ctx context.Context) error {
	s, done, err := openStaff(ctx, c.Store, "")
	if err != nil {
		return err
	}
	defer done()
	list, err := s.List(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tE-MAIL\tROLE\tSINCE\tUNTIL")
	for _, p := range list {
		until := ""
		if !p.EndedAt.IsZero() {
			until = p.EndedAt.Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.Name, p.Email, p.Role, p.CreatedAt.Format(time.DateOnly), until)
	}
	return w.Flush()
}

type staffEnd struct {
	config.Store `embed:""`
	Email        string `required:"" help:"E-mail address of who is to end."`
}

// Run ends their work; their sessions are over at once.
func (c staffEnd) Run(ctx context.Context) error {
	s, done, err := openStaff(ctx, c.Store, "")
	if err != nil {
		return err
	}
	defer done()
	p, err := s.Accounts.StaffByEmail(ctx, c.Email)
	if err != nil {
		return fmt.Errorf("nobody works here with the address %s: %w", c.Email, err)
	}
	if err := s.End(ctx, time.Now(), operator(), p.ID); err != nil {
		return err
	}
	fmt.Println("ended; their sessions are over")
	return nil
}

func operator() audit.Who { return audit.Who{Actor: "operator", Role: audit.Operator} }

func openStaff(ctx context.Context, store config.Store, url string) (*staff.Staff, func(), error) {
	d, err := open(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	box, closed, err := openBox(ctx, d, store)
	if err != nil {
		d.Close()
		return nil, nil, err
	}
	return staff.New(staff.Config{DB: d, Accounts: identity.New(d, box, 1), Seal: box, Outbox: event.NewOutbox(box), BaseURL: url, Log: logger()}),
		func() { closed(); d.Close() }, nil
}
