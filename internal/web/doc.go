// Package web is what every site of the product stands on: routes with their access, the session cookie, language,
// security headers, limits, logs and metrics of requests, and the one table from kinds of error to answers.
// It knows who is asking and nothing of bills.
package web
