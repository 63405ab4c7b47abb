package portal

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
	"memberpay/internal/money"
)

func TestBillsList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		rosa, guest, avery := h.rosa(), h.guest(rosaNumber, rosaBirth), h.guest(averyNumber, averyBirth)
		spanish := h.rosa()
		spanish.lang = "es"
		h.walk([]row{
			{name: "signed in", who: rosa, path: "/bills", status: 200, contains: []string{"Your bills", "Total you can pay now $649.50",
				"Medical bills", "Premiums", "M-204118907", "Was due November 20, 2026", "Past due", "This visit has 2 bills",
				"Still open for this visit: $175.50", "Part of the same visit", "Mateo Quintero", "December 2026", "$410.00", "Pay these bills", "Paid bills", "M-100", "Nothing to pay"},
				lacks: []string{"A-1", "Avery"}},
			{name: "a guest sees no care", who: guest, path: "/bills", status: 200, contains: []string{"Rosa Q.", "Mateo Q.", "$64.00", "dates and amounts only"},
				lacks: []string{"Quintero", "Skin biopsy", "Hillcrest", "Riverbend"}},
			{name: "a stranger", who: avery, path: "/bills", status: 200, contains: []string{"A-1", "$99.00"}, lacks: []string{"M-204118907", "Rosa"}},
			{name: "Spanish", who: spanish, path: "/bills", status: 200, contains: []string{"Sus facturas", "20 de noviembre de 2026"}},
			{name: "no such page of the list", who: rosa, path: "/bills?page=99999999999999999999", status: 200, contains: []string{"M-300"}},
		})
	})
}

func TestNothingToPay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.bills["A-1"]
	h.add(bill.Incoming{ClaimKey: b.ClaimKey, Source: "test", Kind: b.Kind, Payee: b.Payee, Number: b.Number, PatientID: b.PatientID,
		GuarantorID: b.GuarantorID, ServiceDate: b.ServiceDate, Charged: b.Charged, PlanPaid: b.Charged})
	v := h.visitor()
	a := v.post("/pay", findForm(averyNumber, averyBirth))
	if a.To != "/bills" {
		t.Errorf("a guest with nothing to pay is led to %q", a.To)
	}
	h.walk([]row{{name: "says so", who: v, path: "/bills", status: 200, contains: []string{"Nothing to pay", "may be paid already"}, lacks: []string{"Pay these bills"}}})
}

// TestOneKindOfBill has the button to pay beside the total, once.
func TestOneKindOfBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.guest(averyNumber, averyBirth).get("/bills")
	if n := strings.Count(a.Body, "Pay these bills"); n != 1 {
		t.Errorf("the button stands there %d times", n)
	}
	if !strings.Contains(a.Body, `name="bills" value="`+h.bills["A-1"].ID+`"`) {
		t.Error("the button does not send the bill")
	}
}

func TestThousandsOfBills(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var list []bill.Incoming
	for i := range 1200 {
		list = append(list, bill.Incoming{ClaimKey: fmt.Sprintf("T-%04d", i), Source: "test", Kind: bill.Medical, Payee: "medical",
			Number: fmt.Sprintf("T-%04d", i), PatientID: h.people["Avery"], GuarantorID: h.people["Avery"],
			ServiceDate: day.MustParse("2026-09-01"), DueDate: day.MustParse("2027-01-01").AddDays(i), Charged: 100, Responsibility: 100})
	}
	h.add(list...)
	v := h.guest(averyNumber, averyBirth)
	h.walk([]row{
		{name: "first page", who: v, path: "/bills", status: 200, contains: []string{"$1,299.00", "A-1", "T-0048", "Page 1 of 25", "Next page"}, lacks: []string{"T-0049"}},
		{name: "last page", who: v, path: "/bills?page=25", status: 200, contains: []string{"$1,299.00", "T-1199", "Previous page"}, lacks: []string{"A-1", "Next page"}},
	})
}

func TestBillPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa, guest := h.rosa(), h.guest(rosaNumber, rosaBirth)
	visit, son := h.bills["M-204118907"], h.bills["M-300"]
	h.walk([]row{
		{name: "signed in", who: rosa, path: "/bills/" + visit.ID, status: 200, contains: []string{"Bill M-204118907", "You owe $150.00", "Was due November 20, 2026",
			"$480.00 was charged for this care.", "Your plan paid $120.00.", "Your plan’s agreed price took $210.00 off.", "Your share is $150.00.", "What is left to pay is $150.00.",
			"Skin biopsy", "Care from Hillcrest Dermatology", "Larkspur Medical Group, Inc.", id.Grouped(visit.PayCode), "Other bills from this visit",
			"Still open for this visit: $175.50", "M-204118908", "This bill looks wrong, or I cannot pay it", "You may qualify for a lower bill", "Pay this bill"}},
		{name: "hostile text is shown as it is", who: rosa, path: "/bills/" + son.ID, status: 200, contains: []string{hostile}},
		{name: "a guest sees money only", who: guest, path: "/bills/" + visit.ID, status: 200, contains: []string{"You owe $150.00", "Rosa Q.",
			"Details of the care are shown only to the patient"}, lacks: []string{"Skin biopsy", "Hillcrest", "Quintero"}},
		{name: "premium", who: rosa, path: "/bills/" + h.bills["P-88201"].ID, status: 200, contains: []string{"Coverage for December 2026", "Larkspur Health Plan, Inc.", "Your share is $410.00."}, lacks: []string{"was charged"}},
		{name: "nothing owed", who: rosa, path: "/bills/" + h.bills["M-100"].ID, status: 200, contains: []string{"You owe nothing on this bill"}, lacks: []string{"Pay this bill"}},
		{name: "another's bill", who: rosa, path: "/bills/" + h.bills["A-1"].ID, status: 404, lacks: []string{"$99.00"}},
		{name: "another's paper", who: rosa, path: "/bills/" + h.bills["A-1"].ID + "/bill.pdf", status: 404},
		{name: "no such bill", who: rosa, path: "/bills/bill_x", status: 404},
		{name: "not signed in", who: h.visitor(), path: "/bills/" + visit.ID, status: 303, to: "/sign-in?to="},
	})
	if a := rosa.get("/bills/" + visit.ID); !strings.Contains(a.Body, `src="data:image/svg+xml;base64,`) {
		t.Error("there is no code to scan")
	}
}

// TestCareOfSomebodyElse: whoever is signed in and finds another person's bill by its number may pay it, and learns no
// more of it than any guest.
func TestCareOfSomebodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	rosa.post("/pay", findForm(averyNumber, averyBirth))
	h.walk([]row{{name: "Avery's bill", who: rosa, path: "/bills/" + h.bills["A-1"].ID, status: 200, contains: []string{"$99.00"},
		lacks: []string{"Skin biopsy", "Hillcrest"}}})
}

func TestPartlyPaidBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.bills["M-300"]
	h.write(func(tx *db.Tx) error {
		return bill.Reserve(t.Context(), tx, h.clock(), []bill.Reservation{{PaymentID: "pay_1", BillID: b.ID, Payee: b.Payee, Amount: money.Cents(1_400)}})
	})
	h.walk([]row{
		{name: "list", who: h.rosa(), path: "/bills", status: 200, contains: []string{"$50.00", "$14.00 is already on its way to us.", "Total you can pay now $635.50"}},
		{name: "bill", who: h.rosa(), path: "/bills/" + b.ID, status: 200, contains: []string{"You owe $50.00", "$14.00 is already on its way to us.", "What is left to pay is $50.00."}},
	})
}

func TestCanceledBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.bills["A-1"]
	v := h.guest(averyNumber, averyBirth)
	h.add(bill.Incoming{ClaimKey: b.ClaimKey, Source: "test", Kind: b.Kind, Payee: b.Payee, Number: b.Number, PatientID: b.PatientID,
		GuarantorID: b.GuarantorID, Void: true})
	h.walk([]row{{name: "says so", who: v, path: "/bills/" + b.ID, status: 200, contains: []string{"Canceled: nothing to pay"}, lacks: []string{"Pay this bill"}}})
}

func TestBillOnPaper(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, lang := range []string{"en", "es"} {
		for key := range h.bills {
			v := h.rosa()
			if key == "A-1" {
				v = h.guest(averyNumber, averyBirth)
			}
			v.lang = lang
			a := v.get("/bills/" + h.bills[key].ID + "/bill.pdf")
			if a.Status != 200 || !strings.HasPrefix(a.Body, "%PDF-") || a.Header.Get("Content-Type") != "application/pdf" ||
				a.Header.Get("Content-Disposition") != `attachment; filename="bill-`+key+`.pdf"` {
				t.Errorf("%s in %s: %d %v", key, lang, a.Status, a.Header)
			}
		}
	}
}

func TestHomeOffersToGoOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(averyNumber, averyBirth)
	start := v.post("/pay/start", url.Values{"bills": {h.bills["A-1"].ID}})
	h.walk([]row{{name: "not before an answer", who: v, path: "/", status: 200, contains: []string{"See your bills"}, lacks: []string{"Go on where you stopped"}}})
	v.post(start.To, url.Values{"bills": {h.bills["A-1"].ID}, "how": {"full"}})
	h.walk([]row{{name: "after one", who: v, path: "/", status: 200, contains: []string{"Go on where you stopped", "You began a payment on November 23, 2026"}},
		{name: "nobody else", who: h.visitor(), path: "/", status: 200, lacks: []string{"Go on where"}}})
}
