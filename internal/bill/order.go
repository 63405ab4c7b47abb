package bill

import "slices"

// order puts bills in the order people expect: what can be paid, longest due first, then what is on its way, then the
// settled ones, newest first.
func order(list []Bill) []Bill {
	rank := func(b Bill) int {
		switch {
		case b.Payable():
			return 0
		case b.State == Open:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b Bill) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		if rank(a) == 2 {
			return b.ServiceDate.Compare(a.ServiceDate)
		}
		if d := a.DueDate.Compare(b.DueDate); d != 0 {
			return d
		}
		return a.ServiceDate.Compare(b.ServiceDate)
	})
	return list
}
