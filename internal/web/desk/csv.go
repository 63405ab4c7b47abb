package desk

import (
	"encoding/csv"

	"memberpay/internal/web"
)

// file begins an answer that is a file for spreadsheets with its first row. What people typed goes through web.Cell.
func file(c *web.Context, name string, head ...string) *csv.Writer {
	h := c.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	out := csv.NewWriter(c.W)
	out.Write(head) // an error stays until the end
	return out
}
