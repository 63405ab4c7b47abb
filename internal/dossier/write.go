package dossier

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/consent"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
)

// Subject is whose data it is.
type Subject struct {
	Account identity.Profile
	Now     time.Time
	Today   day.Date // at the organisation
	// Care tells whether its owner may know what care a bill is for. It must not ask the database.
	Care func(b bill.Bill) bool
	// More are parts of features that know this one: they come last, in this order.
	More []Part
}

// Part is a list of the document. Write gives item one of its entries after the other.
type Part struct {
	Name  string
	Write func(item func(any)) error
}

// every is no limit.
const every = 1<<31 - 1

// together is how many rows are read for one another at once.
const together = 500

// Write writes the document of an account, piece by piece: however much there is, little of it is held at once. After an
// error what was written is no valid document.
func Write(ctx context.Context, w io.Writer, d *db.DB, accounts *identity.Accounts, s Subject) error {
	out := &writer{w: bufio.NewWriterSize(w, 32<<10)}
	q := d.Read()
	own := map[string]bool{}
	for _, m := range s.Account.Members {
		own[m] = true
	}
	out.open()
	out.value("schema", Schema)
	out.value("made_at", s.Now.UTC().Truncate(time.Second))
	out.value("account", accountOf(s.Account))
	for _, part := range []struct {
		name  string
		write func() error
	}{
		{"contact_points", func() error { return contacts(ctx, accounts, out, s) }},
		{"passkeys", func() error { return passkeys(ctx, accounts, out, s) }},
		{"sessions", func() error { return sessions(ctx, accounts, out, s) }},
		{"remembered_browsers", func() error { return devices(ctx, accounts, out, s) }},
		{"helpers", func() error { return helps(ctx, q, out, s) }},
		{"notice_preferences", func() error { return preferences(ctx, q, out, s) }},
		{"saved_cards", func() error { return cards(ctx, q, out, s) }},
		{"consents", func() error { return consents(ctx, q, out, s) }},
		{"members", func() error { return members(ctx, q, out, s) }},
		{"bills", func() error { return bills(ctx, q, out, s) }},
		{"payments", func() error { return payments(ctx, q, out, s) }},
		{"activity", func() error { return activity(ctx, q, out, s, own) }},
	} {
		out.list(part.name)
		if err := part.write(); err != nil {
			return fmt.Errorf("write %s of an account: %w", part.name, err)
		}
		out.end()
	}
	for _, part := range s.More {
		out.list(part.Name)
		if err := part.Write(out.item); err != nil {
			return fmt.Errorf("write %s of an account: %w", part.Name, err)
		}
		out.end()
	}
	out.close()
	return out.flush()
}

func contacts(ctx context.Context, accounts *identity.Accounts, out *writer, s Subject) error {
	list, err := accounts.ContactPoints(ctx, s.Account.ID)
	for _, c := range list {
		out.item(contactOf(c))
	}
	return err
}

func passkeys(ctx context.Context, accounts *identity.Accounts, out *writer, s Subject) error {
	f, err := accounts.Factors(ctx, s.Account.ID)
	for _, p := range f.Passkeys {
		out.item(passkeyOf(p))
	}
	return err
}

func sessions(ctx context.Context, accounts *identity.Accounts, out *writer, s Subject) error {
	list, err := accounts.Sessions(ctx, s.Now, s.Account.ID)
	for _, x := range list {
		out.item(sessionOf(x))
	}
	return err
}

func devices(ctx context.Context, accounts *identity.Accounts, out *writer, s Subject) error {
	list, err := accounts.Devices(ctx, s.Now, s.Account.ID)
	for _, x := range list {
		out.item(deviceOf(x))
	}
	return err
}

// helps are the permissions to pay for somebody else: those that the account's members gave, and those it holds.
func helps(ctx context.Context, q db.Queryer, out *writer, s Subject) error {
	given, err := member.HelpsBy(ctx, q, s.Account.Members)
	if err != nil {
		return err
	}
	for _, h := range given {
		out.item(helpOf(h, true, s.Now))
	}
	held, err := member.LiveHelps(ctx, q, s.Now, s.Today, s.Account.ID)
	for _, h := range held {
		out.item(helpOf(h, false, s.Now))
	}
	return err
}

