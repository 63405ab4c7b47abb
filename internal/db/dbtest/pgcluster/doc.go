// Package pgcluster starts and stops private PostgreSQL clusters for tests and benches: a data folder of its own, a free
// port on 127.0.0.1, no password, nothing shared with a PostgreSQL that may already run on the machine.
//
// The server refuses to run as root. Started by root, the cluster runs as the system user "postgres", which Debian's
// package makes. Nothing outside the folder it is given is written.
package pgcluster
