// Package recovery lets people back into an account when they have lost a password, a passkey, a phone or the mailbox they
// signed in with. Whoever asks is told the same after the same work, whether or not there is an account: what they tell is
// noted, and looked up a moment later. The rules are a table (rules.go): a code sent to the sign-in address, or facts of
// the plan with a code sent to another contact on file, open an account that a password alone opens; every other account
// asks for a second proof that does not depend on the first, so that a stolen mailbox or a found bill opens none of them.
//
// Whoever had an address or phone before can take its change back for a while (undo.go).
//
// It reads and writes recovery and undo; accounts and their factors are identity's, people are member's.
package recovery
