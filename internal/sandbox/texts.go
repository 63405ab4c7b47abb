package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// DeadPhone is a number to which no text message can be delivered: the gateway refuses it for good.
const DeadPhone = "+15035550199"

// BusyPhone is a number for which the gateway is always too busy: it asks to try again later.
const BusyPhone = "+15035550198"

var dialable = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// takeText is the text gateway: it takes a message, keeps it for the mailbox and answers with its id. A message with a
// reference that it has taken before is not kept again.
func (s *Sandbox) takeText(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.cfg.TextToken)) != 1 {
		textProblem(w, http.StatusUnauthorized, "The token is not known.")
		return
	}
	var m struct{ To, From, Text, Reference string }
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<10))
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	switch {
	case err != nil:
		textProblem(w, http.StatusBadRequest, "The body is not JSON of at most 16 KiB.")
	case !dialable.MatchString(m.To):
		textProblem(w, http.StatusUnprocessableEntity, "to is not a phone number such as +15035550100.")
	case m.From == "" || m.Text == "" || m.Reference == "":
		textProblem(w, http.StatusUnprocessableEntity, "from, text and reference must be given.")
	case m.To == DeadPhone:
		textProblem(w, http.StatusUnprocessableEntity, "The number cannot be reached.")
	case m.To == BusyPhone:
		w.Header().Set("Retry-After", "60")
		textProblem(w, http.StatusServiceUnavailable, "Try again later.")
	default:
		id := newID("text")
		err := s.store.write(func(t *tx) error {
			if _, err := t.q.Exec(`INSERT INTO text_message (id, received, sender, rcpt, body, reference) VALUES ($1,$2,$3,$4,$5,$6)
ON CONFLICT (reference) DO NOTHING`, id, time.Now().UnixMicro(), m.From, m.To, m.Text, m.Reference); err != nil {
				return err
			}
			return t.q.QueryRow(`SELECT id FROM text_message WHERE reference = $1`, m.Reference).Scan(&id)
		})
		if err != nil {
			s.cfg.Log.Error("sandbox: keep text message", "error", err)
			textProblem(w, http.StatusInternalServerError, "The message could not be kept.")
			return
		}
		textAnswer(w, http.StatusOK, map[string]string{"id": id, "status": "accepted"})
	}
}

func textProblem(w http.ResponseWriter, status int, says string) {
	textAnswer(w, status, map[string]string{"error": says})
}

func textAnswer(w http.ResponseWriter, status int, v map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
