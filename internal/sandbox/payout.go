package sandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// listBalance lists balance transactions, all or those of one payout.
func listBalance(c *call) (any, error) {
	return c.page("/v1/balance_transactions", kindBalance, c.form.Get("payout"))
}

// payOut deposits everything that is not deposited yet as one payout: POST /book/payouts. Its balance transactions
// are then listed under it. Without anything to deposit it answers with an error.
func (s *Sandbox) payOut(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, now: time.Now(), req: newID("req")}
	send(w, s.once(r, c, func(c *call) (any, error) {
		open, err := c.undeposited()
		if err != nil {
			return nil, err
		}
		var net int64
		for _, bt := range open {
			net += bt.Net
		}
		if net <= 0 {
			return nil, badRequest("balance_insufficient", "", "There is nothing to pay out.")
		}
		po := &payout{ID: newID("po"), Object: kindPayout, Amount: net, ArrivalDate: c.now.Unix(), Automatic: true, Created: c.now.Unix(),
			Currency: "usd", Description: "STRIPE PAYOUT", Metadata: map[string]string{}, Method: "standard",
			ReconciliationStatus: "completed", SourceType: "card", Status: "paid", Type: "bank_account"}
		for _, bt := range open {
			bt.Status = "available"
			if err := c.t.put(record{ID: bt.ID, Kind: kindBalance, Parent: po.ID, Created: bt.Created, Body: bt}); err != nil {
				return nil, err
			}
		}
		own := c.newBalance(po.ID, "payout", -net, 0)
		po.BalanceTransaction = &own.ID
		if err := c.t.put(record{ID: own.ID, Kind: kindBalance, Parent: po.ID, Created: own.Created, Body: own}); err != nil {
			return nil, err
		}
		if err := c.t.put(record{ID: po.ID, Kind: kindPayout, Created: po.Created, Body: po}); err != nil {
			return nil, err
		}
		_, err = c.emit("payout.paid", po, cardScriptNone)
		return po, err
	}, ""))
}

func (c *call) undeposited() ([]*balanceTransaction, error) {
	rows, err := c.t.q.Query(`SELECT body FROM object WHERE kind = $1 AND parent = '' ORDER BY rowid`, kindBalance)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*balanceTransaction
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		bt := new(balanceTransaction)
		if err := json.Unmarshal(body, bt); err != nil {
			return nil, err
		}
		out = append(out, bt)
	}
	return out, rows.Err()
}
