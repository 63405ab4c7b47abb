// Package day holds civil dates (a day on a calendar, without a time or a zone) and the banking days of the Federal
// Reserve. It reads nothing and writes nothing: the holidays are computed by rule, for any year.
package day
