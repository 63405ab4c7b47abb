package notice

import (
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/payment"
	"memberpay/internal/words"
)

// aboutPayment words a letter of a kind about a payment.
func (l *Letters) aboutPayment(kind string, pay payment.Payment, w *words.Words) (wording, error) {
	zone, b := l.Brand.Zone(), l.Brand
	date := w.DateIn(pay.SubmittedAt, zone)
	out := wording{Lang: w.Lang(), Name: b.Name, Hello: w.T("mail.hello"), Link: w.T("mail.view"), LinkURL: l.BaseURL + "/payments/" + pay.Confirmation}
	switch kind {
	case "payment.receipt":
		out.Subject = w.T("mail.receipt.subject", "Amount", pay.Amount)
		out.Paras = []string{w.T("mail.receipt.body", "Amount", pay.Amount, "Date", date)}
	case "payment.submitted", "payment.notice":
		out.Subject = w.T("mail.pending.subject", "Amount", pay.Amount)
		out.Paras = []string{w.T("mail.pending.body", "Amount", pay.Amount, "Date", date)}
		out.QuoteOn, out.Quote = w.T("mail.pending.auth"), pay.Authorization
	case "payment.failed":
		out.Subject = w.T("mail.failed.subject")
		out.Paras = []string{w.T("mail.failed.body", "Amount", pay.Amount, "Date", date)}
	case "payment.canceled":
		out.Subject = w.T("mail.canceled.subject", "Amount", pay.Amount)
		out.Paras = []string{w.T("mail.canceled.body", "Amount", pay.Amount, "Date", date), w.T("mail.canceled.next")}
	case "payment.returned":
		out.Subject = w.T("mail.returned.subject", "Amount", pay.Amount)
		why := returnKey(w, pay.Reason)
		out.Paras = []string{w.T("mail.returned.body", "Amount", pay.Amount, "Date", date, "Returned", w.DateIn(pay.UpdatedAt, zone)),
			w.T("mail.returned.why", "Why", w.T(why)), w.T("mail.returned.next", "Next", w.T(why+".next"))}
	default:
		return wording{}, unknown(kind)
	}
	number := "paid.number"
	switch kind {
	case "payment.failed", "payment.canceled", "payment.returned":
		number = "paid.number.other" // nothing is confirmed
	}
	out.Facts = []fact{
		{w.T(number), id.Grouped(pay.Confirmation)},
		{w.T("paid.amount"), w.Amount(pay.Amount)},
		{w.T("paid.payee"), b.Payee(pay.Payee).LegalName},
		{w.T("paid.method"), method(w, pay)},
	}
	out.Small = []string{w.T("mail.questions", "Phone", b.Phone.Display), w.T("mail.safe"), l.genuine(event.Mail, w),
		w.T("mail.why", "Name", b.Name)}
	return out, nil
}

// returnKey is the key of a bank's return code, or of any other code.
func returnKey(w *words.Words, code string) string {
	if w.Has("return." + code) {
		return "return." + code
	}
	return "return.other"
}

func method(w *words.Words, pay payment.Payment) string {
	key := "mail.method.card"
	if pay.Rail == payment.Bank {
		key = "mail.method.bank"
	}
	return w.T(key, "Last4", pay.Last4)
}
