// Package paper sets ready-made text on paper: accessible (tagged) PDF documents such as a receipt or a bill, and QR codes.
//
// It reads nothing but the strings it is given and writes nothing but bytes to the writer it is given. It knows neither
// bills nor payments, brands or languages: every word, amount and date arrives as finished text in the reader's language.
//
// What a document carries for people who listen to it rather than look at it: its title and language, a structure tree
// (headings, paragraphs, tables with header cells, figures with alternative text) in reading order, and real text. Page
// furniture (bands, rules, running heads, page numbers, repeated table heads) is marked as an artifact and is not read out.
//
// The same Document always gives the same bytes, as long as the program is built with the same Go version and modules:
// nothing is taken from the clock, the machine or chance. Write may be called from many goroutines at once.
//
// Text is set in Liberation Sans, which covers Latin (with Vietnamese), Greek, Cyrillic and Hebrew. A character it lacks
// is shown as a box, and the real character is kept beside it (ActualText) for copying, searching and screen readers.
package paper
