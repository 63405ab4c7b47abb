package notice

import (
	"strings"

	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/words"
)

// words: letter.contact.*

// contactNews tells of a change of how a member is reached. It never says what is new.
func (l *Letters) contactNews(out *wording, m event.Message, w *words.Words) error {
	var d letter.ContactNews
	if err := m.Read(&d); err != nil {
		return err
	}
	key := "letter.contact." + string(d.What)
	what := "letter.contact.what." + d.Part
	if !w.Has(key+"."+d.Part) || !w.Has(what) || (d.What == letter.ContactAsked) != strings.HasPrefix(d.Stop, "/not-me/") {
		return unknown(m.Kind + "/" + string(d.What) + "/" + d.Part)
	}
	phone, from := l.Brand.Phone.Display, l.moment(d.From, w)
	out.Subject = w.T(key + "." + d.Part)
	out.Paras = []string{w.T(key+".body", "What", w.T(what), "Date", l.moment(when(d.When, m), w), "From", from)}
	out.Short = w.T(key+".text", "Name", l.Brand.Name, "What", out.Subject, "Phone", phone, "Link", l.BaseURL+d.Stop)
	if d.What != letter.ContactAsked {
		l.alarm(out, w, w.T("letter.notyou.call", "Phone", phone))
		return nil
	}
	if d.Again {
		out.Paras = append(out.Paras, w.T("letter.contact.asked.again"))
	}
	out.Paras = append(out.Paras, w.T("letter.contact.asked.fine"))
	l.link(out, w.T("letter.undo"), d.Stop)
	l.alarm(out, w, w.T("letter.contact.asked.notyou", "Date", from, "Phone", phone))
	return nil
}
