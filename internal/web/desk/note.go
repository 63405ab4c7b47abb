package desk

import (
	"net/http"
	"strconv"

	"memberpay/internal/fault"
	"memberpay/internal/member"
	"memberpay/internal/note"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// mostNotes of a member are shown.
const mostNotes = 50

// notePost keeps a note on a member whose record is open.
func (d *Desk) notePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	m, err := member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(c.R.Context(), c.Now, who(c), m.ID, "notes"); err != nil {
		return d.closed(c, m.ID, err)
	}
	_, found, err := d.Notes.Write(c.R.Context(), c.Now, who(c), m.ID, c.Form("text"), c.Form("strikes"))
	text := clipped(c.Form("text"), note.MaxText)
	if p, ok := problem(c, err); ok {
		return d.showRecord(c, http.StatusUnprocessableEntity, recordView{NoteText: text}, p)
	}
	if fault.CodeOf(err) == note.ErrStruck.Code {
		return d.showRecord(c, http.StatusConflict, recordView{NoteText: text}, ui.Problem{Field: "strikes", Text: c.T("desk.error.note.struck")})
	}
	if err != nil {
		return err
	}
	to := "/desk/members/" + m.ID
	if found > 0 {
		to += "?taken=" + strconv.Itoa(found)
	}
	return c.Redirect(to + "#notes")
}

// notes are the notes as the record shows them, and which of them a new one may strike through.
func (d *Desk) notes(c *web.Context, m member.Member) (moments []ui.Moment, strikes []ui.Option, err error) {
	list, names, err := d.notesOf(c, m, mostNotes)
	strikes = []ui.Option{{Value: "", Label: c.T("desk.note.strikes.none"), Checked: c.Form("strikes") == ""}}
	for _, n := range list {
		at := c.Words.DateTime(n.At, c.Site.Brand.Zone())
		x := ui.Moment{At: at, Kind: names[n.AuthorID], Text: n.Text, Struck: n.StruckBy != ""}
		if n.Strikes != "" {
			x.Lines = []string{c.T("desk.note.instead")}
		}
		moments = append(moments, x)
		if n.StruckBy == "" {
			strikes = append(strikes, ui.Option{Value: n.ID, Label: at + ", " + names[n.AuthorID] + ": " + beginning(n.Text), Checked: c.Form("strikes") == n.ID})
		}
	}
	return moments, strikes, err
}

// beginning is the first words of a text.
func beginning(s string) string {
	const most = 40
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}
