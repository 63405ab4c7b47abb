package desk

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"memberpay/internal/caller"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// linkButtons are the ways on file to send a link.
//
// words: phone.send.* phone.resend.*
func linkButtons(c *web.Context, contacts []phonepay.Contact, key string) (out []ui.Button) {
	for i, x := range contacts {
		b := ui.Button{Label: c.T(key+"."+x.Channel, "Where", x.Masked), Name: "channel", Value: x.Channel}
		if i > 0 || key == "phone.resend" {
			b.Kind = ui.Secondary
		}
		out = append(out, b)
	}
	return out
}

// phoneLive tells where the payer is on their own device.
//
// words: phone.stage.* phone.message.*
func (d *Desk) phoneLive(c *web.Context, x phoneDraft, link phonepay.Link, v *phonePayView) error {
	zone := c.Site.Brand.Zone()
	stage, tone, since := link.Stage, ui.Info, link.StageAt
	switch {
	case link.Stage == phonepay.Method && link.Types(c.Now):
		stage = "typing"
	case link.Stage == phonepay.Sent && link.Tries >= phonepay.LinkTries:
		stage, tone = "refused", ui.Warning
	case link.Stage == phonepay.Sent && link.Over(c.Now):
		stage, tone = "over", ui.Warning
	case link.Stage == phonepay.Sent && link.Tries > 0:
		stage, tone = "wrong", ui.Warning
	case link.Stage == phonepay.Sent && !link.SeenAt.IsZero():
		stage, since = "seen", link.SeenAt
	}
	v.Tone, v.Title, v.Text = tone, c.T("phone.stage."+stage, "Tries", link.Tries, "Most", phonepay.LinkTries), c.T("phone.stage."+stage+".body", "Most", phonepay.LinkTries)
	ended := stage == "refused" || stage == "over"
	if !ended {
		v.Say = c.T("phone.say.link")
	}
	messages, err := event.MessagesAbout(c.R.Context(), d.DB.Read(), []string{link.MessageID}, 1)
	if err != nil {
		return err
	}
	state := "queued"
	if len(messages) > 0 {
		state = messages[0].State
	}
	drafts, err := payment.DraftsOf(c.R.Context(), d.DB.Read(), x.phone.MemberID, mostDrafts)
	if err != nil {
		return err
	}
	for _, draft := range drafts {
		if draft.ID == x.phone.DraftID {
			v.Steps = []ui.Row{{Key: c.T("paid.amount"), Value: c.Words.Amount(total(draft.Answers.Lines)), Strong: true}}
		}
	}
	v.Steps = append(v.Steps, []ui.Row{{Key: c.T("phone.message"), Value: c.T("phone.message." + state)},
		{Key: c.T("phone.since"), Value: c.Words.Time(since.In(zone))}}...)
	if x.phone.After != "" {
		before, err := payment.PhoneDraft(c.R.Context(), d.DB.Read(), x.phone.After)
		if err != nil {
			return err
		}
		pay, err := payment.ByID(c.R.Context(), d.DB.Read(), before.PaymentID)
		if err != nil {
			return err
		}
		key, err := d.phoneState(c, pay)
		if err != nil {
			return err
		}
		v.Steps = append(v.Steps, ui.Row{Key: c.T("phone.before"), Value: c.T("phone.paid." + key)})
	}
	if !ended {
		v.Steps = append(v.Steps, ui.Row{Key: c.T("phone.until"), Value: c.Words.Time(link.ExpiresAt.In(zone))})
	}
	return nil
}

// phoneEvents tells where the payer is whenever it changes.
func (d *Desk) phoneEvents(c *web.Context) error {
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
	}
	if err := d.looks(c, x.phone.MemberID); err != nil {
		return err
	}
	s, err := c.Stream()
	if err != nil {
		return nil
	}
	beat, look := time.NewTicker(web.Beat), time.NewTicker(time.Second)
	defer beat.Stop()
	defer look.Stop()
	frame := phoneFrame(c, x.call, c.T("phone.title"), x.path)
	shown := ""
	for {
		c.Now = c.Site.Now()
		if x, err = d.phoneBegun(c); err != nil {
			return nil
		}
		v, err := d.phoneView(c, x)
		if err != nil {
			return err
		}
		var html strings.Builder
		if err := phoneState(frame, v).Render(c.R.Context(), &html); err != nil {
			return err
		}
		if html.String() != shown {
			said := v.Title
			if v.Paid {
				said = v.Panel.Title
			}
			shown = html.String()
			s.Event("board", 0, shown)
			s.Event("count", 0, said)
			if err := s.Flush(); err != nil {
				return nil
			}
		}
		select {
		case <-look.C:
		case <-beat.C:
			s.Alive()
			if err := s.Flush(); err != nil {
				return nil
			}
			if alive, err := c.Site.Accounts.Alive(c.R.Context(), c.Site.Now(), c.Session.ID); err != nil || !alive {
				return err
			}
		case <-d.Chats.Hub.Done():
			return nil
		case <-c.R.Context().Done():
			return nil
		}
	}
}

// phoneLink sends the caller a link to pay.
func (d *Desk) phoneLink(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
	}
	if _, _, err = d.entitled(c); fault.CodeOf(err) == caller.ErrProof.Code {
		return c.Redirect(x.path)
	}
	if err != nil {
		return err
	}
	err = d.Phone.SendLink(c.R.Context(), c.Now, who(c), x.phone, c.Form("channel"), c.Words.Lang())
	switch {
	case errors.Is(err, phonepay.ErrNowhere):
		return d.showPhonePay(c, http.StatusUnprocessableEntity, c.T("phone.error.nowhere"))
	case fault.Is(err, fault.Busy):
		return d.showPhonePay(c, http.StatusTooManyRequests, c.T("phone.error.often"))
	case err != nil && !errors.Is(err, payment.ErrCallOver):
		return err
	}
	return c.Redirect(x.path)
}
