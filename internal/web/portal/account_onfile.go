package portal

import (
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// onFileRows are the contacts that the plan has for the account's members. They come with the bills and are not changed
// here.
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
