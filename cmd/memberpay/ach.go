package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"memberpay/internal/app"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/payment"
	"memberpay/internal/processor/nacha"
)

type achCommand struct {
	Cut     achCut     `cmd:"" help:"Put every waiting bank payment into a file and deliver it."`
	Receive achReceive `cmd:"" help:"Take in what the bank answered."`
}

type achStore struct {
	config.Store `embed:""`
	Brand        string      `help:"Brand configuration: the payees' bank details." env:"MEMBERPAY_BRAND" type:"path"`
	Bank         config.Bank `embed:"" prefix:"ach-"`
	JSON         bool        `help:"Report as JSON."`
}

type achCut struct{ achStore }
type achReceive struct{ achStore }

// achRail is the bank rail with what it stands on.
type achRail struct {
	*nacha.Rail
	db     *db.DB
	outbox *event.Outbox
	closed func()
}

// rail opens the database and the bank rail.
func (c achStore) rail(ctx context.Context) (*achRail, error) {
	b, err := app.LoadBrand(c.Brand)
	if err != nil {
		return nil, err
	}
	if c.Bank.Outbound == "" {
		c.Bank.Outbound = filepath.Join(c.Data, "bank", "outbound")
	}
	if c.Bank.Inbound == "" {
		c.Bank.Inbound = filepath.Join(c.Data, "bank", "inbound")
	}
	d, err := open(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	box, closed, err := openBox(ctx, d, c.Store)
	if err != nil {
		d.Close()
		return nil, err
	}
	r := &achRail{db: d, outbox: event.NewOutbox(box), closed: func() { closed(); d.Close() }}
	if r.Rail, err = app.OpenBank(d, box, b, c.Bank, logger()); err != nil {
		r.closed()
		return nil, err
	}
	return r, nil
}

func (c achCut) Run(ctx context.Context) error {
	rail, err := c.rail(ctx)
	if err != nil {
		return err
	}
	defer rail.closed()
	report, err := rail.Cut(ctx)
	if c.JSON {
		return errors.Join(json.NewEncoder(os.Stdout).Encode(cutJSON(report)), err)
	}
	if len(report.Files) == 0 {
		fmt.Println("no bank payment is waiting")
	}
	for _, f := range report.Files {
		fmt.Printf("%s: %d entries, %s, to be paid on %s\n", f.Name, f.Entries, f.Total, f.EffectiveOn)
	}
	for _, name := range report.Delivered {
		fmt.Printf("delivered %s\n", name)
	}
	if report.Waiting > 0 {
		fmt.Printf("%d entries wait: their payee has no bank details in the brand configuration, or they cannot be read\n", report.Waiting)
	}
	return err
}

// cutJSON is a report under the names that scripts read.
func cutJSON(r nacha.CutReport) any {
	type file struct {
		Name        string `json:"name"`
		Entries     int    `json:"entries"`
		TotalCents  int64  `json:"total_cents"`
		EffectiveOn string `json:"effective_on"`
		SHA256      string `json:"sha256"`
	}
	files := []file{}
	for _, f := range r.Files {
		files = append(files, file{f.Name, f.Entries, int64(f.Total), f.EffectiveOn.String(), f.SHA256})
	}
	return struct {
		Files      []file   `json:"files"`
		Delivered  []string `json:"delivered"`
		Entries    int      `json:"entries"`
		TotalCents int64    `json:"total_cents"`
		Waiting    int      `json:"waiting"`
	}{files, append([]string{}, r.Delivered...), r.Entries(), int64(r.Total()), r.Waiting}
}

func (c achReceive) Run(ctx context.Context) error {
	rail, err := c.rail(ctx)
	if err != nil {
		return err
	}
	defer rail.closed()
	payments := payment.New(payment.Config{DB: rail.db, Bank: rail.Rail, Outbox: rail.outbox, Log: logger()})
	defer payments.Close()
	n, err := payments.Receive(ctx)
	if c.JSON {
		json.NewEncoder(os.Stdout).Encode(map[string]int{"results": n})
	} else {
		fmt.Printf("%d results taken in\n", n)
	}
	return err
}
