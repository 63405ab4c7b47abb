package notice

import (
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/words"
)

// words: letter.refund.*

// refundNews tells who paid what becomes of a refund.
func (l *Letters) refundNews(out *wording, m event.Message, w *words.Words) error {
	var d letter.RefundNews
	if err := m.Read(&d); err != nil {
		return err
	}
	key := "letter.refund." + string(d.What)
	if d.Confirmation == "" || d.Amount <= 0 || !w.Has(key+".subject") {
		return unknown(m.Kind + "/" + string(d.What))
	}
	out.Subject = w.T(key+".subject", "Amount", d.Amount)
	out.Paras = []string{w.T(key+".body", "Amount", d.Amount, "Last4", d.Last4, "Check", d.Check), w.T(key+".next", "Phone", l.Brand.Phone.Display)}
	if d.What == letter.RefundToCard || d.What == letter.RefundByCheck {
		out.Paras = append(out.Paras, w.T("letter.refund.bills"))
	}
	out.Facts = []fact{{w.T("letter.refund.number"), id.Grouped(d.Confirmation)}, {w.T("letter.refund.amount"), w.Amount(d.Amount)}}
	l.link(out, w.T("mail.view"), "/payments/"+d.Confirmation)
	return nil
}
