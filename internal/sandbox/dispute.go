package sandbox

import (
	"net/http"
	"time"
)

// alarmDispute is the verb of an alarm that opens a dispute about a charge.
const alarmDispute = "dispute"

const disputeFee = 1500

// openDispute takes the money of a charge back until the dispute is decided.
func (c *call) openDispute(chargeID string) error {
	ch, _, err := load[charge](c.t, kindCharge, chargeID)
	if err != nil || ch.Disputed {
		return err
	}
	script := c.scriptOf(ch.PaymentMethod)
	bt := c.newBalance("", "adjustment", -ch.Amount, disputeFee)
	ch.Disputed = true
	dp := &dispute{ID: newID("dp"), Object: kindDispute, Amount: ch.Amount, Charge: ch.ID, Created: c.now.Unix(), Currency: ch.Currency,
		BalanceTransactions: []balanceTransaction{}, EnhancedEligibilityTypes: []string{}, Evidence: map[string]any{},
		EvidenceDetails: map[string]any{"due_by": c.now.Add(9 * 24 * time.Hour).Unix(), "has_evidence": false, "past_due": false, "submission_count": 0, "enhanced_eligibility": map[string]any{}},
		Metadata:        map[string]string{}, PaymentIntent: ch.PaymentIntent, Reason: script.dispute, Status: "needs_response",
		PaymentMethodDetails: map[string]any{"type": "card", "card": map[string]any{"brand": script.Brand, "case_type": "chargeback", "network_reason_code": "10.4"}}}
	bt.Source = dp.ID
	dp.BalanceTransactions = append(dp.BalanceTransactions, *bt)
	if err := c.saveBalance(bt); err != nil {
		return err
	}
	if err := c.saveCharge(ch); err != nil {
		return err
	}
	if err := c.saveDispute(dp); err != nil {
		return err
	}
	_, err = c.emit("charge.dispute.created", dp, cardScriptNone)
	return err
}

func (c *call) scriptOf(methodID string) CardScript {
	_, rec, err := load[method](c.t, kindMethod, methodID)
	if err != nil {
		return CardScript{}
	}
	return cardByKey[rec.Script]
}

func (c *call) saveDispute(dp *dispute) error {
	return c.t.put(record{ID: dp.ID, Kind: kindDispute, Parent: dp.PaymentIntent, Created: dp.Created, Body: dp})
}

// closeDispute decides an open dispute: POST /book/disputes/{id}/win or /lose. Winning gives the money back. The id
// may be that of the dispute, of its charge or of its payment intent.
func (s *Sandbox) closeDispute(w http.ResponseWriter, r *http.Request) {
	result := map[string]string{"win": "won", "lose": "lost"}[r.PathValue("outcome")]
	if result == "" {
		send(w, errorReply(badRequest("parameter_invalid", "outcome", "Say win or lose.")))
		return
	}
	c := &call{s: s, now: time.Now(), req: newID("req")}
	send(w, s.once(r, c, func(c *call) (any, error) {
		dp, err := c.findDispute(r.PathValue("id"))
		if err != nil {
			return nil, err
		}
		if dp.Status != "needs_response" {
			return nil, badRequest("dispute_unexpected_state", "", "The dispute is decided already: "+dp.Status+".")
		}
		dp.Status = result
		if result == "won" {
			bt := c.newBalance(dp.ID, "adjustment", dp.Amount, -disputeFee)
			dp.BalanceTransactions = append(dp.BalanceTransactions, *bt)
			if err := c.saveBalance(bt); err != nil {
				return nil, err
			}
		}
		if err := c.saveDispute(dp); err != nil {
			return nil, err
		}
		_, err = c.emit("charge.dispute.closed", dp, cardScriptNone)
		return dp, err
	}, ""))
}

func (c *call) findDispute(id string) (*dispute, error) {
	var found string
	err := c.t.q.QueryRow(`SELECT id FROM object WHERE kind = $1 AND (id = $2 OR parent = $2
 OR parent IN (SELECT parent FROM object WHERE id = $2 AND kind = $3)) LIMIT 1`, kindDispute, id, kindCharge).Scan(&found)
	if isNoRows(err) {
		return nil, missing(kindDispute, id)
	}
	if err != nil {
		return nil, err
	}
	dp, _, err := load[dispute](c.t, kindDispute, found)
	return dp, err
}
