// Package note is what staff write down about a member for each other: free text without card numbers, sealed, with author
// and time. A note never changes; a later one may strike an earlier one through, and both stay. It reads and writes
// member_note.
package note
