// Package caller finds out that somebody who calls, or stands in an office, is the member they say they are. Staff open a
// call, type what the caller says, and learn for each fact whether it matches and nothing else. Enough matches make a
// verification, which holds for a short time, in one call, for one of the staff; others ask Verified before they do what
// only a member may ask for. It reads and writes phone_call, caller_check and caller_verification, and reads members,
// bills and payments. What callers say is never kept.
package caller
