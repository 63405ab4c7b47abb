package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"memberpay/internal/web"
)

// extend lets the reader's session last longer, as they asked for in the warning before its end, and answers with the
// seconds until it ends.
func (p *Portal) extend(c *web.Context) error {
	s, err := c.Site.Accounts.Extend(c.R.Context(), c.Now, c.Session)
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(c.W).Encode(map[string]int{
		"left":    int(s.EndsAt().Sub(c.Now) / time.Second),
		"longest": int(s.ExpiresAt.Sub(c.Now) / time.Second),
	})
}

// againURL is where the reader goes on after their session has ended: to the door they came in by, and from there back to
// this page.
func againURL(c *web.Context) string {
	to := backTo(c.R.URL.Path)
	if c.R.Method == http.MethodGet {
		to = c.Here()
	}
	if c.Session.SignedIn() {
		return "/sign-in?to=" + url.QueryEscape(to)
	}
	return "/pay?to=" + url.QueryEscape(to)
}

// changePassword is the well-known address at which browsers and password managers look for the page that changes a
// password (W3C, "A Well-Known URL for Changing Passwords").
func (p *Portal) changePassword(c *web.Context) error {
	http.Redirect(c.W, c.R, "/account/security", http.StatusFound)
	return nil
}
