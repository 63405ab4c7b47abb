package notice

import (
	"bytes"
	"math"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/words"
)

// words: letter.code.* letter.changed.* letter.role.*

// aboutAccount words a letter about an account.
func (l *Letters) aboutAccount(m event.Message, w *words.Words) (wording, error) {
	out := wording{Lang: w.Lang(), Name: l.Brand.Name, Hello: w.T("mail.hello")}
	var err error
	switch m.Kind {
	case letter.KindCode:
		err = l.code(&out, m, w)
	case letter.KindMemberID:
		err = l.memberID(&out, m, w)
	case letter.KindAccountOpened:
		err = l.opened(&out, m, w)
	case letter.KindAccountChanged:
		err = l.changed(&out, m, w)
	case letter.KindEmailTaken:
		l.taken(&out, w)
	case letter.KindHelperInvited:
		err = l.helperInvited(&out, m, w)
	case letter.KindHelperPaid:
		err = l.helperPaid(&out, m, w)
	case letter.KindHelperRevoked:
		err = l.helperRevoked(&out, m, w)
	case letter.KindCopy:
		return out, out.copy(m)
	case letter.KindPayLink:
		err = l.payLink(&out, m, w)
	case letter.KindStaffInvited:
		err = l.staffInvited(&out, m, w)
	case letter.KindCallNews:
		err = l.callNews(&out, m, w)
	case letter.KindCaseNews:
		err = l.caseNews(&out, m, w)
	case letter.KindRefundNews:
		err = l.refundNews(&out, m, w)
	case letter.KindContactNews:
		err = l.contactNews(&out, m, w)
	case letter.KindChatAnswered:
		err = l.chatAnswered(&out, m, w)
	case letter.KindChatCopy:
		err = l.chatCopy(&out, m, w)
	default:
		err = unknown(m.Kind)
	}
	if m.Channel == event.Print { // the foot of the page says whom to ask
		out.Small = append(out.Small, l.genuine(m.Channel, w))
	} else {
		out.Small = append(out.Small, w.T("mail.questions", "Phone", l.Brand.Phone.Display), l.genuine(m.Channel, w), w.T("letter.noreply", "Name", l.Brand.Name))
	}
	return out, err
}

// copy takes a document that is ready to print.
func (out *wording) copy(m event.Message) error {
	var d letter.Copy
	if err := m.Read(&d); err != nil {
		return err
	}
	if m.Channel != event.Print || !bytes.HasPrefix(d.PDF, []byte("%PDF-")) {
		return cannot(m)
	}
	out.PDF = d.PDF
	return nil
}

// genuine says how to check that a letter is ours.
func (l *Letters) genuine(channel string, w *words.Words) string {
	if channel == event.Print {
		return w.T("letter.genuine.print", "Host", l.host(), "Phone", l.Brand.Phone.Display)
	}
	return w.T("letter.genuine.mail", "From", l.Brand.Mail.From, "Host", l.host(), "Phone", l.Brand.Phone.Display)
}

// moment is a time as people of the organisation say it: "December 3, 2026 at 6:00 PM Pacific".
func (l *Letters) moment(t time.Time, w *words.Words) string {
	return w.DateTime(t, l.Brand.Zone()) + " " + l.Brand.ZoneName.In(w.Lang())
}

// link makes the letter lead to a page of our own site.
func (l *Letters) link(out *wording, says, path string) { out.Link, out.LinkURL = says, l.BaseURL+path }

func (l *Letters) alarm(out *wording, w *words.Words, says string) {
	out.AlarmOn, out.Alarm = w.T("letter.notyou"), says
}

func (l *Letters) code(out *wording, m event.Message, w *words.Words) error {
	var c letter.Code
	if err := m.Read(&c); err != nil {
		return err
	}
	purpose := string(c.Purpose)
	if c.Code == "" || !w.Has("letter.code."+purpose) {
		return unknown(m.Kind + "/" + purpose)
	}
	out.Subject = w.T("letter.code." + purpose)
	out.KeyName, out.Key = w.T("letter.code.key"), c.Code
	good := w.T("letter.code.until", "Date", w.DateIn(c.Until, l.Brand.Zone()))
	if left := c.Until.Sub(m.At); left < 24*time.Hour {
		good = w.N("letter.code.minutes", max(1, int(math.Round(left.Minutes()))))
	}
	out.Paras = []string{w.T("letter.code." + purpose + ".body"), good}
	if print := "letter.code." + purpose + ".print"; m.Channel == event.Print && w.Has(print) {
		out.Paras[0] = w.T(print)
	}
	alarm := w.T("letter.code.mistake")
	switch c.Purpose {
	case letter.SignIn, letter.StepUp:
		alarm = w.T("letter.code.stolen", "Phone", l.Brand.Phone.Display)
	case letter.Recover:
		alarm = w.T("letter.code.unasked", "Phone", l.Brand.Phone.Display)
	}
	out.AlarmOn, out.Alarm = w.T("letter.code.notyou"), alarm
	out.Small = []string{w.T("letter.code.secret")}
	switch {
	case m.Channel != event.Print:
	case c.Purpose == letter.Join:
		l.link(out, w.T("letter.code.join.link"), "/join")
	case c.Purpose == letter.Recover:
		l.link(out, w.T("letter.code.recover.link"), "/recover")
	}
	// The last line binds the code to our site: browsers fill it in there and nowhere else.
	out.Short = w.T("letter.code.text", "Name", l.Brand.Name, "What", out.Subject, "Code", c.Code, "Good", good) + "\n\n@" + l.domain() + " #" + c.Code
	return nil
}

