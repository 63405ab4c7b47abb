package talk

import (
	"memberpay/internal/brand"
	"memberpay/internal/web"
)

// Slot is a slot of a call as people say it, in the organisation's zone.
func Slot(c *web.Context, s brand.Slot) string {
	b := c.Site.Brand
	from, to := s.From.In(b.Zone()), s.To.In(b.Zone())
	return c.T("callrequest.slot.text", "Day", c.Words.Weekday(from.Weekday()), "Date", c.Words.DateIn(from, b.Zone()), "From", c.Words.Time(from),
		"To", c.Words.Time(to), "Zone", b.ZoneName.In(c.Words.Lang()))
}

// Speaks is the language of a call: one of the pages, or that of an interpreter.
func Speaks(c *web.Context, speaks string) string {
	if c.Site.Brand.Offers(speaks) {
		return c.T("shell.language." + speaks)
	}
	for _, l := range c.Site.Brand.Interpreters {
		if l.En == speaks {
			return c.T("callrequest.speaks.interpreter", "Language", l.In(c.Words.Lang()))
		}
	}
	return c.T("callrequest.speaks.other")
}
