package notice

import (
	"strings"

	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/words"
)

// chatAnswered words the news that an answer waits. It says nothing of what was asked or answered.
func (l *Letters) chatAnswered(out *wording, m event.Message, w *words.Words) error {
	var d letter.ChatAnswered
	if err := m.Read(&d); err != nil {
		return err
	}
	if m.Channel != event.Mail {
		return cannot(m)
	}
	address, err := l.own(d.URL)
	if err != nil {
		return err
	}
	out.Subject = w.T("letter.chat.answered")
	out.Paras = []string{w.T("letter.chat.answered.body"), w.T("letter.chat.answered.life")}
	out.Link, out.LinkURL = w.T("letter.chat.link"), address
	out.Small = []string{w.T("letter.chat.unasked")}
	return nil
}

// chatCopy words the copy of a conversation that its owner asked for.
func (l *Letters) chatCopy(out *wording, m event.Message, w *words.Words) error {
	var d letter.ChatCopy
	if err := m.Read(&d); err != nil {
		return err
	}
	if m.Channel != event.Mail {
		return cannot(m)
	}
	address, err := l.own(d.URL)
	if err != nil {
		return err
	}
	out.Subject = w.T("letter.chat.copy")
	out.Paras = []string{w.T("letter.chat.copy.body", "Date", l.moment(when(d.Began, m), w))}
	if d.Cut {
		out.Paras = append(out.Paras, w.T("letter.chat.copy.cut"))
	}
	out.Link, out.LinkURL = w.T("letter.chat.link"), address
	var lines []string
	for _, x := range d.Lines {
		head := w.DateTime(x.At, l.Brand.Zone())
		if x.Who != "" {
			head += ", " + x.Who
		}
		lines = append(lines, head+"\n"+x.Text)
	}
	out.QuoteOn, out.Quote = w.T("letter.chat.copy.on"), strings.Join(lines, "\n\n")
	out.Small = []string{w.T("letter.chat.unasked")}
	return nil
}
