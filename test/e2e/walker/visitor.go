package walker

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// Visitor is one person's browser: its cookies and where it is. It is not safe for concurrent use.
type Visitor struct {
	From   string // network address to come from, told as a proxy does; "" tells none
	client *http.Client
	base   *url.URL
}

// maxPage bounds what is read of one page.
const maxPage = 2 << 20

// New returns a visitor of the site at base, such as "http://127.0.0.1:8080". Each request may take as long as timeout.
func New(base string, timeout time.Duration) (*Visitor, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Visitor{base: u, client: &http.Client{Jar: jar, Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}, nil
}

// Twin returns another window of the same person: the same cookies, its own connections.
func (v *Visitor) Twin() *Visitor {
	return &Visitor{From: v.From, base: v.base, client: &http.Client{Jar: v.client.Jar, Timeout: v.client.Timeout, Transport: &http.Transport{}}}
}

// Close lets go of the visitor's connections.
func (v *Visitor) Close() { v.client.CloseIdleConnections() }

// Open goes to a path of the site and returns the page after all redirects.
func (v *Visitor) Open(ctx context.Context, path string) (*Page, error) {
	at, err := v.base.Parse(path)
	if err != nil {
		return nil, err
	}
	return v.do(ctx, http.MethodGet, at, nil)
}

func (v *Visitor) do(ctx context.Context, method string, at *url.URL, form url.Values) (*Page, error) {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Language", "en-US")
	r.Header.Set("Accept", "text/html")
	if v.From != "" {
		r.Header.Set("X-Forwarded-For", v.From)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", v.base.Scheme+"://"+v.base.Host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	doc, err := html.Parse(io.LimitReader(answer.Body, maxPage))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at, err)
	}
	return &Page{URL: answer.Request.URL, Status: answer.StatusCode, doc: doc}, nil
}
