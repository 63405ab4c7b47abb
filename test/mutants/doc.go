// Package mutants breaks the program on purpose, one owner check at a time, and asks the tests to notice. A check that
// could be removed without a failing test is a check that nobody holds.
package mutants
