package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
)

func TestCardTable(t *testing.T) {
	t.Parallel()
	keys, numbers := map[string]bool{}, map[string]bool{}
	for _, c := range Cards() {
		if keys[c.key] || numbers[c.Number] || c.key == "" || c.Label == "" || c.Does == "" || c.Brand == "" {
			t.Errorf("%+v is not complete or not unique", c)
		}
		keys[c.key], numbers[c.Number] = true, true
		if good := luhn(c.Number); good == (c.key == numberWrong) {
			t.Errorf("%s: check digit right is %v", c.Number, good)
		}
		if c.badZIP != "" && cardByKey[c.badZIP].key == "" {
			t.Errorf("%s follows %q, which does not exist", c.Number, c.badZIP)
		}
	}
}

func luhn(n string) bool {
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func TestTokenFields(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	for name, row := range map[string]struct {
		field, value, code string
	}{
		"unknown card":      {fieldNumber, "4111111111111111", refuseUnknownCard},
		"empty card":        {fieldNumber, "", refuseUnknownCard},
		"words":             {fieldNumber, "four two four two", refuseUnknownCard},
		"wrong number":      {fieldNumber, "4242424242424241", refuseNumber},
		"month 13":          {fieldMonth, "13", refuseMonth},
		"month 0":           {fieldMonth, "0", refuseMonth},
		"no month":          {fieldMonth, "", refuseMonth},
		"past":              {fieldYear, "2020", refuseYear},
		"past, two digits":  {fieldYear, "20", refuseYear},
		"far ahead":         {fieldYear, "2400", refuseYear},
		"short code":        {fieldCVC, "12", refuseCVC},
		"amex code on visa": {fieldCVC, "1234", refuseCVC},
		"letters":           {fieldCVC, "abc", refuseCVC},
		"short ZIP":         {fieldZIP, "123", refuseZIP},
	} {
		v := cardFields("4242424242424242")
		v[row.field] = row.value
		status, a := c.do("POST", "/v1/confirmation_tokens", v)
		if status != http.StatusPaymentRequired || a.text("error.code") != row.code || a.text("error.param") != row.field {
			t.Errorf("%s: %d %v, want %s", name, status, a, row.code)
		}
	}
	spaced := cardFields("4242 4242-4242 4242")
	spaced[fieldYear] = "40"
	if a := c.must("POST", "/v1/confirmation_tokens", spaced); a.text("payment_method_preview.card.exp_year") != "2040" {
		t.Errorf("token %v", a)
	}
	status, _ := c.do("POST", "/v1/confirmation_tokens", cardFields("4242424242424242"), "Authorization", "Bearer "+DefaultPublishableKey)
	if status != http.StatusOK {
		t.Errorf("the publishable key may make tokens, got %d", status)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	for _, key := range []string{"Bearer sk_test_other", "Bearer " + DefaultPublishableKey, "Bearer ", "Basic eDp5"} {
		if status, _ := c.do("GET", "/v1/payment_intents", nil, "Authorization", key); status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", key, status)
		}
	}
	if status, a := c.do("POST", "/v1/subscriptions", nil); status != http.StatusNotFound || a.text("error.type") == "" {
		t.Errorf("an unknown path answers %d %v", status, a)
	}
}

func TestEveryCard(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	for _, card := range Cards() {
		if card.key == numberWrong || card.pace == paceLostGood || card.pace == paceLostBad {
			continue
		}
		_, status, a := c.pay(card.Number)
		switch {
		case card.auth:
			if a.text("status") != needsAction {
				t.Errorf("%s: %d %v", card.Label, status, a)
			}
		case card.decline != "":
			if status != http.StatusPaymentRequired || a.text("error.decline_code") != card.decline || a.text("error.payment_intent.status") != needsMethod {
				t.Errorf("%s: %d %v", card.Label, status, a)
			}
		default:
			if a.text("status") != succeeded || a.text("amount_received") != "1000" {
				t.Errorf("%s: %d %v", card.Label, status, a)
			}
		}
	}
}

func TestZIPCard(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	v := cardFields("4999000000000088")
	v[fieldZIP] = "00000"
	tok := c.must("POST", "/v1/confirmation_tokens", v)
	if last4 := tok.text("payment_method_preview.card.last4"); last4 != "0088" {
		t.Errorf("the card shows %s", last4)
	}
	id := c.must("POST", "/v1/payment_intents", values{"amount": "1000", "currency": "usd"}).text("id")
	status, a := c.do("POST", "/v1/payment_intents/"+id+"/confirm", values{"confirmation_token": tok.text("id")})
	if status != http.StatusPaymentRequired || a.text("error.code") != "incorrect_zip" {
		t.Errorf("%d %v", status, a)
	}
}

// TestNumberIsForgotten checks that no card number, security code or date of a token reaches the database file.
func TestNumberIsForgotten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, Config{DataDir: dir})
	c.pay("4242424242424242")
	for _, name := range []string{"sandbox.db", "sandbox.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("4242424242424242")) {
			t.Errorf("%s holds a card number", name)
		}
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	body := values{"amount": "500", "currency": "usd"}
	first := c.must("POST", "/v1/payment_intents", body, "Idempotency-Key", "k1")
	again := c.must("POST", "/v1/payment_intents", body, "Idempotency-Key", "k1")
	if first.text("id") != again.text("id") {
		t.Error("the same key made two intents")
	}
	status, a := c.do("POST", "/v1/payment_intents", values{"amount": "501", "currency": "usd"}, "Idempotency-Key", "k1")
	if status != http.StatusBadRequest || a.text("error.type") != "idempotency_error" {
		t.Errorf("other parameters: %d %v", status, a)
	}
	status, a = c.do("POST", "/v1/payment_intents", values{"amount": "0", "currency": "usd"}, "Idempotency-Key", "k2")
	if status != http.StatusBadRequest {
		t.Errorf("amount 0: %d %v", status, a)
	}
	c.must("POST", "/v1/payment_intents", values{"amount": "50", "currency": "usd"}, "Idempotency-Key", "k2") // a refused request uses no key up

	// A decline is an answer that stays.
	id := c.must("POST", "/v1/payment_intents", body).text("id")
	confirm := values{"confirmation_token": c.token("4000000000000002")}
	for range 2 {
		status, a = c.do("POST", "/v1/payment_intents/"+id+"/confirm", confirm, "Idempotency-Key", "k3")
		if status != http.StatusPaymentRequired || a.text("error.code") != "card_declined" {
			t.Fatalf("%d %v", status, a)
		}
	}
	if n := len(c.must("GET", "/v1/charges", values{"payment_intent": id})["data"].([]any)); n != 1 {
		t.Errorf("%d charges were tried, want 1", n)
	}
}

