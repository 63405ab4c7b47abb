package desk

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/scrub"
	"memberpay/internal/web"
	"memberpay/internal/web/bankform"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// A debit by telephone (a TEL entry): the caller reads the account out, the agent reads the authorization out, and how the
// consent is on record decides when the debit may go into a file.

// phoneBankView is the form of a bank account. The number is never filled in.
type phoneBankView struct {
	Action              string
	Name, Routing, Type string
	Keep                string // the account given before, which empty fields keep
}

// phoneSpeaks is phoneWork for the steps of a debit by telephone, which is for whoever is on the telephone.
func (d *Desk) phoneSpeaks(c *web.Context) (x phoneDraft, m member.Member, done bool, err error) {
	x, m, done, err = d.phoneWork(c)
	if !done && x.call.Kind == caller.Office {
		return x, m, true, c.Redirect(x.path)
	}
	return x, m, done, err
}

// phoneBank asks for the bank account that the caller reads out.
func (d *Desk) phoneBank(c *web.Context) error {
	x, m, done, err := d.phoneSpeaks(c)
	if done {
		return err
	}
	a := x.draft.Answers
	f := bankform.Form{Name: a.BankName, Routing: a.BankRouting, Type: a.BankType}
	if a.Rail != payment.Bank {
		f.Name = m.Name()
	}
	return d.showPhoneBank(c, http.StatusOK, x, f)
}

func (d *Desk) showPhoneBank(c *web.Context, status int, x phoneDraft, f bankform.Form, problems ...ui.Problem) error {
	v := phoneBankView{Action: x.path + "/bank", Name: f.Name, Routing: f.Routing, Type: f.Type}
	if x.draft.Answers.Rail == payment.Bank {
		v.Keep = accountName(c.Words, x.draft.Answers)
	}
	if err := d.looks(c, x.phone.MemberID); err != nil {
		return err
	}
	frame := phoneFrame(c, x.call, c.T("phone.bank"), v.Action)
	frame.Back = &ui.Link{Label: c.T("phone.title"), Href: x.path}
	frame.Problems = problems
	return c.Render(status, phoneBankPage(frame, v))
}

// accountName is how a bank account is called: "Checking account ending in 6789".
func accountName(w *words.Words, a payment.Answers) string {
	if a.BankType == "savings" {
		return w.T("method.name.savings", "Last4", a.BankLast4)
	}
	return w.T("method.name.checking", "Last4", a.BankLast4)
}

// phoneBankPost keeps the account, its number sealed for this draft, by the rules of the form that payers fill in.
func (d *Desk) phoneBankPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, m, done, err := d.phoneSpeaks(c)
	if done {
		return err
	}
	clip := func(name string) string { s := c.Form(name); return strings.ToValidUTF8(s[:min(len(s), 200)], "") }
	f := bankform.Form{Name: clip("name"), Routing: clip("routing"), Number: clip("account"), Confirm: clip("confirm"), Type: clip("type")}
	if x.draft.Answers.Rail == payment.Bank {
		f.Kept = x.draft.Answers.BankRouting
	}
	bank, keep, problems := bankform.Read(c, &f)
	if len(problems) > 0 {
		return d.showPhoneBank(c, http.StatusUnprocessableEntity, x, f, problems...)
	}
	_, err = d.Phone.Payments.ChangeDraft(c.R.Context(), payment.CallOwner(x.call.ID), x.draft.ID, func(now *payment.Draft) error {
		now.Answers.Email, now.Answers.Emailed = d.receiptTo(m), true
		if keep {
			now.Answers.BankName, now.Answers.BankType = bank.Name, bank.Type
			return nil
		}
		return now.SetBank(d.Phone.Seal, bank)
	})
	if err != nil {
		return err
	}
	return c.Redirect(x.path + "/review")
}

// receiptTo is the e-mail on file, to which receipts of payments by phone go.
func (d *Desk) receiptTo(m member.Member) string {
	if m.Deceased || !identity.ValidEmail(m.Email) {
		return ""
	}
	return m.Email
}

func maskedMail(s string) string { return identity.MaskEmail(s) }

// phoneReviewView is every answer once more, and the words that are read out.
type phoneReviewView struct {
	Action        string
	Mark          string
	Rows          []ui.Row
	Lang          string // of the words
	Authorization []string
	Evidence      []ui.Option
	Agreed        bool
	Button        string
	Changed       string
}

