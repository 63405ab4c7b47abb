// Package household is who may act for whom, as verbs: a member finds their ID, an adult lets the person who pays for
// them see their care, a member lets a helper pay. Who that is and what it allows is kept by member; this package asks,
// tells and notes it down. It reads people, accounts and payments, writes member_id_request and help through member, and
// puts letters into the outbox. It moves no money.
package household
