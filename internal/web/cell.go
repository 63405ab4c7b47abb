package web

import "strings"

// Cell is text from outside as it stands in a CSV file: a spreadsheet does not take it for a formula.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
