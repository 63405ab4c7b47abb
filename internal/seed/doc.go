// Package seed fills an empty database with invented households, bills and payments, for benches and for looking at a
// large installation. Every row has the shape that the product's own verbs give it, so "memberpay verify" is clean
// afterwards and everything can go on from there: bills can be paid, payments can come back.
//
// Everything is drawn from the number of a block of 500 members, so the same number of members gives the same people,
// numbers, bills and histories on every machine; only the pay codes (whose key belongs to the installation) and sealed
// account numbers differ. A block is one transaction; a run that was stopped is continued where it stopped.
//
// It writes member, member_number, bill, allocation, payment, attempt, ach_entry, event, ledger_posting, and its own
// progress in setting. Names, places and telephone numbers are invented.
package seed
