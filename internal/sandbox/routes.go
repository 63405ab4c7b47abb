package sandbox

import "net/http"

// routes is the one list of everything the sandbox answers to.
func (s *Sandbox) routes() (http.Handler, error) {
	m := http.NewServeMux()
	pages, err := newPages()
	if err != nil {
		return nil, err
	}
	listOf := func(path, kind, parentParam string) verb {
		return func(c *call) (any, error) { return c.page(path, kind, c.form.Get(parentParam)) }
	}

	m.HandleFunc("POST /v1/payment_intents", s.api(createIntent))
	m.HandleFunc("GET /v1/payment_intents", s.api(listOf("/v1/payment_intents", kindIntent, "customer")))
	m.HandleFunc("GET /v1/payment_intents/{id}", s.api(retrieveIntent))
	m.HandleFunc("POST /v1/payment_intents/{id}/confirm", s.api(confirmIntent))
	m.HandleFunc("POST /v1/payment_intents/{id}/cancel", s.api(cancelIntent))
	m.HandleFunc("POST /v1/setup_intents", s.api(createSetup))
	m.HandleFunc("GET /v1/setup_intents/{id}", s.api(fetch[setupIntent](kindSetup)))
	m.HandleFunc("POST /v1/setup_intents/{id}/confirm", s.api(confirmSetup))
	m.HandleFunc("POST /v1/confirmation_tokens", s.browser(createToken))
	m.HandleFunc("GET /v1/confirmation_tokens/{id}", s.api(fetch[token](kindToken)))
	m.HandleFunc("POST /v1/customers", s.api(createCustomer))
	m.HandleFunc("GET /v1/customers/{id}", s.api(fetch[customer](kindCustomer)))
	m.HandleFunc("GET /v1/payment_methods", s.api(listMethods))
	m.HandleFunc("GET /v1/payment_methods/{id}", s.api(fetch[method](kindMethod)))
	m.HandleFunc("POST /v1/payment_methods/{id}/attach", s.api(attachMethod))
	m.HandleFunc("POST /v1/payment_methods/{id}/detach", s.api(detachMethod))
	m.HandleFunc("GET /v1/customers/{id}/payment_methods", s.api(customerMethods))
	m.HandleFunc("POST /v1/refunds", s.api(createRefund))
	m.HandleFunc("GET /v1/refunds", s.api(listOf("/v1/refunds", kindRefund, "payment_intent")))
	m.HandleFunc("GET /v1/refunds/{id}", s.api(fetch[refund](kindRefund)))
	m.HandleFunc("GET /v1/charges", s.api(listOf("/v1/charges", kindCharge, "payment_intent")))
	m.HandleFunc("GET /v1/charges/{id}", s.api(fetch[charge](kindCharge)))
	m.HandleFunc("GET /v1/disputes", s.api(listOf("/v1/disputes", kindDispute, "payment_intent")))
	m.HandleFunc("GET /v1/disputes/{id}", s.api(fetch[dispute](kindDispute)))
	m.HandleFunc("GET /v1/events", s.api(listOf("/v1/events", kindEvent, "type")))
	m.HandleFunc("GET /v1/events/{id}", s.api(fetch[event](kindEvent)))
	m.HandleFunc("GET /v1/balance_transactions", s.api(listBalance))
	m.HandleFunc("GET /v1/balance_transactions/{id}", s.api(fetch[balanceTransaction](kindBalance)))
	m.HandleFunc("GET /v1/payouts", s.api(listOf("/v1/payouts", kindPayout, "")))
	m.HandleFunc("GET /v1/payouts/{id}", s.api(fetch[payout](kindPayout)))
	m.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		e := badRequest("", "", "The sandbox does not know "+r.Method+" "+r.URL.Path+".")
		e.status = http.StatusNotFound
		send(w, errorReply(e))
	})

	m.HandleFunc("GET /v3/{$}", s.script)
	m.HandleFunc("GET /v3/frame", pages.frame(s))
	m.HandleFunc("GET /v3/{file}", asset)
	m.HandleFunc("GET /challenge/{id}", pages.challenge(s))
	m.HandleFunc("POST /challenge/{id}", s.answerChallenge)

	m.HandleFunc("GET /book/charges", s.bookCharges)
	m.HandleFunc("GET /book/summary", s.bookSummary)
	m.HandleFunc("GET /book/bank", s.bookBank)
	m.HandleFunc("POST /book/disputes/{id}/{outcome}", s.closeDispute)
	m.HandleFunc("POST /book/payouts", s.payOut)
	m.HandleFunc("POST /book/pause", s.setPaused(true))
	m.HandleFunc("POST /book/resume", s.setPaused(false))

	m.HandleFunc("POST /sms", s.takeText)
	m.HandleFunc("GET /letters", pages.letters(s))
	m.HandleFunc("GET /letters/{name}", s.letterPDF)
	m.HandleFunc("GET /mailbox", pages.mailbox(s))
	m.HandleFunc("GET /mailbox/messages", s.mailJSON)
	m.HandleFunc("DELETE /mailbox/messages", s.clearMail)
	m.HandleFunc("GET /mailbox/{id}", pages.message(s))
	m.HandleFunc("GET /mailbox/{id}/html", s.mailHTML)
	m.HandleFunc("GET /mailbox/{id}/attachments/{n}", s.mailAttachment)
	m.HandleFunc("GET /{$}", pages.home(s))
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	return m, nil
}
