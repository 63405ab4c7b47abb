// Package db opens the one database (SQLite or PostgreSQL), runs its migrations and hands out reads and transactions.
//
// Every feature writes one SQL text for both engines: PostgreSQL spelling, $1 placeholders, CAST instead of "::",
// times as BIGINT microseconds, days as TEXT. What differs between the engines stands in dialect.go and nowhere else.
//
// A query that should use a partial index repeats the index's condition word for word: PostgreSQL plans a statement once
// for all parameters and cannot see that a parameter is never "".
//
// SQLite runs in WAL mode with synchronous=FULL, one writing connection and a read-only pool. PostgreSQL runs at READ
// COMMITTED; rows are locked by updating them, parents first.
package db
