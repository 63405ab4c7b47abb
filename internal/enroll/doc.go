// Package enroll is the way of a member to an account: found by a number, a date of birth and a ZIP code, they prove that
// it is them with a code that goes to a contact on file, or that a letter or the desk gave them; then they choose a sign-in
// address and how to sign in. It reads and writes enrollment; through identity it opens accounts, through member it
// reads people, through payment it puts what was paid as a guest into the new account. Nobody has an account before
// they asked for one.
//
// An enrollment belongs to one browser: its token is in a cookie, and without it neither the address nor a code opens
// anything. It can be left and taken up again for a day. What a code proved is good for a shorter time, because the next
// person at a shared computer has the cookie too.
package enroll
