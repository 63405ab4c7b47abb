package payment

// CanBecomeAll is the transition table as tests read it: every state and what may follow.
func CanBecomeAll() map[State][]State {
	out := map[State][]State{}
	for from, next := range transitions {
		for to := range next {
			out[from] = append(out[from], to)
		}
	}
	return out
}
