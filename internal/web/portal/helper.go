package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/household"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// maxHelper is the longest name of a helper that is taken, in characters.
const maxHelper = 60

// inviteView is the form "Invite a helper" as it was sent.
type inviteView struct {
	Name, Email      string
	For              []ui.Option
	Medical, Premium bool
	Payment, Month   string // limits, as typed
	M, D, Y          string
	Wrong            []string // parts of the date to mark
	Busy             string
}

// newHelper asks who is to help, with what, how much and until when.
func (p *Portal) newHelper(c *web.Context) error {
	who, people, err := p.mayInviteFor(c)
	if err != nil {
		return err
	}
	last := today(c).AddDays(90)
	v := inviteView{Medical: true, Premium: true, M: strconv.Itoa(int(last.Month())), D: strconv.Itoa(last.Day()), Y: strconv.Itoa(last.Year())}
	if len(people) == 1 {
		v.For = whomOptions(c, who, people, []string{people[0].ID})
	} else {
		v.For = whomOptions(c, who, people, nil)
	}
	return p.showInvite(c, http.StatusOK, v)
}

// mayInviteFor is the account with the people for whom its owner may let somebody pay: its own members, and children they
// pay for. An account that acts for nobody is not found.
func (p *Portal) mayInviteFor(c *web.Context) (identity.Profile, []member.Member, error) {
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return who, nil, err
	}
	family, err := p.family(c, who)
	if err != nil {
		return who, nil, err
	}
	people := slices.Clone(family.own)
	for _, m := range family.others {
		if m.Minor(today(c)) {
			people = append(people, m)
		}
	}
	if len(people) == 0 {
		err = fault.New(fault.NotFound, "member.not_found")
	}
	return who, people, err
}

// whomOptions is who can be ticked.
func whomOptions(c *web.Context, who identity.Profile, people []member.Member, ticked []string) []ui.Option {
	var out []ui.Option
	for _, m := range people {
		o := ui.Option{Value: m.ID, Label: m.Name(), Checked: slices.Contains(ticked, m.ID)}
		if o.Label == "" {
			o.Label = c.T("bills.for.unnamed")
		}
		if slices.Contains(who.Members, m.ID) {
			o.Lines = []string{c.T("household.invite.own")}
		} else {
			o.Lines = []string{c.T("household.invite.child")}
		}
		out = append(out, o)
	}
	return out
}

// newHelperPost makes the invitation and sends it.
func (p *Portal) newHelperPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	who, people, err := p.mayInviteFor(c)
	if err != nil {
		return err
	}
	v := inviteView{Name: c.Form("name"), Email: c.Form("email"), Medical: slices.Contains(c.Forms("kinds"), "medical"), Premium: slices.Contains(c.Forms("kinds"), "premium"),
		Payment: c.Form("payment_limit"), Month: c.Form("month_limit"), M: c.Form("until_month"), D: c.Form("until_day"), Y: c.Form("until_year"),
		For: whomOptions(c, who, people, c.Forms("for"))}
	in, problems := v.check(c, who, people)
	if len(problems) > 0 {
		return p.showInvite(c, http.StatusUnprocessableEntity, v, problems...)
	}
	helpID, err := p.Households.Invite(c.R.Context(), c.Now, c.Who(), in)
	switch {
	case fault.Is(err, fault.Busy):
		v.Busy = tooMany(c, err)
		return p.showInvite(c, http.StatusTooManyRequests, v)
	case errors.Is(err, household.ErrTooManyHelpers):
		return p.showInvite(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "name", Text: c.T("household.error.many")})
	case err != nil:
		return err
	}
	return c.Redirect(helperPath(helpID) + "?invited")
}

// check returns the invitation and what to correct. It keeps what was typed, except what is far too long.
func (v *inviteView) check(c *web.Context, who identity.Profile, people []member.Member) (household.Invitation, []ui.Problem) {
	var problems []ui.Problem
	wrong := func(field, key string, pairs ...any) {
		problems = append(problems, ui.Problem{Field: field, Text: c.T(key, pairs...)})
	}
	in := household.Invitation{AccountID: who.ID, Name: v.Name, Email: v.Email, Medical: v.Medical, Premium: v.Premium, Zone: c.Site.Brand.Zone(), Language: c.Words.Lang()}
	switch {
	case v.Name == "":
		wrong("name", "household.error.name")
	case utf8.RuneCountInString(v.Name) > maxHelper:
		v.Name = ""
		wrong("name", "household.error.name.long")
	case member.FoldName(v.Name) == "":
		wrong("name", "household.error.name.format")
	}
	switch {
	case v.Email == "":
		wrong("email", "household.error.email")
	case len(v.Email) > 254:
		v.Email = ""
		wrong("email", "error.email.long")
	case !identity.ValidEmail(v.Email):
		wrong("email", "error.email.format")
	case identity.FoldEmail(v.Email) == identity.FoldEmail(who.Email):
		wrong("email", "household.error.email.own")
	}
	payers := map[string]bool{}
	for _, o := range v.For {
		if !o.Checked {
			continue
		}
		i := slices.IndexFunc(people, func(m member.Member) bool { return m.ID == o.Value })
		payer := people[i].ID
		if !slices.Contains(who.Members, payer) {
			payer = people[i].GuarantorID
		}
		in.For, in.MemberID = append(in.For, o.Value), payer
		payers[payer] = true
	}
	switch {
	case len(in.For) == 0:
		wrong("for", "household.error.for")
	case len(payers) > 1:
		wrong("for", "household.error.for.payers")
	}
	if !v.Medical && !v.Premium {
		wrong("kinds", "household.error.kinds")
	}
	in.PaymentLimit = v.limit(c, "payment_limit", &v.Payment, wrong)
	in.MonthLimit = v.limit(c, "month_limit", &v.Month, wrong)
	in.LastDay = v.until(c, wrong)
	return in, problems
}

