// Package processortest holds one conformance suite for every card processor, and a way to start the sandbox for it.
//
// It is imported by tests only. Exercise is written against processor.Cards and Tokens: it knows what must be true of
// any processor, and nothing of Stripe. Sandbox and Mint know how the sandbox is reached.
package processortest
