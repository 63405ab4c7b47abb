// Package words holds every sentence a person reads, in English and Spanish.
//
// The catalogs are the JSON files in en/ and es/, one file per area of the product (shell, home, find, bills, pay,
// after, mail, errors). Each file is one flat object, sorted by key: a key is dotted and lower case, a value is the
// sentence, or an object with "one" and "other" where the sentence depends on a count. A name in double braces,
// {{.Amount}}, is filled in by the caller. A catalog carries no markup: pages escape what they print.
//
//	w := catalog.For("es")
//	w.T("pay.review.title")                                  // Revise su pago
//	w.T("pay.button", "Amount", money.Cents(12345))          // Pagar $123.45
//	w.N("bills.count", 3)                                    // 3 facturas
//
// To add a sentence: put the key in the same file of both languages and use it as a literal, w.T("area.key"). Where the
// last part is only known at run time write w.T("decline." + reason); where the key is put together elsewhere, name its
// prefix in a comment of the form
//
//	// words: decline.* return.*
//
// `go run ./internal/words/check` (part of `make build`) refuses a key that is missing in a language, placeholders that
// differ between languages, and a key nobody uses.
//
// The package reads only its embedded files and writes nothing. It knows nothing of pages, bills or brands.
package words
