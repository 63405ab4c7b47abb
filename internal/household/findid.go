package household

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// Question is what somebody tells who looks for their member ID.
type Question struct {
	Given    string   `json:"given"`
	Family   string   `json:"family"`
	Birth    day.Date `json:"birth"`
	ZIP      string   `json:"zip"` // five digits
	Language string   `json:"language"`
}

// AskID notes a question for a member ID. It looks nobody up: whoever asks, and whoever is asked about, it does the same
// work. AnswerIDs answers a moment later, to the person asked about and to nobody else.
func (h *Households) AskID(ctx context.Context, now time.Time, q Question, who audit.Who) error {
	requestID := id.New("idr")
	text, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("ask for a member ID: %w", err)
	}
	sealed, err := h.Seal.Seal(text, askedPlace(requestID))
	if err != nil {
		return fmt.Errorf("ask for a member ID: %w", err)
	}
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Later(ctx, "ask for a member ID", "INSERT INTO member_id_request (id, asked_sealed, created_at) VALUES ($1, $2, $3)",
			requestID, sealed, db.Micros(now)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "member_id.requested", requestID, ""))
	})
	if err != nil {
		return fmt.Errorf("ask for a member ID: %w", err)
	}
	return nil
}

func askedPlace(requestID string) string { return requestAsked.Place(requestID) }

// answersAtOnce is how many questions one round answers.
const answersAtOnce = 50

// AnswerIDs answers the questions that wait, and returns how many. Where exactly one person is meant, their member ID goes
// to the e-mail address on file, else to the phone, else in a letter to the home address; in every other case nothing is
// sent. A question that cannot be read
// is dropped.
func (h *Households) AnswerIDs(ctx context.Context) (answered int, err error) {
	var list []string
	err = db.Each(ctx, h.DB.Read(), "SELECT id FROM member_id_request ORDER BY created_at, id LIMIT $1", []any{answersAtOnce}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		list = append(list, s)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("answer who asked for a member ID: %w", err)
	}
	for _, requestID := range list {
		if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.answerID(ctx, tx, requestID) }); err != nil {
			return answered, fmt.Errorf("answer who asked for a member ID: %w", err)
		}
		answered++
	}
	return answered, nil
}

func (h *Households) answerID(ctx context.Context, tx *db.Tx, requestID string) error {
	var sealed []byte
	err := tx.QueryRowContext(ctx, "DELETE FROM member_id_request WHERE id = $1 RETURNING asked_sealed", requestID).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // another process has answered
	}
	if err != nil {
		return err
	}
	now := h.Now()
	entry := audit.Entry{At: now, Role: audit.System, Action: "member_id.not_sent", Subject: requestID}
	var q Question
	var message []event.Message
	text, err := h.Seal.Open(sealed, askedPlace(requestID))
	if err == nil {
		err = json.Unmarshal(text, &q)
	}
	if err != nil {
		h.Log.Error("a question for a member ID cannot be read", "request", requestID, "err", err)
		entry.Detail = "unreadable"
	} else if message, err = h.idLetter(ctx, tx, now, requestID, q, &entry); err != nil {
		return err
	}
	if err := h.Outbox.Tell(ctx, tx, now, message...); err != nil {
		return err
	}
	return audit.Append(ctx, tx, entry)
}

