// Package member keeps people: who they are, the numbers ever printed for them, and who pays for whom (the guarantor).
// It reads and writes member and member_number. It knows no bills and moves no money.
package member
