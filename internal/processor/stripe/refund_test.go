package stripe_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/processor"
	"memberpay/internal/sandbox"
)

// TestRefundFaults checks that what is not a clear answer is Unknown, that a refusal is looked up before it is believed,
// and that no request is sent twice.
func TestRefundFaults(t *testing.T) {
	t.Parallel()
	const none = `{"object":"list","data":[],"has_more":false}`
	const ours = `{"object":"list","has_more":false,"data":[{"id":"re_1","object":"refund","amount":100,"status":"succeeded","metadata":{"reference":"refund_1"}}]}`
	const others = `{"object":"list","has_more":false,"data":[{"id":"re_2","object":"refund","amount":100,"status":"succeeded","metadata":{}}]}`
	for _, c := range []struct {
		name, body, list string
		status, listed   int
		want             processor.Status
		reason           string
	}{
		{"500", `{"error":{"type":"api_error"}}`, none, 500, 200, processor.Unknown, ""},
		{"502 page of a proxy", `<html>Bad gateway</html>`, none, 502, 200, processor.Unknown, ""},
		{"401", `{"error":{"type":"invalid_request_error"}}`, none, 401, 200, processor.Unknown, ""},
		{"409 at work", `{"error":{"type":"idempotency_error"}}`, none, 409, 200, processor.Unknown, ""},
		{"408", `{"error":{"type":"invalid_request_error"}}`, none, 408, 200, processor.Unknown, ""},
		{"400 of the API itself", `{"error":{"type":"api_error"}}`, none, 400, 200, processor.Unknown, ""},
		{"400 of a used key", `{"error":{"type":"idempotency_error"}}`, none, 400, 200, processor.Unknown, ""},
		{"429", `{"error":{"type":"rate_limit_error"}}`, none, 429, 200, processor.Unknown, ""},
		{"200 garbage", `{"id":`, none, 200, 200, processor.Unknown, ""},
		{"200 of a new status", `{"id":"re_1","status":"brand_new","metadata":{"reference":"refund_1"}}`, none, 200, 200, processor.Unknown, ""},
		{"pending", `{"id":"re_1","amount":100,"status":"pending","metadata":{"reference":"refund_1"}}`, none, 200, 200, processor.Pending, ""},
		{"failed", `{"id":"re_1","amount":100,"status":"failed","failure_reason":"lost_or_stolen_card","metadata":{"reference":"refund_1"}}`, none, 200, 200, processor.Declined, "lost_or_stolen_card"},
		{"canceled", `{"id":"re_1","amount":100,"status":"canceled","metadata":{"reference":"refund_1"}}`, none, 200, 200, processor.Declined, "canceled"},
		{"400", `{"error":{"type":"invalid_request_error","code":"charge_disputed"}}`, none, 400, 200, processor.Declined, "charge_disputed"},
		{"400 but it was made", `{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`, ours, 400, 200, processor.Succeeded, ""},
		{"400 and another's", `{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`, others, 400, 200, processor.Declined, "charge_already_refunded"},
		{"400 and nobody knows", `{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`, `{"error":{"type":"api_error"}}`, 400, 500, processor.Unknown, ""},
		{"400 without a code", `{"error":{"type":"invalid_request_error"}}`, none, 400, 200, processor.Declined, "invalid_request_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					w.WriteHeader(c.listed)
					w.Write([]byte(c.list))
					return
				}
				asked.Add(1)
				w.WriteHeader(c.status)
				w.Write([]byte(c.body))
			}))
			defer srv.Close()
			out := newCards(t, srv.URL).Refund(t.Context(), processor.Refund{Reference: "refund_1", Charge: "pi_1", Amount: 100})
			if out.Status != c.want || out.Reason != c.reason {
				t.Errorf("%+v, want %s %s", out, c.want, c.reason)
			}
			if asked.Load() != 1 {
				t.Errorf("asked %d times", asked.Load())
			}
		})
	}
}

func TestRefundEvents(t *testing.T) {
	t.Parallel()
	now := time.Unix(1790000015, 0)
	for body, want := range map[string]string{
		`{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","object":"charge","payment_intent":"pi_1"}}}`:       "pi_1",
		`{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","object":"charge"}}}`:                               "",
		`{"id":"evt_1","object":"event","type":"refund.updated","data":{"object":{"id":"re_1","object":"refund","payment_intent":"pi_1"}}}`:        "pi_1",
		`{"id":"evt_1","object":"event","type":"refund.failed","data":{"object":{"id":"re_1","object":"refund","payment_intent":"pi_1"}}}`:         "pi_1",
		`{"id":"evt_1","object":"event","type":"charge.refund.updated","data":{"object":{"id":"re_1","object":"refund","payment_intent":"pi_1"}}}`: "pi_1",
		`{"id":"evt_1","object":"event","type":"refund.created","data":{"object":{"id":"re_1","object":"refund","payment_intent":"pi_1"}}}`:        "",
	} {
		got, err := callbacks(t, "whsec_1", now).Callback([]byte(body), sandbox.Sign([]byte(body), "whsec_1", now))
		if err != nil || got.ProcessorRef != want || (got.Kind == "refund") != (want != "") {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}
