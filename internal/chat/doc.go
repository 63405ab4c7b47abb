// Package chat keeps conversations between members or guests and the desk: what was said, in order and once, who answers,
// who waits, what was read. It reads and writes the chat tables and puts letters into the outbox. Text, names and files lie
// sealed. It knows no bill and no payment, opens nobody's record, and never keeps a card number: what looks like one is
// taken out before anything is written.
//
// Whoever shows a conversation live asks the Hub to be woken and then reads what is new from the tables, so a lost wake-up,
// a slow reader, a restart or another node cost a moment and never a message.
package chat
