package seed

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/seal"
)

// Visitor is a guest who has found their bills and is about to pay.
type Visitor struct {
	Token   string // of the session cookie
	Session identity.Session
	Payer   string // member row id of the guarantor
}

// Sessions starts sessions for n guarantors of the database, each a different one, spread over all of them. Their
// lifetimes begin now. Fewer come back where there are fewer guarantors.
func Sessions(ctx context.Context, d *db.DB, n int) ([]Visitor, error) {
	households := map[string][]string{}
	var payers []string
	err := db.Each(ctx, d.Read(), `SELECT guarantor.id, member.id FROM (SELECT id FROM member WHERE guarantor_id = id ORDER BY member_id LIMIT $1) AS guarantor
		JOIN member ON member.guarantor_id = guarantor.id ORDER BY guarantor.id, member.id`, []any{n}, func(rows *sql.Rows) error {
		var payer, one string
		if err := rows.Scan(&payer, &one); err != nil {
			return err
		}
		if households[payer] == nil {
			payers = append(payers, payer)
		}
		households[payer] = append(households[payer], one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find guarantors: %w", err)
	}
	accounts := identity.New(d, nil, 1) // sessions seal nothing
	out := make([]Visitor, len(payers))
	var mu sync.Mutex
	var failed error
	next := make(chan int)
	var running sync.WaitGroup
	for range 16 {
		running.Go(func() {
			for i := range next {
				s, token, err := accounts.Start(ctx, time.Now(), identity.Opening{Members: households[payers[i]]})
				out[i] = Visitor{Token: token, Session: s, Payer: payers[i]}
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	for i := range payers {
		next <- i
	}
	close(next)
	running.Wait()
	return out, failed
}

// Prepared is a draft that waits for its last button.
type Prepared struct {
	Draft string // id
	Mark  string // what the button sends along
	Token string // of the visitor's session
}

// partOfBill is what each prepared draft pays: little, so that one bill can take many.
const partOfBill money.Cents = 100

// Drafts prepares n drafts at the review step, each a bank payment of one dollar on one open medical bill of one of the
// visitors, in an order in which neighbours have different payers. Where n is more than there are bills, a bill gets
// several. The marks stay good for a day.
func Drafts(ctx context.Context, d *db.DB, box *seal.Box, visitors []Visitor, n int) ([]Prepared, error) {
	type target struct {
		visitor int
		billID  string
	}
	byPayer := map[string]int{}
	payers := make([]string, len(visitors))
	for i, v := range visitors {
		byPayer[v.Payer], payers[i] = i, v.Payer
	}
	var targets []target
	for rest := payers; len(rest) > 0; {
		some := min(len(rest), 500)
		err := db.Each(ctx, d.Read(), `SELECT guarantor_id, id FROM bill WHERE state = 'open' AND kind = 'medical'
			AND responsibility_cents - prior_paid_cents - applied_cents - pending_cents >= 2000 AND guarantor_id IN `+db.In(1, some)+" ORDER BY visit, id",
			db.Args(rest[:some]), func(rows *sql.Rows) error {
				var payer, billID string
				err := rows.Scan(&payer, &billID)
				targets = append(targets, target{byPayer[payer], billID})
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("find open bills: %w", err)
		}
		rest = rest[some:]
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("nobody has an open bill")
	}
	now := time.Now()
	out := make([]Prepared, 0, n)
	for len(out) < n {
		list := make([]payment.Draft, 0, 2000)
		for len(list) < cap(list) && len(out) < n {
			t := targets[len(out)%len(targets)]
			draft, err := ready(box, visitors[t.visitor], t.billID, now)
			if err != nil {
				return nil, err
			}
			list = append(list, draft)
			out = append(out, Prepared{Draft: draft.ID, Mark: draft.Answers.Reviewed.Mark, Token: visitors[t.visitor].Token})
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return payment.KeepDrafts(ctx, tx, list) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// agreed is as long as the text of a real authorization.
var agreed = strings.Repeat("I authorize one electronic debit from my checking account for the amount shown above. ", 8)

func ready(box *seal.Box, v Visitor, billID string, now time.Time) (payment.Draft, error) {
	d := payment.Draft{ID: id.New("draft"), SessionID: v.Session.ID, PayerID: v.Payer, CreatedAt: now, UpdatedAt: now,
		Answers: payment.Answers{Ticked: []string{billID}, Kind: bill.Medical, Payee: string(bill.Medical),
			Lines: []payment.Line{{BillID: billID, Amount: partOfBill}}, Email: "payer@example.com", Emailed: true}}
	err := d.SetBank(box, payment.BankAccount{Name: "Posy Fernhollow", Routing: banks[0], Number: "000123456789", Type: "checking"})
	d.Answers.Reviewed = payment.Reviewed{Mark: id.Secret()[:22], Authorization: agreed, Language: "en", Until: now.Add(24 * time.Hour)}
	return d, err
}
