package portal

import (
	"net/http"
	"strings"
	"time"

	"memberpay/internal/web"
)

// securityTXTLife is for how long the file vouches for itself; it is made anew at each request.
const securityTXTLife = 180 * 24 * time.Hour

// securityTXT says how to report a weakness (RFC 9116): by phone, which every organisation has here.
func (p *Portal) securityTXT(c *web.Context) error {
	b := c.Site.Brand
	lines := []string{"Contact: tel:" + b.Phone.Dial, "Expires: " + c.Now.UTC().Add(securityTXTLife).Format(time.RFC3339),
		"Preferred-Languages: " + strings.Join(b.Languages, ", "), "Canonical: " + p.BaseURL + "/.well-known/security.txt"}
	c.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.W.WriteHeader(http.StatusOK)
	_, err := c.W.Write([]byte(strings.Join(lines, "\n") + "\n"))
	return err
}
