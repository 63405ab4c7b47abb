package ui

import "encoding/json"

// Passkey is a button that makes a passkey or signs in with one. There is one on a page at most; a Problem with the field
// "passkey" links to it.
type Passkey struct {
	Action   string          // where the form goes
	Create   bool            // make one; else sign in
	Ceremony string          // as BeginPasskey or BeginPasskeySignIn gave it
	Options  json.RawMessage // as they gave it; empty where there are no passkeys
	Button   Button          // Label, Kind and What count
	Autofill bool            // sign-in: offer passkeys in the field with autocomplete="username webauthn" too
	Fields   []Hidden        // further answers that are not shown
	Without  string          // says what to do in a browser without passkeys; "" says nothing
}

// Hidden is an answer that a form carries and does not show.
type Hidden struct{ Name, Value string }

func (k Passkey) does() string {
	if k.Create {
		return "create"
	}
	return "get"
}

// words chooses between the keys of a sentence about signing in and one about making a passkey.
func (k Passkey) words(get, create string) string {
	if k.Create {
		return create
	}
	return get
}
