// Package identity says who is asking: accounts with a password, sessions of members and of guests who found their
// bill, and the limits on trying. It reads and writes account, account_member, session and rate_limit.
//
// A session's token lives in the browser's cookie only; the database holds its hash. A password is kept as argon2id.
// An unknown account and a wrong password take the same work and get the same answer.
package identity
