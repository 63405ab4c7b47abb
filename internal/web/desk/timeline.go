package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/ledger"
	"memberpay/internal/member"
	"memberpay/internal/note"
	"memberpay/internal/payment"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// Moment is something that happened with a member, in the reader's words.
type Moment struct {
	At     time.Time
	Kind   string // what sort of thing it is, in words
	Text   string
	Lines  []string
	Tone   ui.Tone
	Struck bool
	Href   string
}

// Source tells a part of a member's timeline. The record is open to whoever reads it, and the look is noted down, before a
// source is asked.
type Source struct {
	Name string // for errors
	// Moments returns the newest moments of a member, at most limit, in any order.
	Moments func(c *web.Context, m member.Member, limit int) ([]Moment, error)
}

const (
	fromEach   = 60 // moments that each source tells
	onTimeline = 80 // moments that are shown
)

// sources are what a timeline is made of.
func (d *Desk) sources() []Source {
	return []Source{
		{"payments", d.paymentMoments},
		{"postings", d.postingMoments},
		{"refunds", d.refundMoments},
		{"messages", d.messageMoments},
		{"notes", d.noteMoments},
		{"cases", d.caseMoments},
		{"calls", d.callMoments},
		{"call requests", d.callbackMoments},
		{"verification", d.proofMoments},
		{"contact", d.contactMoments},
		{"chats", d.chatMoments},
		{"staff", d.staffMoments},
	}
}

// timeline is what happened with a member, the newest first. cut tells that there is more.
func (d *Desk) timeline(c *web.Context, m member.Member) (out []ui.Moment, cut bool, err error) {
	var all []Moment
	for _, s := range d.sources() {
		list, err := s.Moments(c, m, fromEach)
		if err != nil {
			return nil, false, err
		}
		all = append(all, list...)
		cut = cut || len(list) >= fromEach
	}
	slices.SortStableFunc(all, func(a, b Moment) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
	if len(all) > onTimeline {
		all, cut = all[:onTimeline], true
	}
	for _, x := range all {
		out = append(out, ui.Moment{At: c.Words.DateTime(x.At, c.Site.Brand.Zone()), Kind: x.Kind, Text: x.Text, Lines: x.Lines, Tone: x.Tone, Struck: x.Struck, Href: x.Href})
	}
	return out, cut, nil
}

// paymentsOf are the payments of a member from whichever account, by id.
func (d *Desk) paymentsOf(c *web.Context, m member.Member, limit int) (list []payment.Payment, ids []string, byID map[string]payment.Payment, err error) {
	// AccountID names no account that exists: the desk sees what was paid from any of the member's.
	list, err = payment.List(c.R.Context(), d.DB.Read(), payment.Scope{Scope: bill.Scope{Members: []string{m.ID}}, AccountID: "desk"}, limit)
	byID = map[string]payment.Payment{}
	for _, p := range list {
		ids, byID[p.ID] = append(ids, p.ID), p
	}
	return list, ids, byID, err
}

// toneOf is the mood of a payment's state.
func toneOf(s payment.State) ui.Tone {
	switch s {
	case payment.Succeeded:
		return ui.Success
	case payment.Failed, payment.Returned, payment.ChargedBack, payment.Disputed:
		return ui.Bad
	case payment.Unknown, payment.ActionRequired:
		return ui.Warning
	}
	return ui.Info
}

// paymentMoments are the states that payments went through.
//
// words: state.*
func (d *Desk) paymentMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	_, ids, byID, err := d.paymentsOf(c, m, limit)
	if err != nil {
		return nil, err
	}
	events, err := event.OfSubjects(c.R.Context(), d.DB.Read(), ids, limit)
	if err != nil {
		return nil, err
	}
	phones, err := payment.PhonePayments(c.R.Context(), d.DB.Read(), ids)
	if err != nil {
		return nil, err
	}
	var agents []string
	for _, b := range phones {
		agents = append(agents, b.AgentID)
	}
	names, err := staff.FirstNames(c.R.Context(), d.DB.Read(), agents)
	if err != nil {
		return nil, err
	}
	var out []Moment
	for _, e := range events {
		p, state := byID[e.Subject], strings.TrimPrefix(e.Kind, "payment.")
		if !c.Words.Has("state." + state + ".title") {
			continue
		}
		lines := []string{c.T("timeline.payment.line", "Number", id.Grouped(p.Confirmation), "Amount", c.Words.Amount(p.Amount))}
		if b, ok := phones[p.ID]; ok {
			lines = append(lines, c.T("timeline.payment.by_phone", "Name", names[b.AgentID], "Reference", b.Reference))
		}
		out = append(out, Moment{At: e.At, Kind: c.T("timeline.payment"), Tone: toneOf(payment.State(state)), Text: c.T("state." + state + ".title"), Lines: lines})
	}
	return out, nil
}