// idLetter finds who is meant and writes the letter to them, none where there is nobody to write to. It says in the
// entry what it did.
func (h *Households) idLetter(ctx context.Context, tx *db.Tx, now time.Time, requestID string, q Question, entry *audit.Entry) ([]event.Message, error) {
	found, err := member.ByBirthAndZIP(ctx, tx, q.Birth, q.ZIP)
	if err != nil {
		return nil, err
	}
	var meant []member.Member
	for _, m := range found {
		if m.Named(q.Given, q.Family) {
			meant = append(meant, m)
		}
	}
	if len(meant) != 1 {
		entry.Detail = fmt.Sprintf("%d matches", len(meant))
		return nil, nil
	}
	m := meant[0]
	entry.Member = m.ID
	to, err := h.onFile(ctx, tx, now, m)
	if err != nil {
		return nil, err
	}
	if to.Recipient == "" {
		entry.Detail = "no contact"
		return nil, nil
	}
	if to.Language == "" {
		to.Language = q.Language
	}
	limit := identity.FindIDMember
	if to.Channel == event.Print {
		limit = identity.FindIDLetter
	}
	err = identity.AllowIn(ctx, tx, now, limit, m.ID)
	if fault.Is(err, fault.Busy) {
		entry.Detail = "sent often today"
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entry.Action, entry.Detail = "member_id.sent", to.Channel
	return []event.Message{letter.New(letter.MemberID{MemberID: m.MemberID}, requestID, to)}, nil
}

// onFile is where a member is reached by what the plan has on file: by e-mail, else by a text where texts are sent, else
// by a letter where letters are printed. A child without any of them is reached through who pays for them. Nobody writes to the dead.
func (h *Households) onFile(ctx context.Context, q db.Queryer, now time.Time, m member.Member) (letter.To, error) {
	to := h.reach(m)
	if to.Recipient == "" && m.Minor(day.Of(now, time.UTC)) && !m.Self() {
		payer, err := member.Get(ctx, q, m.GuarantorID)
		if err != nil {
			return to, err
		}
		to = h.reach(payer)
	}
	return to, nil
}

func (h *Households) reach(m member.Member) letter.To {
	switch {
	case m.Deceased:
	case identity.ValidEmail(m.Email):
		return letter.To{Channel: event.Mail, Recipient: m.Email, Language: m.Language}
	case h.CanText && m.TextNumber() != "":
		return letter.To{Channel: event.Text, Recipient: m.TextNumber(), Language: m.Language}
	case h.CanPrint:
		return letter.To{Channel: event.Print, Recipient: letter.Address{Name: m.Name(), Lines: m.Address()}.String(), Language: m.Language}
	}
	return letter.To{}
}

// SendID sends a member (row id) their member ID to the contact on file, for one of the staff to whom they proved who they
// are, or nothing where there is none or where it was sent too often today. It returns how it travels, event.Mail or
// event.Text, and the address, masked; both "" where nothing is sent.
func (h *Households) SendID(ctx context.Context, now time.Time, who audit.Who, memberID string) (channel, masked string, err error) {
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := member.Get(ctx, tx, memberID)
		if err != nil {
			return err
		}
		entry := who.Did(now, "member_id.not_sent", id.New("idr"), m.ID)
		to, err := h.onFile(ctx, tx, now, m)
		if err != nil {
			return err
		}
		if to.Recipient != "" {
			if err = identity.AllowIn(ctx, tx, now, identity.FindIDMember, m.ID); fault.Is(err, fault.Busy) {
				to.Recipient, entry.Detail, err = "", "sent often today", nil
			}
			if err != nil {
				return err
			}
		}
		channel, masked = "", ""
		if to.Recipient != "" {
			channel, masked = to.Channel, identity.MaskEmail(to.Recipient)
			if channel == event.Text {
				masked = identity.MaskPhone(to.Recipient)
			}
			entry.Action, entry.Detail = "member_id.sent", to.Channel
			if err := h.Outbox.Tell(ctx, tx, now, letter.New(letter.MemberID{MemberID: m.MemberID}, entry.Subject, to)); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, entry)
	})
	if err != nil {
		return "", "", fmt.Errorf("send a member ID: %w", err)
	}
	return channel, masked, nil
}

// OnFile is where SendID would send, masked; both "" where a member has no contact on file.
func (h *Households) OnFile(ctx context.Context, now time.Time, m member.Member) (channel, masked string, err error) {
	to, err := h.onFile(ctx, h.DB.Read(), now, m)
	switch {
	case err != nil || to.Recipient == "":
		return "", "", err
	case to.Channel == event.Text:
		return to.Channel, identity.MaskPhone(to.Recipient), nil
	}
	return to.Channel, identity.MaskEmail(to.Recipient), nil
}
