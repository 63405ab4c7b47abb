// Package demo holds the invented world of "memberpay demo": a plan's FHIR data, a billing system's balance file and the
// people who may sign in. Its days are counted from today, so the bills are always fresh. Nobody in it exists.
package demo
