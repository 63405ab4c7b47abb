// Package dossier writes everything that is kept about the owner of an account into one JSON document, for them to take
// away: docs/account-data.md describes it. It reads accounts, members, bills, payments, consents and the audit log, and
// writes nothing. It holds what its reader may see on the pages, no more: no care of others that they may not know, no
// way to pay of anybody else.
package dossier
