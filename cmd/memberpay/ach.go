package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"memberpay/internal/app"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/payment"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/seal"
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

// rail opens the database and the bank rail.
func (c achStore) rail(ctx context.Context) (*db.DB, *nacha.Rail, error) {
	b, err := app.LoadBrand(c.Brand)
	if err != nil {
		return nil, nil, err
	}
	if c.Bank.Outbound == "" {
		c.Bank.Outbound = filepath.Join(c.Data, "bank", "outbound")
	}
	if c.Bank.Inbound == "" {
		c.Bank.Inbound = filepath.Join(c.Data, "bank", "inbound")
	}
	box, err := seal.Open(c.Keys())
	if err != nil {
		return nil, nil, err
	}
	d, err := open(ctx, c.Store)
	if err != nil {
		return nil, nil, err
	}
	rail, err := app.OpenBank(d, box, b, c.Bank, logger())
	if err != nil {
		d.Close()
		return nil, nil, err
	}
	return d, rail, nil
}

func (c achCut) Run(ctx context.Context) error {
	d, rail, err := c.rail(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	report, err := rail.Cut(ctx)
	if err != nil {
		return err
	}
	return c.print(report)
}

func (c achReceive) Run(ctx context.Context) error {
	d, rail, err := c.rail(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	payments := payment.New(payment.Config{DB: d, Bank: rail, Log: logger()})
	defer payments.Close()
	n, err := payments.Receive(ctx)
	if c.JSON {
		json.NewEncoder(os.Stdout).Encode(map[string]int{"results": n})
	} else {
		fmt.Printf("%d results taken in\n", n)
	}
	return err
}

func (c achStore) print(report nacha.CutReport) error {
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(report)
	}
	fmt.Println(report)
	return nil
}