// postingMoments are what payments did in the book.
func (d *Desk) postingMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	_, ids, byID, err := d.paymentsOf(c, m, limit)
	if err != nil {
		return nil, err
	}
	posted, err := ledger.PostedBy(c.R.Context(), d.DB.Read(), ids, limit)
	if err != nil {
		return nil, err
	}
	numbers, err := d.billNumbers(c, m)
	var out []Moment
	for _, p := range posted {
		key, tone := "timeline.posted.on", ui.Success
		if p.Back {
			key, tone = "timeline.posted.back", ui.Warning
		}
		number := numbers[p.BillID]
		if number == "" {
			number = c.T("timeline.posted.another")
		}
		out = append(out, Moment{At: p.At, Kind: c.T("timeline.posted"), Tone: tone, Text: c.T(key, "Amount", c.Words.Amount(p.Amount), "Bill", number),
			Lines: []string{id.Grouped(byID[p.PaymentID].Confirmation)}})
	}
	return out, err
}

// billNumbers are the numbers of a member's bills by row id.
func (d *Desk) billNumbers(c *web.Context, m member.Member) (map[string]string, error) {
	list, err := bill.List(c.R.Context(), d.DB.Read(), bill.Scope{Members: []string{m.ID}}, mostBills)
	out := map[string]string{}
	for _, b := range list {
		out[b.ID] = numberOf(b)
	}
	return out, err
}

// numberOf is the number of a bill as it is printed.
func numberOf(b bill.Bill) string {
	if b.Number == "" {
		return id.Grouped(b.PayCode)
	}
	return b.Number
}

// messagesOf are the messages about a member's payments and about what is noted of the member in the audit log.
func (d *Desk) messagesOf(c *web.Context, m member.Member, limit int) ([]event.About, error) {
	_, subjects, _, err := d.paymentsOf(c, m, limit)
	if err != nil {
		return nil, err
	}
	entries, err := audit.OfMember(c.R.Context(), d.DB.Read(), m.ID, 200)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Subject != "" && !slices.Contains(subjects, e.Subject) {
			subjects = append(subjects, e.Subject)
		}
	}
	return event.MessagesAbout(c.R.Context(), d.DB.Read(), subjects, limit)
}

// messageWords says what a message is about.
//
// words: desk.message.*
func messageWords(c *web.Context, kind string) string {
	for key := kind; ; {
		if c.Words.Has("desk.message." + key) {
			return c.T("desk.message." + key)
		}
		dot := strings.LastIndexByte(key, '.')
		if dot < 0 {
			return c.T("desk.message.other")
		}
		key = key[:dot]
	}
}

// messageMoments are the letters, mails and texts that were sent.
//
// words: desk.channel.* desk.sent.*
func (d *Desk) messageMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	list, err := d.messagesOf(c, m, limit)
	var out []Moment
	for _, x := range list {
		at, tone := x.At, ui.Info
		if !x.SentAt.IsZero() {
			at = x.SentAt
		}
		if x.State == "failed" {
			tone = ui.Bad
		}
		out = append(out, Moment{At: at, Kind: c.T("desk.channel." + x.Channel), Tone: tone, Text: messageWords(c, x.Kind), Lines: []string{c.T("desk.sent." + x.State)}})
	}
	return out, err
}

