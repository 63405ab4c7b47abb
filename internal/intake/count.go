package intake

import (
	"context"
	"encoding/json"
	"fmt"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/member"
)

// count takes a stored batch into the report and sends its lines.
func (r *Runner) count(b batch, o outcome) {
	rep := &r.report
	rep.Records += b.tally.records
	rep.Resumed += b.tally.resumed
	for k, n := range b.tally.other {
		rep.Other[k] += n
	}
	if b.finished {
		rep.Files++
	}
	for _, m := range o.members {
		countMember(rep, m)
	}
	stored := make(map[int]bill.Imported, len(o.billAt))
	for i, at := range o.billAt {
		stored[at] = o.bills[i]
	}
	for i := range b.work {
		r.countWork(&b.work[i], stored[i])
	}
	if r.Progress != nil {
		rep.finish(r.now().Sub(r.started))
		r.Progress(*rep)
	}
}

func countMember(rep *Report, m member.Imported) {
	switch {
	case m.Created:
		rep.MembersNew++
	case m.Updated:
		rep.MembersUpdated++
	}
}

func (r *Runner) countWork(w *work, stored bill.Imported) {
	rep := &r.report
	isBill := w.at.Type == "ExplanationOfBenefit" || w.at.Type == "row"
	if isBill {
		rep.Bills++
	}
	if w.claim != nil && r.repeated(w.claim.Key) {
		rep.Duplicates++
		r.line(w, "duplicate", "duplicate", "the same claim number came earlier in this run; what came last stands")
	}
	switch {
	case w.refused != nil:
		rep.Refused[w.refused.Code]++
		r.line(w, "refused", w.refused.Code, w.refused.Text)
	case w.skip != nil:
		rep.Skipped[w.skip.code]++
		r.line(w, "skipped", w.skip.code, w.skip.text)
	case w.claim != nil && !w.claim.Voided && w.claim.Owed.Verdict == Review:
		rep.Review++
		r.line(w, "review", w.claim.Owed.Reason, w.claim.Owed.Detail)
	case w.balance != nil && w.balance.credit():
		rep.Review++
		r.line(w, "review", "credit", w.balance.creditText())
	case isBill:
		r.countBill(w, stored)
	default:
		rep.People++
	}
}

func (r *Runner) countBill(w *work, stored bill.Imported) {
	rep := &r.report
	nothing := (w.claim != nil && w.claim.Owed.Verdict == NothingDue) ||
		(w.balance != nil && w.balance.Responsibility == w.balance.Paid)
	switch {
	case stored.Verdict == bill.Absent:
		rep.Skipped["cancelled_unknown"]++
		r.line(w, "skipped", "cancelled_unknown", "cancelled, but there never was a bill for this claim")
	case w.claim != nil && w.claim.Voided:
		rep.Voided++
		r.line(w, "voided", "cancelled", "the claim was cancelled; its bill is void")
	case stored.Verdict == bill.Stale:
		rep.Stale++
		r.line(w, "stale", "stale", "something newer is already known about this bill")
	case nothing:
		rep.NothingDue++
		r.line(w, "nothing_due", "nothing_due", "decided, and nothing is owed")
	case stored.Verdict == bill.Issued:
		rep.New++
	case stored.Verdict == bill.Updated:
		rep.Updated++
	default:
		rep.Unchanged++
	}
}

func (r *Runner) line(w *work, outcome, code, text string) {
	if r.Line == nil {
		return
	}
	l := w.at
	l.Outcome, l.Code, l.Text = outcome, code, text
	r.Line(l)
}

// absent puts on the work list every open bill that came from balance files of the same payees and is not in this one.
// The bills are left as they are: only a person can say whether they were paid, withdrawn or forgotten.
func (r *Runner) absent(ctx context.Context, path string) error {
	var look []kept
	flush := func() error {
		list := look
		look = look[:0:0]
		return r.DB.Write(ctx, func(tx *db.Tx) error { return keep(ctx, tx, db.Micros(r.now()), list) })
	}
	err := bill.All(ctx, r.DB.Read(), func(b bill.Bill, _, memberID string) error {
		if b.Source != "csv" || b.State != bill.Open || !r.payees[b.Payee] || r.had(b.ClaimKey) {
			return nil
		}
		r.report.Absent++
		text := "the bill is open, but is not in the file"
		if r.Line != nil {
			r.Line(ReportLine{File: path, Place: "file", Type: "bill", ID: b.Number, Outcome: "absent", Code: "absent", Text: text})
		}
		content, err := json.Marshal(map[string]any{"claim_key": b.ClaimKey, "bill_id": b.ID, "member_id": memberID, "open_cents": b.Open()})
		if err != nil {
			return err
		}
		look = append(look, kept{key: "claim:" + b.ClaimKey, verdict: "review", reason: "absent", detail: text, path: path, content: content})
		if len(look) < batchRecords {
			return nil
		}
		return flush()
	})
	if err != nil {
		return fmt.Errorf("look for bills that are absent from %s: %w", path, err)
	}
	return flush()
}
