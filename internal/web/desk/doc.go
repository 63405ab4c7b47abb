// Package desk is the site of the people who work for the organisation, below /desk. Staff sign in with a passkey, with a
// password and an authenticator app, or with the organisation's own identity provider; nothing else is reachable with less.
// A member's record opens for a reason, which is noted down, and only a part of it is shown.
package desk
