package portal

import (
	"time"

	"memberpay/internal/chat"
	"memberpay/internal/contact"
	"memberpay/internal/dossier"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/paper"
	"memberpay/internal/web"
)

// saidData is something that was written in a case or a conversation.
type saidData struct {
	By   string    `json:"by"` // what side wrote it, or what happened
	At   time.Time `json:"at"`
	Text string    `json:"text,omitempty"`
	File string    `json:"file,omitempty"`
}

type caseData struct {
	ID         string     `json:"id"`
	Number     string     `json:"number"`
	BillID     string     `json:"bill"`
	Kind       string     `json:"kind"`
	State      string     `json:"state"`
	Resolution string     `json:"resolution,omitempty"`
	OpenedAt   time.Time  `json:"opened_at"`
	Said       []saidData `json:"messages"`
}

type chatData struct {
	ID        string     `json:"id"`
	State     string     `json:"state"`
	CreatedAt time.Time  `json:"begun_at"`
	Rating    int        `json:"rating,omitempty"`
	Comment   string     `json:"comment,omitempty"`
	Said      []saidData `json:"messages"`
}

// told are the parts of an account's data that hold what its owner and the desk wrote to each other, as the pages show it.
func (p *Portal) told(c *web.Context, who identity.Profile) []dossier.Part {
	ctx := c.R.Context()
	return []dossier.Part{{Name: "cases", Write: func(item func(any)) error {
		list, err := p.Cases.OfMembers(ctx, who.Members)
		for _, x := range list {
			out := caseData{ID: x.ID, Number: x.Number, BillID: x.BillID, Kind: string(x.Kind), State: string(x.State), Resolution: string(x.Resolution), OpenedAt: x.OpenedAt, Said: []saidData{}}
			messages, err := p.Cases.Messages(ctx, x.ID, false)
			if err != nil {
				return err
			}
			for _, m := range messages {
				out.Said = append(out.Said, saidData{By: string(m.Author), At: m.At, Text: m.Text})
			}
			item(out)
		}
		return err
	}}, {Name: "chats", Write: func(item func(any)) error {
		list, err := p.Chats.Of(ctx, chat.Asker{AccountID: who.ID})
		for _, x := range list {
			out := chatData{ID: x.ID, State: string(x.State), CreatedAt: x.CreatedAt, Rating: x.Rating, Comment: x.Comment, Said: []saidData{}}
			messages, err := p.Chats.All(ctx, p.DB.Read(), x.ID, chat.Member)
			if err != nil {
				return err
			}
			for _, m := range messages {
				said := saidData{By: string(m.Side), At: m.At, Text: m.Text}
				if m.Side == chat.Desk {
					said.By = string(m.Kind)
				}
				if m.File != nil {
					said.File = m.File.Name
				}
				out.Said = append(out.Said, said)
			}
			item(out)
		}
		return err
	}}, {Name: "contact_changes", Write: func(item func(any)) error {
		for _, rowID := range who.Members {
			list, err := p.Contacts.OfMember(ctx, p.DB.Read(), rowID, mostChanges)
			if err != nil {
				return err
			}
			for _, x := range list {
				out := changeData{Member: rowID, Part: string(x.Part), State: string(x.State), AskedAt: x.AskedAt, From: x.From}
				if x.State == contact.Stands { // before, as in the letters: the reader may be somebody whom the member has left
					out.Said = &x.Said
				}
				item(out)
			}
		}
		return nil
	}}}
}

// mostChanges of how one member is reached are in a document.
const mostChanges = 1000

// changeData is a change of how a member is reached that was asked for by phone or at an office.
type changeData struct {
	Member  string          `json:"member"`
	Part    string          `json:"part"`
	Said    *member.Contact `json:"said,omitempty"` // once it stands
	State   string          `json:"state"`
	AskedAt time.Time       `json:"asked_at"`
	From    time.Time       `json:"in_force_from"`
}

// helpersOnPaper lists who may pay for the account's members.
func (p *Portal) helpersOnPaper(c *web.Context, who identity.Profile) ([]paper.Block, error) {
	list, err := member.HelpsBy(c.R.Context(), p.DB.Read(), who.Members)
	if err != nil {
		return nil, err
	}
	t := paper.Table{Summary: c.T("data.helpers"), Columns: []paper.Column{{Head: c.T("data.helpers")}, {Head: c.T("history.col.state")}, {Head: c.T("data.until")}, {Head: c.T("data.limit"), Align: paper.End}}}
	for _, h := range list {
		limit := ""
		if h.PaymentLimit > 0 {
			limit = c.Words.Amount(money.Cents(h.PaymentLimit))
		}
		t.Rows = append(t.Rows, []string{h.Name, c.T("household.state." + string(h.State(c.Now))), date(c, h.LastDay), limit})
	}
	return tableOnPaper(c, c.T("data.helpers"), t, len(t.Rows), nil), nil
}

// activityOnPaper is the newest of who looked at the reader's record or changed it.
func (p *Portal) activityOnPaper(c *web.Context, who identity.Profile) ([]paper.Block, error) {
	list, s, err := p.activityOf(c, who, "", activityOnPaper)
	if err != nil {
		return nil, err
	}
	t := paper.Table{Summary: c.T("activity.title"), Columns: []paper.Column{{Head: c.T("activity.when")}, {Head: c.T("activity.who")}, {Head: c.T("activity.what")}}}
	for _, e := range list {
		t.Rows = append(t.Rows, []string{s.when(e), s.actor(e), s.what(e)})
	}
	blocks := tableOnPaper(c, c.T("activity.title"), t, len(t.Rows), nil)
	if len(list) == activityOnPaper {
		blocks = append(blocks, paper.Paragraph{Text: c.T("data.newest"), Quiet: true})
	}
	return blocks, nil
}

// activityOnPaper is how many lines of activity the summary holds.
const activityOnPaper = 100
