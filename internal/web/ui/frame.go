package ui

import (
	"strings"
	"time"
)

// languageOf is the language a language link leads to.
func languageOf(l NavLink) string {
	_, lang, _ := strings.Cut(l.Href, "lang=")
	lang, _, _ = strings.Cut(lang, "&")
	return lang
}

// footLinks are the links of the footer that the organisation has configured.
func (p Page) footLinks() []Link {
	b := p.Brand
	var links []Link
	add := func(label, href string) {
		if href != "" {
			links = append(links, Link{Label: label, Href: href, New: strings.HasPrefix(href, "https:")})
		}
	}
	add(p.W.T("shell.help"), p.HelpURL)
	if p.ShareURL != "" {
		add(p.W.T("shell.share"), p.ShareURL)
	}
	add(p.W.T("shell.help.financial"), b.Links.FinancialHelp)
	add(p.W.T("shell.privacy"), b.Links.Privacy)
	add(p.W.T("shell.terms"), b.Links.Terms)
	add(b.Name, b.Links.Home)
	return links
}

// noticeTitle is the notice's own title or that of its tone.
func noticeTitle(p Page, n Notice) string {
	switch {
	case n.Title != "":
		return n.Title
	case n.Tone == Success:
		return p.W.T("shell.notice.success")
	case n.Tone == Warning, n.Tone == Bad:
		return p.W.T("shell.notice.warning")
	}
	return p.W.T("shell.notice.info")
}

// seconds is a span of time for a script: whole seconds, rounded down.
func seconds(d time.Duration) string { return number(int(d / time.Second)) }

// minutes is a span of time for a sentence: whole minutes, at least one.
func minutes(d time.Duration) int { return max(1, int(d/time.Minute)) }
