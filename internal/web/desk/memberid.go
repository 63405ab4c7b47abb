package desk

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// idView is the member ID of somebody who has proved who they are, and the ways to give it to them.
type idView struct {
	Call   string
	OnFile string // says where it would be sent, "" where nothing is on file
	Number string // in groups, once it is asked for
	Spell  []string
	Sent   string
	Failed string
}

// memberID offers to read the member ID out or to send it, in a call in which somebody has proved who they are.
func (d *Desk) memberID(c *web.Context) error {
	call, m, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	return d.showMemberID(c, http.StatusOK, call, m, idView{})
}

// entitled is the call and the member who has proved in it who they are, to whoever reads it, or caller.ErrProof.
func (d *Desk) entitled(c *web.Context) (caller.Call, member.Member, error) {
	call, err := d.Calls.Get(c.R.Context(), d.DB.Read(), c.Session.AccountID, c.R.PathValue("call"))
	if err != nil {
		return caller.Call{}, member.Member{}, err
	}
	_, ok, err := d.verification(c, call)
	if err != nil {
		return caller.Call{}, member.Member{}, err
	}
	if !ok {
		return caller.Call{}, member.Member{}, caller.ErrProof
	}
	m, err := member.Get(c.R.Context(), d.DB.Read(), call.MemberID)
	return call, m, err
}

// unproved leads back to the call, where somebody still has to prove who they are.
func (d *Desk) unproved(c *web.Context, err error) error {
	if fault.CodeOf(err) == caller.ErrProof.Code {
		return c.Redirect("/desk/calls/" + c.R.PathValue("call"))
	}
	return err
}

func (d *Desk) showMemberID(c *web.Context, status int, call caller.Call, m member.Member, v idView, problems ...ui.Problem) error {
	channel, masked, err := d.Households.OnFile(c.R.Context(), c.Now, m)
	if err != nil {
		return err
	}
	v.Call, v.OnFile = call.ID, whereTo(c, channel, masked)
	frame := page(c, c.T("call.id"))
	frame.Path, frame.Problems = "/desk/calls/"+call.ID+"/member-id", problems
	frame.Back = &ui.Link{Label: c.T("call.one", "Reference", call.Reference), Href: "/desk/calls/" + call.ID}
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "member.view", m.ID, m.ID)); err != nil {
		return err
	}
	return c.Render(status, memberIDPage(frame, v))
}

// whereTo is a contact on file in words: masked.
func whereTo(c *web.Context, channel, masked string) string {
	switch channel {
	case event.Mail:
		return c.T("call.id.mail", "Address", masked)
	case event.Text:
		return c.T("call.id.text", "Ending", masked)
	}
	return ""
}

// memberIDPost reads the member ID out, or sends it to the contact on file.
func (d *Desk) memberIDPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	call, m, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	switch c.Form("how") {
	case "read":
		e := who(c).Did(c.Now, "member_id.read_out", m.ID, m.ID)
		e.Detail = call.Reference
		if err := audit.Write(c.R.Context(), d.DB, e); err != nil {
			return err
		}
		return d.showMemberID(c, http.StatusOK, call, m, idView{Number: inGroups(m.MemberID), Spell: spelled(c, m.MemberID)})
	case "send":
		channel, masked, err := d.Households.SendID(c.R.Context(), c.Now, who(c), m.ID)
		if err != nil {
			return err
		}
		if channel == "" {
			return d.showMemberID(c, http.StatusConflict, call, m, idView{Failed: c.T("call.id.not_sent")})
		}
		return d.showMemberID(c, http.StatusOK, call, m, idView{Sent: c.T("call.id.sent", "Where", whereTo(c, channel, masked))})
	}
	return d.showMemberID(c, http.StatusUnprocessableEntity, call, m, idView{}, ui.Problem{Text: c.T("call.id.choose")})
}

// inGroups is a number in groups that can be read out: letters together, figures by three or four.
func inGroups(number string) string {
	var groups []string
	var run []rune
	flush := func() {
		for len(run) > 0 {
			n := min(4, len(run))
			if len(run) == 5 || len(run) == 6 || len(run) == 9 {
				n = 3
			}
			if unicode.IsLetter(run[0]) {
				n = len(run)
			}
			groups, run = append(groups, string(run[:n])), run[n:]
		}
	}
	for _, r := range number {
		if len(run) > 0 && unicode.IsLetter(run[0]) != unicode.IsLetter(r) {
			flush()
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			run = append(run, r)
		} else {
			flush()
		}
	}
	flush()
	return strings.Join(groups, " ")
}