// phoneReview shows every answer once more, and the authorization to read out.
func (d *Desk) phoneReview(c *web.Context) error {
	x, m, done, err := d.phoneSpeaks(c)
	if done {
		return err
	}
	return d.showPhoneReview(c, http.StatusOK, x, m, phoneReviewView{}, "", "")
}

// authorize is what is read out to a caller, word for word as it is kept, and until when its dates are right. It is in the
// caller's language where one is on file. What Nacha asks of a single entry by telephone is in it: who, how much, once, from
// which account, when, that it is given by telephone today, a number for questions, and how to take it back: by phone until
// somebody answers last before the file is cut, and in this call alone where nobody does.
func (d *Desk) authorize(c *web.Context, m member.Member, a payment.Answers) (text string, w *words.Words, until time.Time) {
	w = c.Words
	if m.Language != "" && c.Site.Brand.Offers(m.Language) {
		w = c.Site.Words.For(m.Language)
	}
	zone, b := c.Site.Brand.Zone(), c.Site.Brand
	today := day.Of(c.Now, zone)
	date := func(d day.Date) string { return w.DateOf(d.Year(), d.Month(), d.Day()) }
	account := w.T("review.auth.account.checking")
	if a.BankType == "savings" {
		account = w.T("review.auth.account.savings")
	}
	cut := d.Phone.LastCall(c.Now)
	last := b.LastOpen(c.Now, cut)
	moment := func(t time.Time) string { return w.DateTime(t, zone) + " " + b.ZoneName.In(w.Lang()) }
	revoke := w.T("phone.auth.revoke.call", "Phone", b.Phone.Display, "Cutoff", moment(cut))
	switch {
	case last.Equal(cut):
		revoke = w.T("phone.auth.revoke", "Phone", b.Phone.Display, "Cutoff", moment(cut))
	case !last.IsZero():
		revoke = w.T("phone.auth.revoke.hours", "Phone", b.Phone.Display, "Last", moment(last), "Cutoff", moment(cut))
	}
	text = strings.Join([]string{
		w.T("phone.auth", "Today", date(today), "Name", a.BankName, "Payee", payeeName(c, a.Payee), "Amount", payment.Request{Lines: a.Lines}.Total(),
			"Account", account, "Last4", a.BankLast4, "RoutingLast4", a.BankRouting[max(0, len(a.BankRouting)-4):], "Date", date(d.Phone.Arrives(c.Now))),
		w.T("phone.auth.spoken"),
		revoke,
	}, "\n\n")
	until = cut
	if !last.IsZero() {
		until = last
	}
	if midnight := today.AddDays(1).At(0, 0, zone); midnight.Before(until) {
		until = midnight
	}
	return text, w, until
}

// currentLines are the lines of a draft as its bills take them now; ok is false where they do not any more.
func (d *Desk) currentLines(c *web.Context, m member.Member, a payment.Answers) (lines []payment.Line, ok bool, err error) {
	list, err := d.payable(c, m)
	if err != nil {
		return nil, false, err
	}
	due := map[string]bill.Bill{}
	for _, b := range list {
		due[b.ID] = b
	}
	for _, l := range a.Lines {
		b, there := due[l.BillID]
		if !there || l.Amount > b.Due() && !a.Full {
			return nil, false, nil
		}
		if a.Full {
			l.Amount = b.Due()
		}
		lines = append(lines, l)
	}
	return lines, len(lines) > 0, nil
}

func total(lines []payment.Line) money.Cents { return payment.Request{Lines: lines}.Total() }

