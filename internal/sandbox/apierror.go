package sandbox

import "net/http"

// apiError is an error in the shape the API answers with.
type apiError struct {
	status int
	keep   bool // the request had an effect that stays (a declined charge)

	Type          string  `json:"type"`
	Code          string  `json:"code,omitempty"`
	DeclineCode   string  `json:"decline_code,omitempty"`
	Message       string  `json:"message"`
	Param         string  `json:"param,omitempty"`
	Charge        string  `json:"charge,omitempty"`
	PaymentIntent any     `json:"payment_intent,omitempty"`
	PaymentMethod *method `json:"payment_method,omitempty"`
}

func (e *apiError) Error() string { return e.Type + " " + e.Code + ": " + e.Message }

func badRequest(code, param, message string) *apiError {
	return &apiError{status: http.StatusBadRequest, Type: "invalid_request_error", Code: code, Param: param, Message: message}
}

func missing(what, id string) *apiError {
	e := badRequest("resource_missing", "id", "No such "+what+": '"+id+"'")
	e.status = http.StatusNotFound
	return e
}

func locked() *apiError {
	return &apiError{status: http.StatusConflict, Type: "invalid_request_error", Code: "lock_timeout",
		Message: "This object is being worked on by another request. Try again later."}
}

func unavailable() *apiError {
	return &apiError{status: http.StatusServiceUnavailable, Type: "api_error", Message: "The sandbox is paused."}
}

// cardError is the answer to a card that the bank or the processor refuses.
func cardError(decline string) *apiError {
	code := declineCodes[decline]
	if code == "" {
		code = "card_declined"
	}
	e := &apiError{status: http.StatusPaymentRequired, keep: true, Type: "card_error", Code: code, Message: declineWords[code]}
	if code == "card_declined" || code == decline {
		e.DeclineCode = decline
	}
	return e
}

// declineCodes holds the decline codes that are an error code of their own; all others come as card_declined.
var declineCodes = map[string]string{
	"expired_card":     "expired_card",
	"incorrect_cvc":    "incorrect_cvc",
	"incorrect_zip":    "incorrect_zip",
	"incorrect_number": "incorrect_number",
	"processing_error": "processing_error",
	"authentication":   "payment_intent_authentication_failure",
}

var declineWords = map[string]string{
	"card_declined":                         "The card was declined.",
	"expired_card":                          "The card has expired.",
	"incorrect_cvc":                         "The card's security code is incorrect.",
	"incorrect_zip":                         "The card's ZIP code is incorrect.",
	"incorrect_number":                      "The card number is incorrect.",
	"processing_error":                      "An error occurred while processing the card.",
	"payment_intent_authentication_failure": "The payer could not be authenticated.",
}