// domain is the site's host without its port.
func (l *Letters) domain() string {
	u, err := url.Parse(l.BaseURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (l *Letters) memberID(out *wording, m event.Message, w *words.Words) error {
	var d letter.MemberID
	if err := m.Read(&d); err != nil {
		return err
	}
	if d.MemberID == "" {
		return unknown(m.Kind)
	}
	out.Subject = w.T("letter.member_id.subject")
	out.KeyName, out.Key = w.T("letter.member_id.key"), d.MemberID
	out.Paras = []string{w.T("letter.member_id.body")}
	l.link(out, w.T("letter.member_id.link"), "/")
	l.alarm(out, w, w.T("letter.member_id.notyou"))
	out.Short = w.T("letter.member_id.text", "Name", l.Brand.Name, "MemberID", d.MemberID, "Phone", l.Brand.Phone.Display)
	return nil
}

func (l *Letters) opened(out *wording, m event.Message, w *words.Words) error {
	var d letter.AccountOpened
	if err := m.Read(&d); err != nil {
		return err
	}
	out.Subject = w.T("letter.opened.subject")
	out.Paras = []string{w.T("letter.opened.body", "Date", l.moment(when(d.When, m), w)), w.T("letter.opened.next")}
	l.link(out, w.T("letter.signin"), "/sign-in")
	l.alarm(out, w, w.T("letter.opened.notyou", "Phone", l.Brand.Phone.Display))
	out.Short = w.T("letter.opened.text", "Name", l.Brand.Name, "Phone", l.Brand.Phone.Display)
	return nil
}

func (l *Letters) changed(out *wording, m event.Message, w *words.Words) error {
	var d letter.AccountChanged
	if err := m.Read(&d); err != nil {
		return err
	}
	if !w.Has("letter.changed." + string(d.What)) {
		return unknown(m.Kind + "/" + string(d.What))
	}
	date := l.moment(when(d.When, m), w)
	out.Subject = w.T("letter.changed." + string(d.What))
	out.Paras = []string{w.T("letter.change", "What", out.Subject, "Date", date)}
	if from := place(d.From); from != "" {
		out.Facts = []fact{{w.T("letter.from"), from}}
	}
	if d.Copy != "" {
		out.QuoteOn, out.Quote = w.T("letter.copy"), d.Copy
	}
	phone := l.Brand.Phone.Display
	switch {
	case d.What == letter.Closed:
		out.Paras = append(out.Paras, w.T("letter.closed.next"))
		l.alarm(out, w, w.T("letter.notyou.call", "Phone", phone))
	case d.Undo != "":
		if !strings.HasPrefix(d.Undo, "/undo/") {
			return unknown(m.Kind + "/undo")
		}
		out.Paras = append(out.Paras, w.T("letter.change.fine"))
		l.link(out, w.T("letter.undo"), d.Undo)
		l.alarm(out, w, w.T("letter.undo.notyou", "Date", l.moment(when(d.When, m).Add(72*time.Hour), w), "Phone", phone))
	default:
		out.Paras = append(out.Paras, w.T("letter.change.fine"))
		l.link(out, w.T("letter.signin"), "/sign-in")
		l.alarm(out, w, w.T("letter.notyou.account", "Phone", phone))
	}
	out.Short = w.T("letter.change.text", "Name", l.Brand.Name, "What", out.Subject, "Phone", phone)
	return nil
}

// place is where a change came from: a network address as it is, anything else as a name is written.
func place(from string) string {
	if a, err := netip.ParseAddr(from); err == nil && a.Zone() == "" {
		return a.String()
	}
	return named(from)
}

// when is the time a letter tells of, or the time it was told.
func when(t time.Time, m event.Message) time.Time {
	if t.IsZero() {
		return m.At
	}
	return t
}

func (l *Letters) taken(out *wording, w *words.Words) {
	out.Subject = w.T("letter.taken.subject")
	out.Paras = []string{w.T("letter.taken.body"), w.T("letter.taken.next")}
	l.link(out, w.T("letter.signin"), "/sign-in")
	l.alarm(out, w, w.T("letter.taken.notyou"))
}

func (l *Letters) helperInvited(out *wording, m event.Message, w *words.Words) error {
	var d letter.HelperInvited
	if err := m.Read(&d); err != nil {
		return err
	}
	address, err := l.own(d.URL)
	if err != nil {
		return err
	}
	from := l.somebody(d.From, w)
	until := w.DateIn(d.Expires, l.Brand.Zone())
	out.Subject = w.T("letter.invited.subject")
	out.Paras = []string{w.T("letter.invited.body", "From", from, "Name", l.Brand.Name), w.T("letter.invited.see"),
		w.T("letter.invited.check"), w.T("letter.invited.until", "Date", until)}
	out.Link, out.LinkURL = w.T("letter.invited.link"), address
	out.AlarmOn, out.Alarm = w.T("letter.invited.stranger"), w.T("letter.invited.ignore")
	out.Short = w.T("letter.invited.text", "Name", l.Brand.Name, "From", from, "Link", address, "Date", until)
	return nil
}

func (l *Letters) payLink(out *wording, m event.Message, w *words.Words) error {
	var d letter.PayLink
	if err := m.Read(&d); err != nil {
		return err
	}
	address, err := l.own(d.URL)
	if err != nil {
		return err
	}
	until := l.moment(d.Until, w)
	out.Subject = w.T("letter.pay_link.subject")
	out.Paras = []string{w.T("letter.pay_link.body", "Name", l.Brand.Name), w.T("letter.pay_link.check"), w.T("letter.pay_link.until", "Time", until)}
	out.Link, out.LinkURL = w.T("letter.pay_link.link"), address
	out.AlarmOn, out.Alarm = w.T("letter.pay_link.notyou"), w.T("letter.pay_link.ignore", "Phone", l.Brand.Phone.Display)
	out.Short = w.T("letter.pay_link.text", "Name", l.Brand.Name, "Link", address, "Time", until)
	return nil
}

// somebody is a person as they are called, or "someone".
func (l *Letters) somebody(name string, w *words.Words) string {
	if name = named(name); name != "" {
		return name
	}
	return w.T("letter.someone")
}

func (l *Letters) helperPaid(out *wording, m event.Message, w *words.Words) error {
	var d letter.HelperPaid
	if err := m.Read(&d); err != nil {
		return err
	}
	out.Subject = w.T("letter.paid.subject", "Amount", d.Amount)
	out.Paras = []string{w.T("letter.paid.body", "Helper", l.somebody(d.Helper, w), "Amount", d.Amount, "Date", l.moment(when(d.When, m), w)),
		w.T("letter.paid.next")}
	l.link(out, w.T("letter.signin"), "/sign-in")
	out.AlarmOn, out.Alarm = w.T("letter.paid.unexpected"), w.T("letter.paid.stop", "Phone", l.Brand.Phone.Display)
	out.Short = w.T("letter.paid.text", "Name", l.Brand.Name, "Amount", d.Amount, "Phone", l.Brand.Phone.Display)
	return nil
}

func (l *Letters) helperRevoked(out *wording, m event.Message, w *words.Words) error {
	var d letter.HelperRevoked
	if err := m.Read(&d); err != nil {
		return err
	}
	from := l.somebody(d.From, w)
	out.Subject = w.T("letter.revoked.subject")
	out.Paras = []string{w.T("letter.revoked.body", "From", from), w.T("letter.revoked.next")}
	out.Short = w.T("letter.revoked.text", "Name", l.Brand.Name, "From", from, "Phone", l.Brand.Phone.Display)
	return nil
}

func (l *Letters) staffInvited(out *wording, m event.Message, w *words.Words) error {
	var d letter.StaffInvited
	if err := m.Read(&d); err != nil {
		return err
	}
	address, err := l.own(d.URL)
	if err != nil {
		return err
	}
	if m.Channel != event.Mail {
		return cannot(m)
	}
	role := "letter.role.other"
	if w.Has("letter.role." + d.Role) {
		role = "letter.role." + d.Role
	}
	if name := named(d.Name); name != "" {
		out.Hello = w.T("letter.hello", "Name", name)
	}
	out.Subject = w.T("letter.staff.subject", "Name", l.Brand.Name)
	out.Paras = []string{w.T("letter.staff.body", "Name", l.Brand.Name), w.T("letter.staff.next"),
		w.T("letter.invited.until", "Date", w.DateIn(d.Expires, l.Brand.Zone()))}
	out.Facts = []fact{{w.T("letter.staff.role"), w.T(role)}}
	out.Link, out.LinkURL = w.T("letter.invited.link"), address
	out.AlarmOn, out.Alarm = w.T("letter.staff.stranger"), w.T("letter.invited.ignore")
	return nil
}