func TestIdempotencyInFlight(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	id := c.must("POST", "/v1/payment_intents", values{"amount": "1000", "currency": "usd"}).text("id")
	confirm := values{"confirmation_token": c.token("4999000000000021")}
	var all sync.WaitGroup
	got := make(chan int, 8)
	for range 8 {
		all.Go(func() {
			status, _ := c.do("POST", "/v1/payment_intents/"+id+"/confirm", confirm, "Idempotency-Key", "one")
			got <- status
		})
	}
	all.Wait()
	close(got)
	count := map[int]int{}
	for status := range got {
		count[status]++
	}
	if count[200] < 1 || count[200]+count[409] != 8 {
		t.Errorf("answers %v, want at least one 200 and else 409", count)
	}
	if charges, err := c.s.Charges(); err != nil || len(charges) != 1 {
		t.Errorf("charges %v, %v", charges, err)
	}
}

func TestConcurrentConfirmsWithoutKey(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	id := c.must("POST", "/v1/payment_intents", values{"amount": "1000", "currency": "usd"}).text("id")
	tokens := make([]string, 10)
	for i := range tokens {
		tokens[i] = c.token("4242424242424242")
	}
	var all sync.WaitGroup
	for _, tok := range tokens {
		all.Go(func() { c.do("POST", "/v1/payment_intents/"+id+"/confirm", values{"confirmation_token": tok}) })
	}
	all.Wait()
	if charges, err := c.s.Charges(); err != nil || len(charges) != 1 {
		t.Errorf("charges %v, %v", charges, err)
	}
}

// TestObjectShapes checks that every object has at least the fields that the API's own objects have.
func TestObjectShapes(t *testing.T) {
	t.Parallel()
	root := os.Getenv("MEMBERPAY_TESTDATA")
	if root == "" {
		root = "../../../shared/testdata"
	}
	dir := filepath.Join(root, "stripe", "objects-2026-08-26.dahlia")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s; set MEMBERPAY_TESTDATA", dir)
	}
	for name, v := range map[string]any{"payment_intent": intent{}, "charge": charge{}, "payment_method": method{}, "customer": customer{},
		"setup_intent": setupIntent{}, "refund": refund{}, "dispute": dispute{}, "balance_transaction": balanceTransaction{}, "payout": payout{}} {
		b, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		mine, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(mine, &got); err != nil {
			t.Fatal(err)
		}
		for _, field := range sortedKeys(want) {
			if _, ok := got[field]; !ok {
				t.Errorf("%s has no field %s", name, field)
			}
		}
	}
}

func TestListsAndPages(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	var ids []string
	for i := range 5 {
		ids = append(ids, c.must("POST", "/v1/payment_intents", values{"amount": strconv.Itoa(100 + i), "currency": "usd"}).text("id"))
	}
	slices.Reverse(ids) // newest first
	var got []string
	after := ""
	for {
		v := values{"limit": "2"}
		if after != "" {
			v["starting_after"] = after
		}
		page := c.must("GET", "/v1/payment_intents", v)
		for _, o := range page["data"].([]any) {
			after = o.(map[string]any)["id"].(string)
			got = append(got, after)
		}
		if page["has_more"] != true {
			break
		}
	}
	if !slices.Equal(got, ids) {
		t.Errorf("listed %v, want %v", got, ids)
	}
	if status, _ := c.do("GET", "/v1/payment_intents", values{"limit": "1000"}); status != http.StatusBadRequest {
		t.Errorf("limit 1000: %d", status)
	}
}

func TestDollars(t *testing.T) {
	t.Parallel()
	for cents, want := range map[int64]string{1: "$0.01", 1050: "$10.50", 123456789: "$1,234,567.89"} {
		if got := dollars(cents); got != want {
			t.Errorf("%d cents read %s, want %s", cents, got, want)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	for path, want := range map[string]int{"/": 200, "/mailbox": 200, "/mailbox/none": 404, "/v3/": 200, "/v3/frame.css": 200, "/v3/frame.js": 200,
		"/v3/site.css": 200, "/v3/home.html": 404, "/v3/frame": 401, "/v3/frame?key=" + DefaultPublishableKey: 200,
		"/v3/frame?key=" + DefaultPublishableKey + "&locale=es": 200, "/challenge/none": 404, "/healthz": 200} {
		res, err := http.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}
