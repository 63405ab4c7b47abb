package portal

import (
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/bankform"
	"memberpay/internal/web/ui"
)

// readBank checks the form of a bank account. It returns what is wrong, or how the draft is to be changed.
func (p *Portal) readBank(c *web.Context, d payment.Draft, f *methodForm) (problems []ui.Problem, answer func(*payment.Draft) error, err error) {
	form := bankform.Form{Name: f.bank.Name, Routing: f.bank.Routing, Number: f.bank.Number, Confirm: f.confirm, Type: f.bank.Type}
	if d.Answers.Rail == payment.Bank {
		form.Kept = d.Answers.BankRouting
	}
	bank, keep, problems := bankform.Read(c, &form)
	f.bank.Routing, f.bank.Number, f.confirm = form.Routing, "", ""
	if len(problems) > 0 {
		return problems, nil, nil
	}
	return nil, func(d *payment.Draft) error {
		if keep {
			d.Answers.BankName, d.Answers.BankType = bank.Name, bank.Type
			return nil
		}
		return d.SetBank(p.Seal, bank)
	}, nil
}
