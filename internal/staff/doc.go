// Package staff is who works for the organisation and what they may open: people with a role, the invitations that make
// them, members' records that are open to one of them for a reason, a right taken in an emergency, and sign-in with the
// organisation's own identity provider. It reads and writes staff, staff_invitation, broken_glass, record_opening and
// sso_attempt; accounts and sessions are identity's. Every verb is noted in the audit log, in its own transaction.
package staff
