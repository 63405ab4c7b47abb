package sandbox

import "strings"

// CardScript is one test card: its number and what using it does. It is printed in the demo card.
type CardScript struct {
	Number string // digits only
	Brand  string // as the API says it: "visa", "mastercard", "amex", "discover"
	Label  string // a few words
	Does   string // one sentence

	key     string // how stored objects remember the card; the number itself is kept nowhere else
	funding string
	detail  string // the API's "description" of the card range
	decline string // decline code of every charge, after the challenge where there is one
	auth    bool   // the payer's bank wants a 3-D Secure challenge
	risk    string // risk level, "normal" where empty
	pace    pace
	news    news
	dispute string // reason of the dispute that follows success
	badZIP  string // key of the script followed where the ZIP code is 00000
}

// pace is how an answer to a confirmation arrives.
type pace int

const (
	paceInstant  pace = iota
	paceSlow          // takes Pace.Slow, then answers
	paceLostGood      // no answer within Pace.Hang; the money moves after Pace.Later
	paceLostBad       // no answer within Pace.Hang; declined after Pace.Later
)

// news is how the callbacks of a charge arrive.
type news int

const (
	newsOnce    news = iota
	newsTwice        // each callback is delivered three times
	newsSwapped      // the last comes first, the older one Pace.Reorder later
	newsFirst        // delivered before the confirmation is answered
)

// Cards returns every card number that the sandbox accepts, with what it does. Stripe's public test numbers keep
// their public meaning; numbers that begin with 4999 are the sandbox's own. Any other number is refused.
func Cards() []CardScript { return append([]CardScript(nil), cardTable...) }

