// Package bill keeps what is owed: bills and their lines, what is reserved by payments on their way, and what payments
// have been applied. It reads and writes bill and allocation, and posts to the book.
//
// The billing system stays master of what a bill is worth; this package is master of what was paid here. A bill that
// shrinks below what was paid turns the rest into the member's credit; it is never lost and never negative.
//
// It never moves money, never reads a payment and never removes a bill.
package bill
