// Command bench measures what the product promises, on this machine, against limits measured in the same minutes.
//
//	go run ./test/bench [-members N] [-rounds N] [-seconds N] [-only start,pay,signin,page,chat,search,import,sqlite]
//
// It uses the PostgreSQL cluster that MEMBERPAY_TEST_POSTGRES names ("make bench" starts a private one that keeps every
// commit), or starts one itself. It seeds its own databases, builds and starts the real program, and runs every
// comparison in rounds, the limit and the product in turn, so that whatever else the machine does falls on both.
// Figures are medians of the rounds; targets are ratios where a ratio says more. It exits with 1 where a target is
// missed, and removes what it made.
//
// The limits are: for payments, the least transaction that could count as one, in one round trip (limit.sql, driven by
// pgbench at 8, 16 and 32 clients, the best of them); on SQLite, the same transaction in process, one commit for each;
// for pages, the server's own handler that says "ok"; for messages in chats while somebody floods one, the same messages a
// moment before.
package main
