package desk

import (
	"net/http"
	"strconv"
	"time"

	"memberpay/internal/callrequest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
	"memberpay/internal/web/ui"
)

const mostCallbacks = 200 // of one list

// callbacksView is a list of people who asked to be called.
type callbacksView struct {
	Shows ui.Choices
	Table ui.Table
	None  bool
}

// callbackView is one of them, with what can be done about it.
type callbackView struct {
	Action string
	State  ui.Tag
	About  []ui.Row
	Take   bool
	Mine   bool // the reader has it: name and number are shown
	Phone  ui.Link
	Record string // address of the member's record, "" for a guest
	Slots  []ui.Option
}

// words: desk.callbacks.show.*
var callbackLists = []string{"all", "mine", "done"}

// callbacks lists who asked to be called: those whose slot comes first, those of the reader, or those that ended last. Neither
// names nor numbers stand in it.
func (d *Desk) callbacks(c *web.Context) error {
	shows, show := choose(c, "desk.callbacks.show.", callbackLists)
	v := callbacksView{Shows: shows}
	ctx := c.R.Context()
	var list []callrequest.Request
	var err error
	switch show {
	case "mine":
		list, err = d.Callbacks.Work(ctx, c.Session.AccountID, mostCallbacks)
	case "done":
		list, err = d.Callbacks.Done(ctx, mostCallbacks)
	default:
		list, err = d.Callbacks.Work(ctx, "", mostCallbacks)
	}
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	v.Table = ui.Table{Caption: c.T("desk.callbacks.title"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.callbacks.number")}, {Label: c.T("desk.callbacks.slot")},
		{Label: c.T("callrequest.topic")}, {Label: c.T("callrequest.speaks")}, {Label: c.T("desk.cases.state")}, {Label: c.T("desk.cases.owner")}}}
	for _, x := range list {
		v.Table.Rows = append(v.Table.Rows, []ui.Cell{{Text: id.Grouped(x.Number), Href: "/desk/callbacks/" + x.ID, What: c.T("desk.callbacks.open.what")}, {Text: talk.Slot(c, x.Slot)},
			{Text: c.T("callrequest.topic." + string(x.Topic))}, {Text: talk.Speaks(c, x.Speaks)}, {Body: ui.TagFor(callbackState(c, x))}, {Text: callbackOwner(c, names, x)}})
	}
	v.None = len(list) == 0
	frame := page(c, c.T("desk.callbacks.title"))
	frame.Path, frame.Wide = "/desk/callbacks", true
	return c.Render(http.StatusOK, callbacksPage(frame, v))
}

func callbackOwner(c *web.Context, names map[string]string, x callrequest.Request) string {
	if x.OwnerID == "" {
		return c.T("desk.cases.nobody")
	}
	return names[x.OwnerID]
}

// callbackState says how a request stands, and whether somebody should be on the phone by now.
//
// words: desk.callbacks.state.*
func callbackState(c *web.Context, x callrequest.Request) ui.Tag {
	switch {
	case x.Overdue(c.Now):
		return ui.Tag{Tone: ui.Bad, Text: c.T("desk.callbacks.late")}
	case x.State == callrequest.Waiting && x.Due(c.Now):
		return ui.Tag{Tone: ui.Warning, Text: c.T("desk.callbacks.due")}
	}
	return ui.Tag{Tone: ui.Info, Text: c.T("desk.callbacks.state." + string(x.State))}
}

// callback shows one request. Name and number stand there for whoever has taken it alone, and each look is noted down first.
func (d *Desk) callback(c *web.Context) error { return d.showCallback(c, http.StatusOK) }

