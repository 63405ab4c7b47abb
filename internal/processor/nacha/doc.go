// Package nacha is the bank rail: debits from checking and savings accounts, sent to our own bank as NACHA files, and
// the bank's answers to them.
//
// The life of an entry: Prepare checks it and seals the account number, Enqueue stores it as queued in the payment's
// own transaction, Cut puts all queued entries into files (state filed), Deliver writes the files into the outbound
// folder, Receive reads the bank's answers from the inbound folder: settled, returned, or something for a person.
//
// It reads and writes the tables ach_entry, ach_file and ach_inbound, the rows "ach.*" of counter and lease, and adds
// rows to exception, exception_step and event. It knows nothing of bills, and learns nothing of payments but their ids: what an answer
// means to a payment is told by a callback that runs in the same transaction.
//
// It never debits twice: an entry leaves the state queued once, a file is stored before it is written, and a file that
// may have reached the bank is never written again. It never logs a name or an account number; account numbers and
// whole files stand sealed in the database.
package nacha
