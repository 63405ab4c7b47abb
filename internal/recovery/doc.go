// Package recovery lets people back into an account when they have lost a password, a passkey or a phone. Whoever asks is
// told the same, whether or not there is an account. A code sent to the sign-in address is enough for an account that a
// password alone opens; every other account asks for a second proof too, so that a stolen mailbox opens none of them. It
// reads and writes recovery; accounts and their factors are identity's.
package recovery
