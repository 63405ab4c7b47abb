package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"memberpay/internal/fault"
)

// answers maps kinds of error to statuses and to the words of the page: "fault.<word>.title" and ".body".
var answers = map[fault.Kind]struct {
	status int
	word   string
}{
	fault.Invalid:   {http.StatusUnprocessableEntity, "invalid"},
	fault.NotFound:  {http.StatusNotFound, "not_found"},
	fault.Conflict:  {http.StatusConflict, "conflict"},
	fault.SignIn:    {http.StatusUnauthorized, "sign_in"},
	fault.Forbidden: {http.StatusForbidden, "forbidden"},
	fault.Declined:  {http.StatusPaymentRequired, "declined"},
	fault.Busy:      {http.StatusTooManyRequests, "busy"},
	fault.Internal:  {http.StatusInternalServerError, "internal"},
}

// fail answers a request with the page of an error, once, and logs what only we should know.
func (s *Site) fail(c *Context, answer *recorder, err error) {
	kind := fault.KindOf(err)
	a := answers[kind]
	switch {
	case errors.Is(err, context.Canceled) && c.R.Context().Err() != nil:
		s.Log.Info("the reader went away", "route", c.Route)
	case kind == fault.Internal:
		s.Log.Error("request failed", "route", c.Route, "err", err)
	default:
		s.Log.Info("request refused", "route", c.Route, "kind", kind, "code", fault.CodeOf(err))
	}
	if answer.code != 0 {
		return // part of a page is out: nothing honest can follow it
	}
	var f *fault.Error
	if errors.As(err, &f) && f.Wait > 0 {
		answer.Header().Set("Retry-After", strconv.Itoa(int(f.Wait.Seconds())+1))
	}
	if err := s.Fail(c, a.status, a.word); err != nil {
		s.Log.Error("show the page of an error", "route", c.Route, "err", err)
	}
}
