// Package e2e tests the real binary from outside: journeys in a real browser, a server that is killed at random points
// under load, many payers at once. Every test has its own processes, database and folders.
package e2e
