// Package ledger is the double-entry book. It reads and writes ledger_posting and nothing else, and knows nothing of
// bills: a bill, a payment and a member are only the names a posting carries.
//
// A posting moves one positive amount from a credit account to a debit account, so an entry sums to zero by its shape
// and no entry can be written that does not. Postings are never changed; a correction is a new entry. No balance row
// exists, so no two payments ever wait for each other here: balances are sums over an index.
//
// The accounts, per billing entity (payee):
//
//	receivable    what members owe, bill by bill      debit when billed, credit when paid
//	billed        the other side of receivable        what billing systems told us to collect
//	credit        unapplied money of a member         ours to apply or give back
//	card_clearing money on its way from the card processor
//	bank_transit  bank debits that are good money, not yet matched to a deposit
//	dispute       money taken back by a cardholder's bank while the case is open
package ledger
