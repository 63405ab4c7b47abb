// Package portal is the site where members and guests see their bills and pay them. A task is three files: what it does
// (pay.go), how it looks (pay.templ) and its test. routes.go lists every address, who may open it and what answers.
//
// Handlers read forms and call features; views take structs of ready-made values and know no request and no feature.
// Every form works without JavaScript; only the card processor's own frame needs it.
package portal
