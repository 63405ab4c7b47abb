// Package cases is what becomes of "This bill is wrong" and "I cannot pay this": a numbered case that somebody of the staff
// owns, with a day by which it is answered, messages between both, and an end. Whoever says the one of a bill after the other
// adds it to the case that is open. While it is open its bill is held
// (bill.Hold): nobody reminds, charges or hands it to an agency.
//
// It reads and writes bill_case and bill_case_message, holds bills, puts letters into the outbox and entries into the audit
// log. It decides nothing about the bill: a correction comes in by the feed of bills. It never moves money.
package cases
