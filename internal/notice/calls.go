package notice

import (
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/words"
)

// words: letter.call.*

// callNews tells when somebody is called. It says nothing of what about.
func (l *Letters) callNews(out *wording, m event.Message, w *words.Words) error {
	var d letter.CallNews
	if err := m.Read(&d); err != nil {
		return err
	}
	key := "letter.call." + string(d.What)
	if d.Number == "" || d.From.IsZero() || !w.Has(key+".subject") {
		return unknown(m.Kind + "/" + string(d.What))
	}
	if m.Channel != event.Mail && m.Channel != event.Text {
		return cannot(m)
	}
	out.Subject = w.T(key + ".subject")
	out.KeyName, out.Key = w.T("letter.call.number"), id.Grouped(d.Number)
	zone := l.Brand.Zone()
	out.Paras = []string{w.T(key+".body", "Date", w.DateIn(d.From, zone), "From", w.Time(d.From.In(zone)), "To", w.Time(d.To.In(zone)), "Zone", l.Brand.ZoneName.In(w.Lang()), "Phone", l.Brand.Phone.Display)}
	out.Short = l.Brand.Name + ": " + out.Paras[0] + " " + out.KeyName + ": " + out.Key
	if d.What == letter.CallAsked || d.What == letter.CallAgain {
		out.Paras = append(out.Paras, w.T("letter.call.safe"))
	}
	if d.Key != "" {
		l.link(out, w.T("letter.call.see"), "/contact/call/"+d.Key)
	} else if d.What != letter.CallAgain {
		l.link(out, w.T("letter.call.ask"), "/contact/call")
	}
	return nil
}
