// Package paymenttest is a small world for tests that pay: invented people and bills, a bank rail with folders of its
// own, a card processor that does what its tokens say, and a clock. Everything goes in and out by the product's own
// verbs, so whatever stands in the database afterwards got there as it does in production.
//
// It is imported by tests only.
package paymenttest