// showPhoneReview notes what is shown, so that nobody confirms anything else. evidence and recording are the answers given
// before.
func (d *Desk) showPhoneReview(c *web.Context, status int, x phoneDraft, m member.Member, v phoneReviewView, evidence, recording string, problems ...ui.Problem) error {
	ctx, owner := c.R.Context(), payment.CallOwner(x.call.ID)
	if x.draft.Answers.Rail != payment.Bank {
		return c.Redirect(x.path + "/bank")
	}
	lines, ok, err := d.currentLines(c, m, x.draft.Answers)
	if err != nil {
		return err
	}
	if !ok {
		return c.Redirect(x.path + "/bills")
	}
	if total(lines) != total(x.draft.Answers.Lines) {
		x.draft, err = d.Phone.Payments.ChangeDraft(ctx, owner, x.draft.ID, func(now *payment.Draft) error { now.Answers.Lines = lines; return nil })
		if err != nil {
			return err
		}
		v.Changed = c.T("review.changed.amount", "Amount", total(lines))
	}
	text, w, until := d.authorize(c, m, x.draft.Answers)
	if r := x.draft.Answers.Reviewed; r.Authorization != text || !r.Until.Equal(until) {
		x.draft, err = d.Phone.Payments.ReviewDraft(ctx, owner, x.draft, payment.Reviewed{Mark: id.Secret()[:22], Authorization: text, Language: w.Lang(), Until: until})
		if errors.Is(err, payment.ErrDraftChanged) {
			return c.Redirect(x.path + "/review")
		}
		if err != nil {
			return err
		}
	}
	a := x.draft.Answers
	v.Action, v.Mark, v.Lang, v.Authorization = x.path+"/review", a.Reviewed.Mark, w.Lang(), strings.Split(text, "\n\n")
	v.Button = c.T("review.button", "Amount", total(a.Lines))
	if err := d.phoneRows(c, x, m, &v); err != nil {
		return err
	}
	d.phoneEvidence(c, m, &v, evidence, recording, problems)
	if err := d.looks(c, m.ID); err != nil {
		return err
	}
	frame := phoneFrame(c, x.call, c.T("phone.review"), v.Action)
	frame.Back = &ui.Link{Label: c.T("phone.bank"), Href: x.path + "/bank"}
	frame.Problems = problems
	return c.Render(status, phoneReviewPage(frame, v))
}

// phoneRows are the answers, each with where to change it.
func (d *Desk) phoneRows(c *web.Context, x phoneDraft, m member.Member, v *phoneReviewView) error {
	a, zone := x.draft.Answers, c.Site.Brand.Zone()
	change := func(where, what string) *ui.Link { return &ui.Link{Href: x.path + "/" + where, What: c.T(what)} }
	numbers, err := d.billNumbers(c, m)
	if err != nil {
		return err
	}
	bills := ui.Row{Key: c.T("review.bills"), Change: change("bills", "review.bills.change")}
	for _, l := range a.Lines {
		bills.Lines = append(bills.Lines, c.T("phone.line", "Bill", numbers[l.BillID], "Amount", l.Amount))
	}
	receipt := c.T("phone.receipt.none")
	if a.Email != "" {
		receipt = c.T("phone.receipt.to", "Address", maskedMail(a.Email))
	}
	v.Rows = []ui.Row{bills, {Key: c.T("phone.payee"), Value: payeeName(c, a.Payee)},
		{Key: c.T("review.method"), Value: accountName(c.Words, a), Lines: []string{a.BankName, c.T("review.routing", "Routing", a.BankRouting)}, Change: change("bank", "review.method.change")},
		{Key: c.T("review.when"), Value: c.T("phone.when", "Date", c.Words.DateIn(d.Phone.LastCall(c.Now), zone))},
		{Key: c.T("phone.receipt"), Value: receipt},
		{Key: c.T("review.amount"), Value: c.Words.Amount(total(a.Lines)), Strong: true, Change: change("bills#how", "review.amount.change")}}
	return nil
}

// phoneEvidence are the ways in which the consent can be on record.
func (d *Desk) phoneEvidence(c *web.Context, m member.Member, v *phoneReviewView, evidence, recording string, problems []ui.Problem) {
	wrong := ""
	for _, p := range problems {
		if p.Field == "recording" {
			wrong = p.Text
		}
	}
	option := func(e payment.Evidence, label, hint string) *ui.Option {
		v.Evidence = append(v.Evidence, ui.Option{Value: string(e), Label: label, Lines: []string{hint}, Checked: evidence == string(e)})
		return &v.Evidence[len(v.Evidence)-1]
	}
	option(payment.Recorded, c.T("phone.by.recording"), c.T("phone.by.recording.hint")).Reveal = recordingField(c.T("phone.recording"), c.T("phone.recording.hint"), recording, wrong, c.Page(""))
	if d.Phone.CanMail && d.receiptTo(m) != "" {
		option(payment.NoticeByMail, c.T("phone.by.mail", "Address", maskedMail(m.Email)), c.T("phone.by.notice.hint"))
	}
	if d.Phone.CanPrint && d.letterTo(m) != "" {
		option(payment.NoticeByLetter, c.T("phone.by.letter"), c.T("phone.by.notice.hint"))
	}
}

