// Package verify proves that the book balances. It reads every table that money passes through and writes none. Each
// rule is one statement that finds violations, so a database of any size is checked without holding it in memory.
package verify