// limit reads an amount that may be left out.
//
// words: amount.*
func (v *inviteView) limit(c *web.Context, field string, typed *string, wrong func(field, key string, pairs ...any)) money.Cents {
	if *typed == "" {
		return 0
	}
	amount, err := money.ParseInput(*typed)
	if err == nil {
		return amount
	}
	if utf8.RuneCountInString(*typed) > maxNumber {
		*typed = ""
	}
	wrong(field, err.Error())
	return 0
}

// until reads the last day.
func (v *inviteView) until(c *web.Context, wrong func(field, key string, pairs ...any)) day.Date {
	last, err := day.ParseParts(v.Y, v.M, v.D)
	now := today(c)
	furthest, leap := day.New(now.Year()+member.HelpYears, now.Month(), now.Day())
	if leap != nil {
		furthest = now.AddDays(365)
	}
	switch {
	case err != nil:
		v.Wrong = []string{"month", "day", "year"}
		wrong("until", "household.error.until.real")
	case last.Before(now):
		v.Wrong = []string{"year"}
		wrong("until", "household.error.until.past")
	case last.After(furthest):
		v.Wrong = []string{"year"}
		wrong("until", "household.error.until.far", "Date", date(c, furthest))
	}
	return last
}

func (p *Portal) showInvite(c *web.Context, status int, v inviteView, problems ...ui.Problem) error {
	frame := page(c, c.T("household.invite"))
	frame.Path = "/household/helpers/new"
	frame.Back = &ui.Link{Label: c.T("household.title"), Href: "/household"}
	frame.Problems = problems
	return c.Render(status, invitePage(frame, v))
}

// helperView is one permission that the reader gave, and what was done with it.
type helperView struct {
	Path     string
	Name     string
	Tag      ui.Tag
	Rows     []ui.Row
	Waiting  bool   // nobody accepted it yet
	Code     string // for the member to tell the helper, "" where it is not shown
	CodeText string
	Sent     string // the invitation was sent a moment ago
	Revoke   bool   // it can be ended
	Log      ui.Table
}

// helpOf is the permission of the address, if a member of the reader's account gave it. Others are not found.
func (p *Portal) helpOf(c *web.Context) (member.Help, error) {
	help, err := member.GetHelp(c.R.Context(), p.DB.Read(), c.R.PathValue("helper"))
	if err != nil {
		return help, err
	}
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err == nil && !slices.Contains(who.Members, help.MemberID) {
		err = fault.New(fault.NotFound, "help.not_found")
	}
	return help, err
}

// helper shows a permission that the reader gave, and everything that was done with it.
func (p *Portal) helper(c *web.Context) error {
	help, err := p.helpOf(c)
	if err != nil {
		return err
	}
	return p.showHelper(c, help, "")
}

// helperCode shows the code that the member tells the helper. Each time it is a new one.
func (p *Portal) helperCode(c *web.Context) error {
	help, err := p.helpOf(c)
	if err != nil {
		return err
	}
	if help.State(c.Now) != member.HelpInvited {
		return c.Redirect(helperPath(help.ID))
	}
	code, err := p.Households.NewCode(c.R.Context(), c.Now, c.Who(), help)
	if err != nil {
		return err
	}
	return p.showHelper(c, help, code)
}

// revokeHelper ends a permission at once.
func (p *Portal) revokeHelper(c *web.Context) error {
	help, err := p.helpOf(c)
	if err != nil {
		return err
	}
	if err := p.Households.Revoke(c.R.Context(), c.Now, c.Who(), help); err != nil {
		return err
	}
	return c.Redirect("/household?done=revoked")
}

