package payment

import (
	"regexp"
	"strconv"
	"strings"

	"memberpay/internal/processor/nacha"
)

// What the details of exceptions say. The words are kept: who reads them finds the parts again (Said).
const (
	saidAmount     = "we asked for %s, the processor says %s"
	saidHeld       = "it is %s now, while refunds of %s are under way"
	saidTwice      = "it is %s now, after refunds of %s"
	saidDispute    = "news of a dispute (%s) while the payment is %s"
	saidAnswer     = "a dispute began, and wants an answer"
	saidLate       = "the money arrived after the payment was recorded as %s"
	saidUnsent     = "the notice of a debit by telephone cannot be sent, and the debit waits: note where the consent is recorded, or cancel it"
	saidNoAnswer   = "the processor cannot say what became of charge %s"
	saidGone       = "the payment's money went back before it was sent"
	saidRefused    = "the processor refused it: %s"
	saidLateRefund = "the refund went out after it was recorded as failed"
	saidBeyond     = "%s went back, and only %s of the payment was still here"
	saidBack       = "the money came back to us on %s: %s"
	saidTardy      = "the processor does not say what became of the refund; it is %s"
	saidForeign    = "refund %s of %s was made at the processor"
)

// details is what stands in each of these texts, in turn.
var details = []struct {
	text  string
	parts []string
}{
	{saidAmount, []string{"asked", "says"}}, {saidHeld, []string{"state", "held"}}, {saidTwice, []string{"state", "refunded"}},
	{saidDispute, []string{"news", "state"}}, {saidAnswer, nil}, {saidLate, []string{"state"}}, {saidUnsent, nil}, {saidNoAnswer, []string{"charge"}},
	{saidGone, nil}, {saidRefused, []string{"reason"}}, {saidLateRefund, nil}, {saidBeyond, []string{"went", "here"}},
	{saidBack, []string{"day", "reason"}}, {saidTardy, []string{"refund_state"}}, {saidForeign, []string{"refund", "went"}},
}

// detailForms find the texts of details.
var detailForms = func() (out []*regexp.Regexp) {
	for _, d := range details {
		out = append(out, regexp.MustCompile(`(?s)^`+strings.ReplaceAll(regexp.QuoteMeta(d.text), "%s", "(.*?)")+`$`))
	}
	return out
}()

// Said is one part of what an exception says.
type Said struct{ Name, Value string }

// Said returns what the detail of an exception says, part by part: amounts of money as they are written, times in UTC, states
// by their name. A text that nothing is known of is returned whole.
func (e Exception) Said() (parts []Said, other string) {
	if strings.HasPrefix(e.Kind, "ach.") {
		return saidByBank(e.Detail)
	}
	for i, form := range detailForms {
		found := form.FindStringSubmatch(e.Detail)
		if found == nil {
			continue
		}
		for j, name := range details[i].parts {
			if found[j+1] != "" {
				parts = append(parts, Said{name, found[j+1]})
			}
		}
		return parts, ""
	}
	return nil, e.Detail
}

func saidByBank(detail string) (parts []Said, other string) {
	told, ok := nacha.Tell(detail)
	if !ok {
		return nil, detail
	}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, Said{name, value})
		}
	}
	if told.Sent != 0 {
		add("sent", told.Sent.String())
	}
	if told.Amount != 0 || told.Sent != 0 {
		add("bank_says", told.Amount.String())
	}
	if add("code", told.Code); told.Code != "" {
		means := string(nacha.Lookup(told.Code).Kind)
		if strings.HasPrefix(told.Code, "C") {
			means = "change"
		}
		add("means", means)
	}
	add("before", told.Before)
	add("corrected", told.Corrected)
	add("trace", told.Trace)
	add("file", told.File)
	if told.Count > 0 {
		add("entries", strconv.Itoa(told.Count))
	}
	return parts, ""
}
