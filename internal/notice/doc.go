// Package notice sends the letters of the outbox by e-mail: receipts, submitted bank payments, failures and returns.
// It reads payments and writes nothing but the outbox. A letter carries no clinical word, comes from the organisation's
// own address and links to its own site, where the payer shows who they are before anything opens.
package notice
