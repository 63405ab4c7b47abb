package nacha

import (
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/money"
)

func TestCancelOnlyWhileQueued(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.enqueueN(1, 3)
		cancel := func(id string) (ok bool) {
			b.write(func(tx *db.Tx) (err error) { ok, err = b.CancelQueued(b.ctx(), tx, id); return err })
			return ok
		}
		if !cancel("pay_00002") || cancel("pay_00002") || cancel("pay_none") {
			t.Error("a queued entry is canceled once, an unknown one never")
		}
		if r := b.mustCut(); r.Entries() != 2 {
			t.Errorf("the cut took %d entries, want 2", r.Entries())
		}
		if cancel("pay_00001") {
			t.Error("a filed entry was canceled")
		}
		if s, _, _ := b.state("pay_00002"); s != Canceled {
			t.Errorf("pay_00002 is %s", s)
		}
		p, err := b.Prepare(entry(1))
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(b.ctx(), func(tx *db.Tx) error { return b.Enqueue(b.ctx(), tx, []Prepared{p}) })
		if !db.Unique(err) {
			t.Errorf("a second entry for one payment: %v", err)
		}
	})
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.Open(t, db.SQLite))
	for want, edit := range map[string]func(*Entry){
		"routing.checksum":    func(e *Entry) { e.Routing = "011000016" },
		"account.digits":      func(e *Entry) { e.Account = "12345X" },
		"account.type":        func(e *Entry) { e.AccountType = "loan" },
		"name.letters":        func(e *Entry) { e.Name = "李小龙" },
		"amount.out_of_range": func(e *Entry) { e.Amount = 0 },
		"internal":            func(e *Entry) { e.Payee = "unknown" },
	} {
		e := entry(1)
		edit(&e)
		if _, err := b.Prepare(e); fault.CodeOf(err) != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, edit := range []func(*Entry){func(e *Entry) { e.Amount = money.Max + 1 },
		func(e *Entry) { e.IndividualID = "0123456789ABCDEF" }, func(e *Entry) { e.PaymentID = "" }} {
		e := entry(1)
		edit(&e)
		if _, err := b.Prepare(e); err == nil {
			t.Errorf("%+v was taken", e)
		}
	}
	if p, err := b.Prepare(entry(1)); err != nil || p.Last4() != "0001" {
		t.Errorf("last four %q, %v", p.Last4(), err)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.Open(t, db.SQLite))
	for want, edit := range map[string]func(*Originator){
		"reserved":          func(o *Originator) { o.EntryDescription = "purchase" },
		"1 to 10 plain":     func(o *Originator) { o.EntryDescription = "MEDICAL BILL" },
		"1 to 16 plain":     func(o *Originator) { o.CompanyName = "LARKSPÜR" },
		"company id":        func(o *Originator) { o.CompanyID = "12345" },
		"origin \"../x\"":   func(o *Originator) { o.Origin = "../x" },
		"routing.checksum":  func(o *Originator) { o.ODFIRouting = "091012980" },
		"destination name ": func(o *Originator) { o.DestinationName = "" },
	} {
		o := medical
		edit(&o)
		conf := b.conf
		conf.Originators = map[string]Originator{"medical": o}
		if _, err := New(conf); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	conf := b.conf
	conf.InboundDir, conf.Windows, conf.Originators, conf.Seal = conf.OutboundDir, []Window{{25, 0, 1}}, nil, nil
	if _, err := New(conf); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("four mistakes: %v", err)
	}
}
