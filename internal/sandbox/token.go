package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const tokenLife = 12 * time.Hour

// Form fields of the browser-facing token endpoint.
const (
	fieldNumber = "payment_method_data[card][number]"
	fieldMonth  = "payment_method_data[card][exp_month]"
	fieldYear   = "payment_method_data[card][exp_year]"
	fieldCVC    = "payment_method_data[card][cvc]"
	fieldZIP    = "payment_method_data[billing_details][address][postal_code]"
)

// Codes of a refused card field, which the card frame turns into its own words.
const (
	refuseUnknownCard = "sandbox_unknown_card"
	refuseNumber      = "incorrect_number"
	refuseMonth       = "invalid_expiry_month"
	refuseYear        = "invalid_expiry_year"
	refuseCVC         = "invalid_cvc"
	refuseZIP         = "invalid_zip"
)

// createToken turns card fields into a one-time token. The card number is looked up in the table and then forgotten.
func createToken(c *call) (any, error) {
	script, e := findCard(c.form.Get(fieldNumber))
	if e != nil {
		return nil, e
	}
	month, year, e := expiry(c.form.Get(fieldMonth), c.form.Get(fieldYear), c.now)
	if e != nil {
		return nil, e
	}
	cvc := c.form.Get(fieldCVC)
	if want := 3 + btoi(script.Brand == "amex"); len(cvc) != want || digitsOf(cvc) != cvc {
		return nil, refuse(refuseCVC, fieldCVC, "The security code has "+strconv.Itoa(want)+" digits.")
	}
	zip := strings.TrimSpace(c.form.Get(fieldZIP))
	if d := digitsOf(zip); zip != "" && len(d) != 5 && len(d) != 9 {
		return nil, refuse(refuseZIP, fieldZIP, "The ZIP code has 5 digits.")
	}
	follows := script.key
	if script.badZIP != "" && strings.HasPrefix(zip, "00000") {
		follows = script.badZIP
	}
	tok := &token{ID: newID("ctoken"), Object: kindToken, Created: c.now.Unix(), ExpiresAt: c.now.Add(tokenLife).Unix(),
		SetupFutureUsage: c.text("setup_future_usage"),
		PaymentMethodPreview: preview{Type: "card", AllowRedisplay: "unspecified",
			BillingDetails: billing{Address: address{PostalCode: c.text(fieldZIP)}},
			Card:           newCard(script, follows, month, year, zip != "")}}
	if err := c.t.put(record{ID: tok.ID, Kind: kindToken, Script: follows, Created: tok.Created, Body: tok}); err != nil {
		return nil, err
	}
	return tok, nil
}

func refuse(code, field, message string) *apiError {
	e := cardError("generic_decline")
	e.Code, e.DeclineCode, e.Param, e.Message, e.keep = code, "", field, message, false
	return e
}

func findCard(number string) (CardScript, *apiError) {
	script, known := cardByNumber[digitsOf(number)]
	switch {
	case !known:
		return script, refuse(refuseUnknownCard, fieldNumber, "This is a test system: use one of the test cards.")
	case script.key == numberWrong:
		return script, refuse(refuseNumber, fieldNumber, "The card number is not valid.")
	}
	return script, nil
}

func expiry(month, year string, now time.Time) (m, y int, e *apiError) {
	m, err := strconv.Atoi(month)
	if err != nil || m < 1 || m > 12 {
		return 0, 0, refuse(refuseMonth, fieldMonth, "The month is from 01 to 12.")
	}
	y, err = strconv.Atoi(year)
	if err == nil && y >= 0 && y < 100 {
		y += 2000
	}
	if err != nil || y < now.Year() || y > now.Year()+50 || (y == now.Year() && m < int(now.Month())) {
		return 0, 0, refuse(refuseYear, fieldYear, "The expiration date is in the past or too far ahead.")
	}
	return m, y, nil
}

// newCard is what the API shows of a card whose charges follow the script of that key.
func newCard(script CardScript, follows string, month, year int, zip bool) card {
	verdict := func(bad bool) *string {
		v := "pass"
		if bad {
			v = "fail"
		}
		return &v
	}
	display := script.Brand
	if display == "amex" {
		display = "american_express"
	}
	sum := sha256.Sum256([]byte(script.key))
	out := card{Brand: script.Brand, Country: "US", Description: script.detail, DisplayBrand: display, ExpMonth: month, ExpYear: year,
		Fingerprint: hex.EncodeToString(sum[:8]), Funding: script.funding, Last4: script.Number[len(script.Number)-4:],
		Network: script.Brand, Networks: map[string]any{"available": []string{script.Brand}, "preferred": nil},
		RegulatedStatus: "unregulated", ThreeDSecureUsage: map[string]any{"supported": script.Brand != "amex"},
		Checks: checks{CVCCheck: verdict(follows == "cvc_check")}}
	if zip {
		out.Checks.AddressPostalCodeCheck = verdict(follows == "zip_check")
	}
	return out
}

// useToken consumes a token for an intent or a setup intent and makes the payment method it stands for.
func (c *call) useToken(id, forIntent, forSetup string) (*method, CardScript, error) {
	tok, rec, err := load[token](c.t, kindToken, id)
	if err != nil {
		return nil, CardScript{}, err
	}
	if tok.PaymentIntent != nil || tok.SetupIntent != nil {
		return nil, CardScript{}, badRequest("token_already_used", kindToken, "This confirmation token has been used already.")
	}
	if c.now.Unix() >= tok.ExpiresAt {
		return nil, CardScript{}, badRequest("confirmation_token_expired", kindToken, "This confirmation token has expired.")
	}
	if forIntent != "" {
		tok.PaymentIntent = &forIntent
	} else {
		tok.SetupIntent = &forSetup
	}
	if err := c.t.put(*rec); err != nil {
		return nil, CardScript{}, err
	}
	p := tok.PaymentMethodPreview
	pm := &method{ID: newID("pm"), Object: kindMethod, AllowRedisplay: p.AllowRedisplay, BillingDetails: p.BillingDetails,
		Card: p.Card, Created: c.now.Unix(), Metadata: map[string]string{}, Type: "card"}
	return pm, cardByKey[rec.Script], c.saveMethod(pm, rec.Script)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
