// Package notice sends what the outbox holds: by e-mail, as text messages and as printed letters. It reads payments, finds
// the words in the reader's language, and writes nothing but the outbox and the print folder.
//
// No letter holds a clinical word. Each comes from the organisation's own address or number, says how to check that it is
// genuine, and links to the organisation's own site only, where people show who they are before anything opens.
//
// payment.go and account.go make the words; mail.go, text.go and print.go carry them. Limits: a letter that cannot be
// sent is tried again after growing pauses, for about two days; a code is not sent after it has run out.
package notice
