package desk

import (
	"net/http"

	"memberpay/internal/chat"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
	"memberpay/internal/web/ui"
)

// repliesView is the ready answers, one of them being changed.
type repliesView struct {
	List []chat.Reply
	Edit chat.Reply
}

// replies lists the ready answers.
func (d *Desk) replies(c *web.Context) error {
	edit := chat.Reply{}
	if replyID := c.R.URL.Query().Get("edit"); replyID != "" {
		var err error
		if edit, err = d.Chats.GetReply(c.R.Context(), replyID); err != nil {
			return err
		}
	}
	return d.showReplies(c, http.StatusOK, edit)
}

func (d *Desk) showReplies(c *web.Context, status int, edit chat.Reply, problems ...ui.Problem) error {
	list, err := d.Chats.Replies(c.R.Context())
	if err != nil {
		return err
	}
	frame := page(c, c.T("chat.desk.replies.title"))
	frame.Path, frame.Problems = "/desk/replies", problems
	frame.Back = &ui.Link{Label: c.T("chat.desk.all"), Href: "/desk/chats"}
	return c.Render(status, repliesPage(frame, repliesView{List: list, Edit: edit}))
}

// saveReply keeps a ready answer, new or changed.
func (d *Desk) saveReply(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	r := chat.Reply{ID: c.R.PathValue("reply"), Title: c.Form("title"), En: c.Form("text_en"), Es: c.Form("text_es")}
	err := d.Chats.SaveReply(c.R.Context(), c.Now, who(c), r)
	if field, text, status, ok := talk.Problem(c, err); ok && err != nil {
		return d.showReplies(c, status, r, ui.Problem{Field: field, Text: text})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/replies")
}

// dropReply removes a ready answer.
func (d *Desk) dropReply(c *web.Context) error {
	if err := d.Chats.DropReply(c.R.Context(), c.Now, who(c), c.R.PathValue("reply")); err != nil {
		return err
	}
	return c.Redirect("/desk/replies")
}
