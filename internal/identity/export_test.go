package identity

// Matches reports whether a password made a hash.
var Matches = matches
