// Package identity says who is asking and what they may do: accounts of members and staff with their passkeys, passwords
// and second factors, sessions of them and of guests who found their bill, the permission table, and the limits on
// trying. It reads and writes account, account_member, contact_point, totp, passkey, ceremony, recovery_code,
// one_time_code, device, known_browser, session and rate_limit.
//
// A session's token lives in the browser's cookie only; the database holds its hash. A password is kept as argon2id.
// An unknown account and a wrong password take the same work and get the same answer.
package identity
