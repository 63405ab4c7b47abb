// Package fault names what went wrong in a way that pages, the API and logs can each use.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what class of trouble it is; each site maps a Kind to a status once.
type Kind string

const (
	Invalid   Kind = "invalid"   // the request is wrong; Field says where
	NotFound  Kind = "not_found" // it does not exist, or it is not yours
	Conflict  Kind = "conflict"  // the world changed meanwhile; look again
	SignIn    Kind = "sign_in"   // nobody is signed in, or the session ended
	Forbidden Kind = "forbidden" // signed in, but not allowed
	Declined  Kind = "declined"  // the bank or card processor said no
	Busy      Kind = "busy"      // try again after Wait
	Internal  Kind = "internal"  // our fault
)

// Error is the one error type that crosses a package border on purpose.
type Error struct {
	Kind  Kind
	Code  string        // stable word for the API and translation key, for instance "payment.over_due"
	Field string        // form field it belongs to, or ""
	Wait  time.Duration // Busy only: when to try again
	cause error         // logged, never shown
}

func (e *Error) Error() string {
	s := string(e.Kind) + ": " + e.Code
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// New makes an Error without a cause.
func New(kind Kind, code string) *Error { return &Error{Kind: kind, Code: code} }

// Field makes an Invalid error that belongs to one form field.
func Field(field, code string) *Error { return &Error{Kind: Invalid, Code: code, Field: field} }

// Wrap makes an Error with a cause that is logged and never shown.
func Wrap(kind Kind, code string, cause error) *Error {
	return &Error{Kind: kind, Code: code, cause: cause}
}

// BusyFor asks the caller to come back after wait.
func BusyFor(code string, wait time.Duration) *Error {
	return &Error{Kind: Busy, Code: code, Wait: wait}
}

// KindOf returns the Kind of err: Internal for an error of any other type, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the Code of err, or "internal".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Internalf wraps an unexpected error with what was being done.
func Internalf(format string, args ...any) error { return fmt.Errorf(format, args...) }