// The account behaves as one that blocks payments whose security code or ZIP code check fails.
var cardTable = []CardScript{
	{Number: "4242424242424242", Brand: "visa", Label: "Visa", Does: "The payment succeeds.", key: "visa", funding: "credit"},
	{Number: "4000056655665556", Brand: "visa", Label: "Visa debit", Does: "The payment succeeds.", key: "visa_debit", funding: "debit"},
	{Number: "5555555555554444", Brand: "mastercard", Label: "Mastercard", Does: "The payment succeeds.", key: "mastercard", funding: "credit"},
	{Number: "2223003122003222", Brand: "mastercard", Label: "Mastercard (2-series)", Does: "The payment succeeds.", key: "mastercard_2", funding: "credit"},
	{Number: "5200828282828210", Brand: "mastercard", Label: "Mastercard debit", Does: "The payment succeeds.", key: "mastercard_debit", funding: "debit"},
	{Number: "5105105105105100", Brand: "mastercard", Label: "Mastercard prepaid", Does: "The payment succeeds.", key: "mastercard_prepaid", funding: "prepaid"},
	{Number: "378282246310005", Brand: "amex", Label: "American Express", Does: "The payment succeeds. The security code has 4 digits.", key: "amex", funding: "credit"},
	{Number: "6011111111111117", Brand: "discover", Label: "Discover", Does: "The payment succeeds.", key: "discover", funding: "credit"},
	{Number: "4999000000000013", Brand: "visa", Label: "HSA or FSA card", Does: "The payment succeeds with a health savings card.", key: "hsa", funding: "debit", detail: "Visa Healthcare HSA Debit"},

	{Number: "4000002500003155", Brand: "visa", Label: "3-D Secure", Does: "The bank asks to check it is you; Complete passes, Fail declines.", key: "auth_3155", funding: "credit", auth: true},
	{Number: "4000002760003184", Brand: "visa", Label: "3-D Secure every time", Does: "The bank asks each time; Complete passes, Fail declines.", key: "auth_3184", funding: "credit", auth: true},
	{Number: "4000000000003220", Brand: "visa", Label: "3-D Secure required", Does: "The bank asks to check it is you; Complete passes, Fail declines.", key: "auth_3220", funding: "credit", auth: true},
	{Number: "4000008400001629", Brand: "visa", Label: "3-D Secure, then declined", Does: "The bank asks, and declines even after Complete.", key: "auth_declined", funding: "credit", auth: true, decline: "generic_decline"},
	{Number: "4000008260003178", Brand: "visa", Label: "3-D Secure, then no money", Does: "The bank asks, then declines for insufficient funds.", key: "auth_funds", funding: "credit", auth: true, decline: "insufficient_funds"},

	{Number: "4000000000000002", Brand: "visa", Label: "Declined", Does: "Declined without a reason.", key: "declined", funding: "credit", decline: "generic_decline"},
	{Number: "4000000000009995", Brand: "visa", Label: "Insufficient funds", Does: "Declined: not enough money.", key: "funds", funding: "credit", decline: "insufficient_funds"},
	{Number: "4000000000009987", Brand: "visa", Label: "Lost card", Does: "Declined: reported lost.", key: "lost", funding: "credit", decline: "lost_card"},
	{Number: "4000000000009979", Brand: "visa", Label: "Stolen card", Does: "Declined: reported stolen.", key: "stolen", funding: "credit", decline: "stolen_card"},
	{Number: "4000000000000069", Brand: "visa", Label: "Expired card", Does: "Declined: the card has expired.", key: "expired", funding: "credit", decline: "expired_card"},
	{Number: "4000000000000127", Brand: "visa", Label: "Wrong security code", Does: "Declined: the security code is wrong.", key: "cvc", funding: "credit", decline: "incorrect_cvc"},
	{Number: "4000000000000101", Brand: "visa", Label: "Security code check fails", Does: "Blocked: the security code check fails.", key: "cvc_check", funding: "credit", decline: "incorrect_cvc"},
	{Number: "4000000000000036", Brand: "visa", Label: "ZIP check fails", Does: "Blocked: the ZIP code check fails.", key: "zip_check", funding: "credit", decline: "incorrect_zip"},
	{Number: "4000000000000119", Brand: "visa", Label: "Processing error", Does: "Declined: an error at the bank.", key: "processing", funding: "credit", decline: "processing_error"},
	{Number: "4000000000006975", Brand: "visa", Label: "Used too often", Does: "Declined: over the card's limit.", key: "velocity", funding: "credit", decline: "card_velocity_exceeded"},
	{Number: "4100000000000019", Brand: "visa", Label: "Always blocked", Does: "Blocked as fraud.", key: "blocked", funding: "credit", decline: "fraudulent", risk: "highest"},
	{Number: "4000000000004954", Brand: "visa", Label: "Highest risk", Does: "Blocked as fraud.", key: "highest", funding: "credit", decline: "fraudulent", risk: "highest"},
	{Number: "4000000000009235", Brand: "visa", Label: "Elevated risk", Does: "The payment succeeds and is marked as a risk.", key: "elevated", funding: "credit", risk: "elevated"},
	{Number: "4000000000000341", Brand: "visa", Label: "Saved, then declined", Does: "The card can be saved, but every charge is declined.", key: "attach_only", funding: "credit", decline: "generic_decline"},
	{Number: "4242424242424241", Brand: "visa", Label: "Wrong number", Does: "Refused in the form: the number is not valid.", key: numberWrong},

	{Number: "4000000000000259", Brand: "visa", Label: "Disputed", Does: "The payment succeeds and is disputed a moment later.", key: "dispute", funding: "credit", dispute: "fraudulent"},
	{Number: "4000000000002685", Brand: "visa", Label: "Disputed: not received", Does: "The payment succeeds and is disputed a moment later.", key: "dispute_service", funding: "credit", dispute: "product_not_received"},

	{Number: "4999000000000021", Brand: "visa", Label: "Slow", Does: "The payment succeeds after 5 seconds.", key: "slow", funding: "credit", pace: paceSlow},
	{Number: "4999000000000039", Brand: "visa", Label: "No answer, then paid", Does: "No answer comes within a minute; the money moves after 30 seconds.", key: "lost_good", funding: "credit", pace: paceLostGood},
	{Number: "4999000000000047", Brand: "visa", Label: "No answer, then declined", Does: "No answer comes within a minute; the bank declines after 30 seconds.", key: "lost_bad", funding: "credit", pace: paceLostBad, decline: "generic_decline"},
	{Number: "4999000000000054", Brand: "visa", Label: "Callbacks repeated", Does: "The payment succeeds; each callback arrives three times.", key: "twice", funding: "credit", news: newsTwice},
	{Number: "4999000000000062", Brand: "visa", Label: "Callbacks out of order", Does: "The payment succeeds; an older callback arrives after a newer one.", key: "swapped", funding: "credit", news: newsSwapped},
	{Number: "4999000000000070", Brand: "visa", Label: "Callback first", Does: "The payment succeeds; the callback arrives before the answer.", key: "news_first", funding: "credit", news: newsFirst},
	{Number: "4999000000000088", Brand: "visa", Label: "ZIP code matters", Does: "The payment succeeds, but ZIP code 00000 is declined.", key: "zip", funding: "credit", badZIP: "zip_check"},
}

const numberWrong = "wrong_number"

var (
	cardByNumber = index(func(c CardScript) string { return c.Number })
	cardByKey    = index(func(c CardScript) string { return c.key })
)

func index(by func(CardScript) string) map[string]CardScript {
	m := make(map[string]CardScript, len(cardTable))
	for _, c := range cardTable {
		m[by(c)] = c
	}
	return m
}

// digitsOf drops everything but digits.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
