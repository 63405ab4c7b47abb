package notice

import (
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/words"
)

// words: letter.case.*

// caseNews tells that something happened to a case.
func (l *Letters) caseNews(out *wording, m event.Message, w *words.Words) error {
	var d letter.CaseNews
	if err := m.Read(&d); err != nil {
		return err
	}
	key := "letter.case." + string(d.What)
	if d.Number == "" || d.CaseID == "" || !w.Has(key+".subject") {
		return unknown(m.Kind + "/" + string(d.What))
	}
	if m.Channel != event.Mail {
		return cannot(m)
	}
	out.Subject = w.T(key + ".subject")
	out.KeyName, out.Key = w.T("letter.case.number"), id.Grouped(d.Number)
	out.Paras = []string{w.T(key+".body", "Date", w.DateIn(d.Due, l.Brand.Zone()))}
	if d.What != letter.CaseClosed {
		out.Paras = append(out.Paras, w.T("letter.case.held"))
	}
	l.link(out, w.T("letter.case.see"), "/cases/"+d.CaseID)
	return nil
}
