// Package walker is a browser without a screen for tests that need many payers at once: cookies, links, forms. It finds
// everything as people do, by headings, labels and the words on buttons, and runs no script.
package walker