// noteMoments are the notes.
func (d *Desk) noteMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	list, names, err := d.notesOf(c, m, limit)
	var out []Moment
	for _, n := range list {
		text := c.T("timeline.note.by", "Name", names[n.AuthorID])
		if n.Strikes != "" {
			text = c.T("timeline.note.strikes", "Name", names[n.AuthorID])
		}
		out = append(out, Moment{At: n.At, Kind: c.T("timeline.note"), Text: text, Lines: []string{n.Text}, Struck: n.StruckBy != ""})
	}
	return out, err
}

// notesOf are the notes on a member and the first names of who wrote them.
func (d *Desk) notesOf(c *web.Context, m member.Member, limit int) ([]note.Note, map[string]string, error) {
	list, err := d.Notes.Of(c.R.Context(), d.DB.Read(), m.ID, limit)
	if err != nil {
		return nil, nil, err
	}
	var authors []string
	for _, n := range list {
		authors = append(authors, n.AuthorID)
	}
	names, err := staff.FirstNames(c.R.Context(), d.DB.Read(), authors)
	return list, names, err
}

// callMoments are the calls and visits.
func (d *Desk) callMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	list, err := d.Calls.OfMember(c.R.Context(), d.DB.Read(), m.ID, limit)
	if err != nil {
		return nil, err
	}
	var agents []string
	for _, x := range list {
		agents = append(agents, x.AgentID)
	}
	names, err := staff.FirstNames(c.R.Context(), d.DB.Read(), agents)
	var out []Moment
	for _, x := range list {
		out = append(out, Moment{At: x.OpenedAt, Kind: c.T("timeline.call"), Tone: ui.Info, Text: c.T("timeline.call.by", "How", c.T("call.kind."+string(x.Kind)), "Name", names[x.AgentID]),
			Lines: []string{c.T("call.one", "Reference", x.Reference)}})
	}
	return out, err
}

// proofMoments are how the member proved who they are, and who failed to.
func (d *Desk) proofMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	ctx, q := c.R.Context(), d.DB.Read()
	proofs, err := caller.OfMember(ctx, q, m.ID, limit)
	if err != nil {
		return nil, err
	}
	var out []Moment
	for _, v := range proofs {
		out = append(out, Moment{At: v.At, Kind: c.T("timeline.proof"), Tone: ui.Success, Text: c.T("timeline.proof.given"), Lines: []string{c.T("call.how." + v.How)}})
	}
	checks, err := caller.ChecksOf(ctx, q, m.ID, limit)
	for _, x := range checks {
		if !x.Passed {
			out = append(out, Moment{At: x.At, Kind: c.T("timeline.proof"), Tone: ui.Bad, Text: c.T("timeline.proof.failed")})
		}
	}
	return out, err
}

// staffMoments are what staff did with the record, beside what stands in the timeline already.
//
// words: desk.did.*
func (d *Desk) staffMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	entries, err := audit.OfMember(c.R.Context(), d.DB.Read(), m.ID, 4*limit)
	if err != nil {
		return nil, err
	}
	var agents []string
	for _, e := range entries {
		agents = append(agents, e.Actor)
	}
	slices.Sort(agents)
	names, err := staff.FirstNames(c.R.Context(), d.DB.Read(), slices.Compact(agents))
	var out []Moment
	for _, e := range entries {
		if !identity.Actor(e.Role).Staff() || !c.Words.Has("desk.did."+e.Action) || len(out) == limit {
			continue
		}
		x := Moment{At: e.At, Kind: c.T("timeline.staff"), Text: c.T("desk.did."+e.Action, "Name", names[e.Actor])}
		if e.Reason != "" {
			x.Lines = []string{c.Reason(e.Reason)}
		}
		out = append(out, x)
	}
	return out, err
}