func (d *Desk) showCallback(c *web.Context, status int, problems ...ui.Problem) error {
	ctx := c.R.Context()
	x, err := d.Callbacks.Get(ctx, c.R.PathValue("request"))
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	v := callbackView{Action: "/desk/callbacks/" + x.ID, State: callbackState(c, x)}
	v.About = []ui.Row{{Key: c.T("desk.callbacks.slot"), Value: talk.Slot(c, x.Slot)}, {Key: c.T("callrequest.topic"), Value: c.T("callrequest.topic." + string(x.Topic))},
		{Key: c.T("callrequest.speaks"), Value: talk.Speaks(c, x.Speaks)}, {Key: c.T("desk.callbacks.tries"), Value: strconv.Itoa(x.Tries)}, {Key: c.T("desk.cases.owner"), Value: callbackOwner(c, names, x)}}
	v.Take = x.State.Open() && x.OwnerID != c.Session.AccountID
	if v.Mine = x.State.Open() && x.OwnerID == c.Session.AccountID; v.Mine {
		if x, err = d.Callbacks.Look(ctx, c.Now, who(c), x.ID); err != nil {
			return err
		}
		v.About = append([]ui.Row{{Key: c.T("desk.record.name"), Value: x.Name}}, v.About...)
		v.Phone = ui.Link{Label: c.T("desk.callbacks.dial", "Phone", identity.GroupedPhone(x.Phone)), Href: "tel:" + x.Phone}
		if x.MemberID != "" {
			v.Record = "/desk/members/" + x.MemberID
		}
		for _, s := range c.Site.Brand.Slots(c.Now) {
			v.Slots = append(v.Slots, ui.Option{Value: strconv.FormatInt(s.From.Unix(), 10), Label: talk.Slot(c, s)})
		}
	}
	frame := page(c, c.T("desk.callbacks.one", "Number", id.Grouped(x.Number)))
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("desk.callbacks.title"), Href: "/desk/callbacks"}
	return c.Render(status, callbackPage(frame, v))
}

// callbackTake gives a request to the reader.
func (d *Desk) callbackTake(c *web.Context) error {
	return d.callbackDo(c, func(requestID string) error { return d.Callbacks.Take(c.R.Context(), c.Now, who(c), requestID) }, true)
}

// callbackReached notes that they talked.
func (d *Desk) callbackReached(c *web.Context) error {
	return d.callbackDo(c, func(requestID string) error { return d.Callbacks.Reached(c.R.Context(), c.Now, who(c), requestID) }, false)
}

// callbackGiveUp notes that nobody answers.
func (d *Desk) callbackGiveUp(c *web.Context) error {
	return d.callbackDo(c, func(requestID string) error { return d.Callbacks.GiveUp(c.R.Context(), c.Now, who(c), requestID) }, false)
}

// callbackAgain puts a call off to another slot.
func (d *Desk) callbackAgain(c *web.Context) error {
	return d.callbackDo(c, func(requestID string) error {
		var from time.Time
		if at, err := strconv.ParseInt(c.Form("slot"), 10, 64); err == nil && at > 0 && at < 1<<40 {
			from = time.Unix(at, 0)
		}
		return d.Callbacks.Again(c.R.Context(), c.Now, who(c), requestID, from)
	}, false)
}

// callbackDo does something to the request of the address and leads back: to it, or to the list where it is done. What others
// did meanwhile is said on its page.
//
// words: error.callrequest.*
func (d *Desk) callbackDo(c *web.Context, do func(requestID string) error, stay bool) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	requestID := c.R.PathValue("request")
	err := do(requestID)
	wrong := ui.Problem{Field: "slot", Text: c.T("error." + fault.CodeOf(err))}
	switch {
	case fault.Is(err, fault.Conflict):
		return d.showCallback(c, http.StatusConflict, wrong)
	case fault.Is(err, fault.Invalid):
		return d.showCallback(c, http.StatusUnprocessableEntity, wrong)
	case err != nil:
		return err
	}
	if stay {
		return c.Redirect("/desk/callbacks/" + requestID)
	}
	return c.Redirect("/desk/callbacks")
}

// callbackMoments are the times at which a member asked to be called, and what came of it.
func (d *Desk) callbackMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	list, err := d.Callbacks.OfMember(c.R.Context(), m.ID, limit)
	var out []Moment
	for _, x := range list {
		state := callbackState(c, x)
		out = append(out, Moment{At: x.CreatedAt, Kind: c.T("timeline.callback"), Text: c.T("desk.callbacks.one", "Number", id.Grouped(x.Number)),
			Lines: []string{talk.Slot(c, x.Slot), c.T("callrequest.topic." + string(x.Topic)), state.Text}, Tone: state.Tone, Href: "/desk/callbacks/" + x.ID})
	}
	return out, err
}
