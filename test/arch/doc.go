// Package arch holds the order of the packages: which may import which. Its tests read the imports that the code really
// has, fail on any that table_test.go does not list, and keep the picture in docs/architecture.md drawn from that table.
package arch
