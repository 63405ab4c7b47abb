package letter

import "time"

// KindCaseNews is the kind of CaseNews.
const KindCaseNews = "case_news"

// CaseEvent is what happened to a case.
type CaseEvent string

// The events that are told. Each has its sentences in the catalogs, "letter.case.EVENT".
const (
	CaseOpened   CaseEvent = "opened"
	CaseAnswered CaseEvent = "answered"
	CaseClosed   CaseEvent = "closed"
)

// CaseNews tells that a case was opened, answered or closed, and never what stands in it.
type CaseNews struct {
	What   CaseEvent `json:"what"`
	Number string    `json:"number"`
	CaseID string    `json:"case_id"`
	Due    time.Time `json:"due"` // until when it is answered, with CaseOpened
}

func (CaseNews) kind() string     { return KindCaseNews }
func (CaseNews) until() time.Time { return time.Time{} }
