// Package stripe charges cards through Stripe's API, by the stripe-go library. It implements processor.Cards and
// processor.BrowserForms.
//
// It reads and writes nothing but HTTP: it keeps no state, and knows nothing of bills. It never sees a card number,
// an expiration date or a security code: those go from Stripe's frame to Stripe, and come back as a one-time
// confirmation token. It never repeats a request by itself: whether a lost answer is asked again is the caller's
// decision, and asking again is done by Status, which moves no money.
//
// The page's card fields must be made with payment method types ["card"], because charges are opened for cards only.
package stripe