func preferences(ctx context.Context, q db.Queryer, out *writer, s Subject) error {
	ways, err := consent.Preferences(ctx, q, s.Account.ID)
	for _, t := range consent.Topics {
		out.item(preference{Topic: string(t), Mail: ways[t].Mail, Text: ways[t].Text})
	}
	return err
}

func cards(ctx context.Context, q db.Queryer, out *writer, s Subject) error {
	list, err := payment.SavedCards(ctx, q, s.Account.ID)
	for _, c := range list {
		out.item(cardOf(c))
	}
	return err
}

func consents(ctx context.Context, q db.Queryer, out *writer, s Subject) error {
	list, err := consent.History(ctx, q, s.Account.ID)
	for _, c := range list {
		out.item(consentOf(c))
	}
	return err
}

// members are those that the account acts for, and then those whom their bills name.
func members(ctx context.Context, q db.Queryer, out *writer, s Subject) error {
	known, err := member.ByIDs(ctx, q, s.Account.Members)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		out.item(ownPerson(known[id]))
	}
	others := map[string]bool{}
	err = bill.Each(ctx, q, bill.Scope{Members: s.Account.Members}, func(b bill.Bill) error {
		for _, id := range []string{b.PatientID, b.GuarantorID} {
			if _, ok := known[id]; !ok {
				others[id] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	named, err := member.ByIDs(ctx, q, slices.Sorted(maps.Keys(others)))
	for _, id := range slices.Sorted(maps.Keys(named)) {
		out.item(person{ID: id, Name: named[id].Name()})
	}
	return err
}

func bills(ctx context.Context, q db.Queryer, out *writer, s Subject) error {
	return bill.Each(ctx, q, bill.Scope{Members: s.Account.Members}, func(b bill.Bill) error {
		out.item(billOf(b, s.Care(b)))
		return out.err
	})
}

func payments(ctx context.Context, q db.Queryer, out *writer, s Subject) error {
	mine := payment.Scope{AccountID: s.Account.ID}
	list, err := payment.List(ctx, q, payment.Scope{Scope: bill.Scope{Members: s.Account.Members}, AccountID: s.Account.ID}, every)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(list, together) {
		ids := make([]string, len(chunk))
		for i, p := range chunk {
			ids[i] = p.ID
		}
		parts, err := bill.AllocationsOf(ctx, q, ids)
		if err != nil {
			return err
		}
		for _, p := range chunk {
			out.item(paymentOf(p, p.MadeBy(mine), parts[p.ID]))
		}
	}
	return out.err
}

func activity(ctx context.Context, q db.Queryer, out *writer, s Subject, own map[string]bool) error {
	for before := ""; ; {
		list, err := audit.Concerning(ctx, q, s.Account.ID, s.Account.Members, before, together)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, e := range list {
			out.item(entryOf(e, s.Account.ID, own))
		}
		if before = list[len(list)-1].ID; out.err != nil {
			return out.err
		}
	}
}

// writer writes one JSON object with lists in it. It keeps the first error and writes nothing more after it.
type writer struct {
	w     *bufio.Writer
	err   error
	comma bool // something stands before what comes next
}

func (w *writer) text(s string) {
	if w.err == nil {
		_, w.err = w.w.WriteString(s)
	}
}

func (w *writer) sep(s string) {
	if w.comma {
		w.text(",")
	}
	w.text(s)
}

func (w *writer) json(v any) {
	raw, err := json.Marshal(v)
	if w.err == nil {
		w.err = err
	}
	w.text(string(raw))
	w.comma = true
}

func (w *writer) open() { w.text("{"); w.comma = false }

func (w *writer) value(name string, v any) {
	w.sep("\n  \"" + name + "\": ")
	w.json(v)
}

func (w *writer) list(name string) {
	w.sep("\n  \"" + name + "\": [")
	w.comma = false
}

func (w *writer) item(v any) {
	w.sep("\n    ")
	w.json(v)
}

func (w *writer) end() { w.text("\n  ]"); w.comma = true }

func (w *writer) close() { w.text("\n}\n") }

func (w *writer) flush() error {
	if w.err != nil {
		return w.err
	}
	return w.w.Flush()
}