func (p *Portal) showHelper(c *web.Context, help member.Help, code string) error {
	state := help.State(c.Now)
	rows, err := p.helpRows(c, help, false)
	if err != nil {
		return err
	}
	v := helperView{Path: helperPath(help.ID), Name: help.Name, Rows: rows, Waiting: state == member.HelpInvited,
		Tag: ui.Tag{Text: c.T("household.state." + string(state))}, Revoke: state == member.HelpInvited || state == member.HelpLive}
	if state == member.HelpLive {
		v.Tag.Tone = ui.Success
	}
	if code != "" {
		v.Code, v.CodeText = code[:3]+" "+code[3:], c.T("household.code.tell", "Name", help.Name, "Date", c.Words.DateIn(help.ExpiresAt, c.Site.Brand.Zone()))
	}
	if c.R.URL.Query().Has("invited") && v.Waiting {
		v.Sent = c.T("household.invited.sent", "Name", help.Name)
	}
	if v.Log, err = p.helpLog(c, help); err != nil {
		return err
	}
	frame := page(c, help.Name)
	frame.Path = v.Path
	frame.Back = &ui.Link{Label: c.T("household.title"), Href: "/household"}
	return c.Render(http.StatusOK, helperPage(frame, v))
}

// helpRows says what a permission allows. brief names people as the helper sees them.
func (p *Portal) helpRows(c *web.Context, help member.Help, brief bool) ([]ui.Row, error) {
	people, err := member.ByIDs(c.R.Context(), p.DB.Read(), append(slices.Clone(help.For), help.MemberID))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, rowID := range help.For {
		name := people[rowID].Name()
		if brief {
			name = people[rowID].Brief()
		}
		if name == "" {
			name = c.T("bills.for.unnamed")
		}
		names = append(names, name)
	}
	kinds := c.T("household.kinds.both")
	switch {
	case !help.Premium:
		kinds = c.T("household.kinds.medical")
	case !help.Medical:
		kinds = c.T("household.kinds.premium")
	}
	limit := func(amount money.Cents) string {
		if amount == 0 {
			return c.T("household.limit.none")
		}
		return c.Words.Amount(amount)
	}
	month := ui.Row{Key: c.T("household.month_limit"), Value: limit(help.MonthLimit)}
	if help.MonthLimit > 0 && help.State(c.Now) == member.HelpLive {
		left, err := p.leftToHelp(c, help)
		if err != nil {
			return nil, err
		}
		month.Lines = []string{c.T("household.limit.left", "Left", left)}
	}
	return []ui.Row{
		{Key: c.T("household.for"), Value: c.Words.List(names)},
		{Key: c.T("household.kinds"), Value: kinds},
		{Key: c.T("household.payment_limit"), Value: limit(help.PaymentLimit)},
		month,
		{Key: c.T("household.last_day"), Value: date(c, help.LastDay)},
		{Key: c.T("household.sees"), Value: c.T("household.sees.money")},
	}, nil
}

// helpLog is everything that was done with a permission, newest first.
//
// words: household.log.*
func (p *Portal) helpLog(c *web.Context, help member.Help) (ui.Table, error) {
	t := ui.Table{Caption: c.T("household.log"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("household.log.when")}, {Label: c.T("household.log.what")}}}
	deeds, err := p.Households.Deeds(c.R.Context(), help)
	if err != nil {
		return t, err
	}
	numbers, err := p.billNumbers(c, deeds)
	if err != nil {
		return t, err
	}
	for _, d := range deeds {
		what := ui.Cell{Text: c.T("household.log." + d.What)}
		switch {
		case d.What == "looked" && d.BillID != "":
			what = ui.Cell{Text: c.T("household.log.looked_bill", "Number", numbers[d.BillID]), Href: "/bills/" + d.BillID}
			if numbers[d.BillID] == "" {
				what = ui.Cell{Text: c.T("household.log.looked_other")}
			}
		case d.What == "paid":
			what = ui.Cell{Text: c.T("household.log.paid", "Amount", d.Payment.Amount, "Number", id.Grouped(d.Payment.Confirmation), "State", stateName(c.Words, d.Payment)), Href: paymentPath(d.Payment)}
		case d.What == "ended" && help.EndedBy == "helper":
			what = ui.Cell{Text: c.T("household.log.left")}
		}
		t.Rows = append(t.Rows, []ui.Cell{{Text: moment(c, d.At)}, what})
	}
	return t, nil
}

// billNumbers are the numbers of the bills in a log, as far as the reader may see them.
func (p *Portal) billNumbers(c *web.Context, deeds []household.Deed) (map[string]string, error) {
	var ids []string
	for _, d := range deeds {
		if d.BillID != "" {
			ids = append(ids, d.BillID)
		}
	}
	scope, err := p.scope(c)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for chunk := range slices.Chunk(unique(ids), 200) {
		known, err := bill.ByIDs(c.R.Context(), p.DB.Read(), scope, chunk)
		if err != nil {
			return nil, err
		}
		for k, b := range known {
			out[k] = billNumber(b)
		}
	}
	return out, nil
}
