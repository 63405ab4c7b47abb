// Package payment takes money and returns it: submit, charge, record, cancel, and the sweep that asks for lost answers.
// It reads and writes payment, attempt, callback, saved_card, processor_customer, exception and exception_step; bills change
// through package bill, bank entries through package nacha, and both in the same transaction as the payment.
//
// The way of one payment:
//
//	submit.go   one transaction: the payment, its reservations, its attempt or bank entry. Repeats get the first answer.
//	charge.go   the card processor is asked, outside any transaction. A lost answer is the state unknown.
//	record.go   the only door for a change of state: transition table, bills, book, event, message, one transaction.
//	sweep.go    attempts without an outcome are asked after by our own reference. The sweep never charges.
//
// Callbacks, results from the bank, a payer's return from a challenge and the sweep all come in through record.
package payment
