// Package intake brings bills in from other systems' files: FHIR R4 (bundles, single resources, NDJSON, gzip, folders)
// and the daily balance file (CSV).
//
// It reads files as streams, works out what a person owes by one written rule (responsibility.go), and hands people
// and bills to the packages that keep them. Every record gets an answer: billed, nothing due, needs review, skipped
// or refused, and every answer other than "billed" is a line in the report with file, place and reason.
//
// It never guesses an amount, never turns a Claim into a bill, never keeps social security, licence or passport
// numbers, and never holds a whole file in memory.
package intake
