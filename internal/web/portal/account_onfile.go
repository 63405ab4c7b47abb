package portal

import (
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// onFileRows are the contacts that the plan has for the account's members. They come with the bills and are not changed
// here.
//
// words: letter.contact.what.*
func (p *Portal) onFileRows(c *web.Context, who identity.Profile) ([]ui.Row, error) {
	people, err := member.ByIDs(c.R.Context(), p.DB.Read(), who.Members)
	if err != nil {
		return nil, err
	}
	var rows []ui.Row
	for _, rowID := range who.Members {
		m := people[rowID]
		var lines []string
		for _, s := range []string{m.Email, m.Phone} {
			if s != "" {
				lines = append(lines, s)
			}
		}
		waiting, err := p.Contacts.Waiting(c.R.Context(), p.DB.Read(), m.ID)
		if err != nil {
			return nil, err
		}
		for _, x := range waiting {
			lines = append(lines, c.T("contact.on_file.waits", "What", c.T("letter.contact.what."+string(x.Part)), "Date", c.Words.DateIn(x.AskedAt, c.Site.Brand.Zone()),
				"From", c.Words.DateTime(x.From, c.Site.Brand.Zone()), "Phone", c.Site.Brand.Phone.Display))
		}
		if len(lines) == 0 {
			continue
		}
		name := m.Name()
		if name == "" {
			name = c.T("bills.for.unnamed")
		}
		rows = append(rows, ui.Row{Key: name, Value: lines[0], Lines: lines[1:]})
	}
	return rows, nil
}
