// Package harness runs the real binary for tests and for the pictures: it builds it once, starts its sub-commands on free
// ports with folders of their own, waits until they answer, keeps what they log, and ends or kills them.
//
// It knows the product only as a person at a terminal does: sub-commands, flags, environment, HTTP.
package harness