// letterTo is the home address of a member as letters have it, "" for none.
func (d *Desk) letterTo(m member.Member) string {
	if m.Deceased {
		return ""
	}
	return letter.Address{Name: m.Name(), Lines: m.Address()}.String()
}

// phonePayNow is the button: the caller has said yes to the words that were read out.
func (d *Desk) phonePayNow(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, m, done, err := d.phoneSpeaks(c)
	if done {
		return err
	}
	if err := c.Site.Accounts.Allow(c.R.Context(), c.Now, phoneButtons, c.Session.AccountID); err != nil {
		return err
	}
	r := x.draft.Answers.Reviewed
	if x.draft.Answers.Rail != payment.Bank || !x.draft.Complete() || r.Mark == "" || c.Form("mark") != r.Mark || !c.Now.Before(r.Until) {
		return d.showPhoneReview(c, http.StatusConflict, x, m, phoneReviewView{Changed: c.T("review.changed")}, "", "")
	}
	evidence, recording := c.Form("evidence"), c.Form("recording")
	recording = strings.ToValidUTF8(recording[:min(len(recording), 80)], "")
	spoken := &payment.Spoken{AgentID: c.Session.AccountID, Evidence: payment.Evidence(evidence)}
	var problems []ui.Problem
	if c.Form("agreed") == "" {
		problems = append(problems, ui.Problem{Field: "agreed", Text: c.T("phone.error.agreed")})
	}
	switch spoken.Evidence {
	case payment.Recorded:
		if spoken.Recording, err = payment.RecordingReference(recording); err != nil {
			problems = append(problems, ui.Problem{Field: "recording", Text: c.T("phone.error.recording")})
			recording, _ = scrub.Cards(recording)
		}
	case payment.NoticeByMail:
		if !d.Phone.CanMail || x.draft.Answers.Email == "" {
			problems = append(problems, ui.Problem{Field: "evidence", Text: c.T("phone.error.evidence")})
		}
	case payment.NoticeByLetter:
		if spoken.Address = d.letterTo(m); !d.Phone.CanPrint || spoken.Address == "" {
			problems = append(problems, ui.Problem{Field: "evidence", Text: c.T("phone.error.evidence")})
		}
	default:
		evidence = ""
		problems = append(problems, ui.Problem{Field: "evidence", Text: c.T("phone.error.evidence")})
	}
	if len(problems) > 0 {
		return d.showPhoneReview(c, http.StatusUnprocessableEntity, x, m, phoneReviewView{Agreed: c.Form("agreed") != ""}, evidence, recording, problems...)
	}
	request, err := x.draft.Request(d.Phone.Seal)
	if err != nil {
		return err
	}
	request.Spoken, request.Address, request.Role = spoken, c.Address(), string(c.Session.Role)
	pay, err := d.Phone.Payments.Pay(c.R.Context(), request)
	switch {
	case pay.Confirmation != "":
		if err != nil {
			c.Site.Log.Warn("pay by phone", "payment", pay.ID, "err", err)
		}
		return c.Redirect(x.path)
	case errors.Is(err, payment.ErrTaken):
		return c.Redirect(x.path + "/bills")
	case errors.Is(err, payment.ErrCallOver):
		return c.Redirect("/desk/calls/" + x.call.ID)
	}
	return err
}

// phoneButtons bounds the payments that one of the staff makes: nobody takes hundreds in an hour.
var phoneButtons = identity.Limit{Name: "phone-payment/agent", Hits: 120, Window: time.Hour}

// phoneRecord puts a recording on record for a debit whose notice did not go out.
func (d *Desk) phoneRecord(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
	}
	if x.phone.PaymentID == "" || x.later {
		return c.Redirect(x.path)
	}
	err = d.Phone.Payments.RecordLater(c.R.Context(), c.Now, who(c), x.phone, c.Form("recording"))
	if fault.Is(err, fault.Invalid) {
		return d.showPhonePay(c, http.StatusUnprocessableEntity, "", ui.Problem{Field: "recording", Text: c.T("phone.error.recording")})
	}
	if err != nil && !errors.Is(err, payment.ErrTooLate) {
		return err
	}
	return c.Redirect(x.after(c))
}
