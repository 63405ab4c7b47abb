package help

// answers is the one table of which article answers what the pages say: why a card was declined, why a bank returned a
// payment, where a payment stands, and what went wrong. Its keys are those of the words on the pages.
var answers = map[string]string{
	"decline.abandoned":          "decline-identity-check",
	"decline.authentication":     "decline-identity-check",
	"decline.canceled":           "decline-technical",
	"decline.expired":            "decline-card-details",
	"decline.fraud":              "decline-safety",
	"decline.generic":            "decline-bank-said-no",
	"decline.insufficient_funds": "decline-not-enough",
	"decline.lost":               "decline-bank-said-no",
	"decline.not_permitted":      "decline-bank-said-no",
	"decline.number":             "decline-card-details",
	"decline.processing":         "decline-technical",
	"decline.security_code":      "decline-card-details",
	"decline.stolen":             "decline-bank-said-no",
	"decline.unreachable":        "decline-technical",
	"decline.velocity":           "decline-safety",
	"decline.zip":                "decline-card-details",

	"return.R01":   "return-not-enough",
	"return.R02":   "return-account",
	"return.R03":   "return-account",
	"return.R04":   "return-account",
	"return.R05":   "return-permission",
	"return.R07":   "return-permission",
	"return.R08":   "return-permission",
	"return.R09":   "return-not-enough",
	"return.R10":   "return-permission",
	"return.R11":   "return-permission",
	"return.R16":   "return-account",
	"return.R20":   "return-account",
	"return.R29":   "return-permission",
	"return.other": "bank-returned",

	"state.submitted":       "payment-states",
	"state.action_required": "bank-check",
	"state.unknown":         "payment-checking",
	"state.pending":         "how-long",
	"state.succeeded":       "confirmation",
	"state.failed":          "payment-declined",
	"state.canceled":        "cancel-payment",
	"state.returned":        "bank-returned",
	"state.disputed":        "dispute",
	"state.charged_back":    "dispute",
	"state.late":            "payment-states",
	"state.refunded":        "refund",

	"fault.invalid":   "page-problem",
	"fault.not_found": "page-problem",
	"fault.conflict":  "page-problem",
	"fault.sign_in":   "page-timed-out",
	"fault.forbidden": "page-problem",
	"fault.declined":  "payment-declined",
	"fault.busy":      "page-problem",
	"fault.internal":  "page-problem",

	"find.not_found": "cannot-find-bill",
	"findid.sent":    "lost-member-id",
	"signin.wrong":   "cannot-sign-in",
	"second.trouble": "no-code",
	"draft.over":     "page-timed-out",
	"card.scripts":   "card-fields-missing",
	"bill.wrong":     "bill-wrong",
	"recover.sent":   "no-code",
}

// Answer is the slug of the article for what a page says, "" where there is none.
func Answer(key string) string { return answers[key] }

// Answers are the slugs of all articles that pages lead to.
func Answers() map[string]string {
	out := map[string]string{}
	for key, slug := range answers {
		out[key] = slug
	}
	return out
}
