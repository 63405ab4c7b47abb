package portal

import "memberpay/internal/web"

func (p *Portal) receiptPDF(c *web.Context) error { return nil }