// alphabet is the spelling alphabet that people on the phone know.
var alphabet = map[rune]string{'A': "Alfa", 'B': "Bravo", 'C': "Charlie", 'D': "Delta", 'E': "Echo", 'F': "Foxtrot", 'G': "Golf", 'H': "Hotel", 'I': "India",
	'J': "Juliett", 'K': "Kilo", 'L': "Lima", 'M': "Mike", 'N': "November", 'O': "Oscar", 'P': "Papa", 'Q': "Quebec", 'R': "Romeo", 'S': "Sierra", 'T': "Tango",
	'U': "Uniform", 'V': "Victor", 'W': "Whiskey", 'X': "X-ray", 'Y': "Yankee", 'Z': "Zulu"}

// spelled are the groups of a number, the letters with their words.
func spelled(c *web.Context, number string) []string {
	var out []string
	for _, group := range strings.Fields(inGroups(number)) {
		parts := letters(c, group)
		sep := " "
		if first, _ := utf8.DecodeRuneInString(group); unicode.IsLetter(first) {
			sep = ", "
		}
		out = append(out, strings.Join(parts, sep))
	}
	return out
}

// letters are the letters of a group with their words, and its figures.
func letters(c *web.Context, group string) (parts []string) {
	for _, r := range group {
		s := string(r)
		if word := alphabet[unicode.ToUpper(r)]; word != "" {
			s = c.T("call.letter", "Letter", s, "Word", word)
		}
		parts = append(parts, s)
	}
	return parts
}

// sendView asks whose member ID is to be sent to the contact on file.
type sendView struct {
	Call                     string
	Given, Family, Born, ZIP string
	Done                     bool
}

// sendID asks for what a caller says who has not proved anything.
func (d *Desk) sendID(c *web.Context) error { return d.showSendID(c, http.StatusOK, sendView{}) }

func (d *Desk) showSendID(c *web.Context, status int, v sendView, problems ...ui.Problem) error {
	call, err := d.Calls.Get(c.R.Context(), d.DB.Read(), c.Session.AccountID, c.R.PathValue("call"))
	if err != nil {
		return err
	}
	v.Call = call.ID
	frame := page(c, c.T("call.send"))
	frame.Path, frame.Problems = "/desk/calls/"+call.ID+"/send", problems
	frame.Back = &ui.Link{Label: c.T("call.one", "Reference", call.Reference), Href: "/desk/calls/" + call.ID}
	return c.Render(status, sendIDPage(frame, v))
}

// sendIDPost notes the question and says the same whoever is asked about, and whether or not there is such a member.
func (d *Desk) sendIDPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if _, err := d.Calls.Get(c.R.Context(), d.DB.Read(), c.Session.AccountID, c.R.PathValue("call")); err != nil {
		return err
	}
	clip := func(name string) string { s := c.Form(name); return strings.ToValidUTF8(s[:min(len(s), 200)], "") }
	v := sendView{Given: clip("given"), Family: clip("family"), Born: clip("birth"), ZIP: clip("zip")}
	var problems []ui.Problem
	wrong := func(field, key string) { problems = append(problems, ui.Problem{Field: field, Text: c.T(key)}) }
	born, ok := caller.Date(v.Born)
	if member.FoldName(v.Given) == "" {
		wrong("given", "call.send.given")
	}
	if member.FoldName(v.Family) == "" {
		wrong("family", "call.send.family")
	}
	if !ok {
		wrong("birth", "call.send.birth")
	}
	if len(v.ZIP) < 5 || strings.Trim(v.ZIP[:5], "0123456789") != "" {
		wrong("zip", "call.send.zip")
	}
	if len(problems) > 0 {
		return d.showSendID(c, http.StatusUnprocessableEntity, v, problems...)
	}
	person := born.String() + " " + v.ZIP[:5]
	if err := c.Site.Accounts.AllowAll(c.R.Context(), c.Now, identity.Try{Limit: searches, Subject: c.Session.AccountID}, identity.Try{Limit: identity.FindIDAnywhere, Subject: person}); err != nil {
		return err
	}
	q := household.Question{Given: v.Given, Family: v.Family, Birth: born, ZIP: v.ZIP[:5], Language: c.Words.Lang()}
	if err := d.Households.AskID(c.R.Context(), c.Now, q, who(c)); err != nil {
		return err
	}
	return d.showSendID(c, http.StatusOK, sendView{Done: true})
}
