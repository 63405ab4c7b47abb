// Package sandbox is the world outside Memberpay, for the demo and for tests: a card processor that speaks the subset
// of Stripe's HTTP API that the product uses, a bank that reads NACHA files and answers with settlements and returns,
// a mailbox that accepts mail, a gateway that accepts text messages, and a look at the letters that wait to be printed.
//
// It reads requests on its own listener, NACHA files in its outbound folder and mail on its SMTP listener. Text messages
// come as POST /sms and lie in the mailbox beside the mail. It writes
// its own SQLite database (everything is durable before it is answered), return and settlement files in its inbound
// folder, and signed callbacks to the product. It never imports a feature of the product and never moves real money:
// any card number that is not in the table of Cards is refused.
//
// What it says happened is kept in its own book (GET /book/...), so that a test can compare the product's ledger with
// the truth outside.
//
// Sizes and limits: request bodies up to 256 KiB, mail up to Config.MaxMail, lists up to 100 objects a page.
package sandbox
