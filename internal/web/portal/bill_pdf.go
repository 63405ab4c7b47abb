package portal

import "memberpay/internal/web"

func (p *Portal) billPDF(c *web.Context) error { return nil }
