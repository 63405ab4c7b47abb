package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/config"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/member"
)

type memberCommand struct {
	Alias memberAlias `cmd:"" help:"Note that a member had another number before, so that it keeps finding them."`
}

type memberAlias struct {
	config.Store `embed:""`
	Member       string `required:"" help:"The member's number now."`
	Old          string `required:"" help:"The number they had before."`
	From         string `help:"The first day on which the old number was theirs, as 2024-01-01." placeholder:"DAY"`
	Until        string `help:"The last day on which the old number was theirs." placeholder:"DAY"`
}

// Run notes the alias and says whom it finds now.
func (c memberAlias) Run(ctx context.Context) error {
	from, err := dayFlag("--from", c.From)
	if err != nil {
		return err
	}
	until, err := dayFlag("--until", c.Until)
	if err != nil {
		return err
	}
	d, err := openNoting(ctx, c.Store, openExisting)
	if err != nil {
		return err
	}
	defer d.Close()
	found, err := member.ByNumber(ctx, d.Read(), c.Member)
	if err != nil {
		return err
	}
	var now []member.Member
	for _, m := range found {
		if m.MemberID == c.Member {
			now = append(now, m)
		}
	}
	if len(now) == 0 {
		now = found
	}
	if len(now) != 1 {
		return fmt.Errorf("--member %q belongs to %d people; give the number on the member card as it is printed", c.Member, len(now))
	}
	at := time.Now()
	err = d.Write(ctx, func(tx *db.Tx) error {
		if err := member.AddAlias(ctx, tx, now[0].ID, c.Old, from, until); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Entry{At: at, Actor: "operator", Role: audit.Operator, Action: "member.alias_added", Subject: now[0].ID, Member: now[0].ID})
	})
	if fault.Is(err, fault.Invalid) {
		return errors.New(aliasProblems[fault.CodeOf(err)])
	}
	if err != nil {
		return err
	}
	fmt.Printf("the old number finds the member with the number ending in %s\n", member.Ending(now[0].MemberID))
	return nil
}

// aliasProblems say what to do about a wrong alias.
var aliasProblems = map[string]string{
	"alias.empty":   "--old has no letter or digit, or is longer than 200 characters",
	"alias.dates":   "--until lies before --from",
	"alias.current": "--old is the member's number now",
	"alias.others":  "--old is the number of somebody else now; say with --until on which day it stopped being this member's",
}

// dayFlag reads a day, or none.
func dayFlag(name, value string) (day.Date, error) {
	if value == "" {
		return day.Date{}, nil
	}
	d, err := day.Parse(value)
	if err != nil {
		return d, fmt.Errorf("%s %q is not a day; write it as 2026-11-30", name, value)
	}
	return d, nil
}
