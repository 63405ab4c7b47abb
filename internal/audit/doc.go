// Package audit keeps who did what: every sign-in, change, look at a member's record and verb of money, with when, from
// where and why. Entries are written in the transaction of the thing itself, once, and never changed or removed.
//
// Behind the entries grows a Merkle tree. Sealing runs in the background: it takes committed entries that are not in the
// tree yet, gives them their sequence numbers, appends their hashes and signs a checkpoint. So no transaction waits for a
// chain, and yet an entry that is changed, removed or slipped in afterwards shows: Verify names it.
package audit
