// Package callrequest is what becomes of "Please call me": somebody names a number, what it is about, and a slot of the
// opening hours; one of the staff takes it, calls, and notes what came of it.
//
// It reads and writes call_request and call_slot, puts letters into the outbox and entries into the audit log. It knows no
// hours by itself: the slots come from the brand. It never tells anybody who a caller is: that is package caller's.
package callrequest
