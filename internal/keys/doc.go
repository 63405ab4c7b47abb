// Package keys keeps every server on one keyset and changes it while they serve: rotation, taking old keys out, a new
// master key.
//
// It reads and writes the tables keyset and key_reader and the file keys.json, and seals the columns of other packages
// again, each row only where it is still what was read. The row in the database is the truth; keys.json is a copy of it,
// and what a database without that row begins with. Both are wrapped under the master key.
//
// A change is a new generation of the keyset. A key goes through three of them: it is added and opens only; once every
// server that runs has read that, it seals; once nothing it replaced is needed, the old key is taken out. A server that
// nobody has heard of for a while is not waited for: it looks before it seals again, and whatever it cannot open it looks
// up first.
package keys
