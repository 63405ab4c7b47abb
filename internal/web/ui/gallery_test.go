package ui_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/a-h/templ"

	"memberpay/internal/brand"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// The gallery shows every component in pages like the real ones. `MEMBERPAY_GALLERY=/tmp/gallery go test -run Gallery`
// leaves the pages there to look at in a browser.

func TestGallery(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("MEMBERPAY_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := brand.Default()
	for _, lang := range catalog.Langs() {
		for name, page := range gallery(catalog.For(lang), b) {
			html := render(t, page)
			if bytes.Contains(html, []byte("⟦")) {
				t.Errorf("%s in %s shows a missing key", name, lang)
			}
			save(t, dir, name+"-"+lang+".html", bytes.ReplaceAll(html, []byte(`"/assets/`), []byte(`"assets/`)))
		}
	}
	if n := catalog.Missing(); n != 0 {
		t.Errorf("%d keys were asked for and missing", n)
	}
	saveAssets(t, dir, b)
}

// inside renders a component with children.
func inside(c templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

func render(t *testing.T, c templ.Component) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := c.Render(t.Context(), &buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func save(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func saveAssets(t *testing.T, dir string, b *brand.Brand) {
	t.Helper()
	h := ui.Assets(b)
	for _, url := range []string{ui.URL("app.css"), ui.URL("app.js"), ui.URL("petals.svg"), ui.BrandURL(b), ui.LogoURL(b)} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", url, nil))
		if rec.Code != 200 {
			t.Fatalf("%s: %d", url, rec.Code)
		}
		save(t, dir, url[1:], rec.Body.Bytes())
	}
}

func gallery(w *words.Words, b *brand.Brand) map[string]templ.Component {
	p := ui.Page{
		W: w, Brand: b, Path: "/pay?from=letter", CSRF: "token", SignInURL: "/sign-in", HelpURL: "/help",
		Now: time.Date(2026, time.December, 3, 20, 0, 0, 0, time.UTC),
	}
	return map[string]templ.Component{
		"home": home(p), "find": find(p), "bills": bills(p), "method": method(p),
		"review": review(p), "received": received(p), "parts": parts(p),
	}
}

func home(p ui.Page) templ.Component {
	p.Title = p.T("home.title")
	p.Wide = true
	return inside(ui.Layout(p),
		inside(ui.Hero(p.Title, p.T("home.lead")),
			inside(ui.ButtonGroup(),
				ui.ButtonFor(ui.Button{Label: p.T("home.guest"), Href: "/pay"}),
				ui.ButtonFor(ui.Button{Label: p.T("home.signin"), Href: "/sign-in", Kind: ui.Secondary}))),
		inside(ui.Grid(),
			inside(ui.CardFor(ui.Card{Title: p.T("home.need")}),
				ui.Points([]string{p.T("home.need.number"), p.T("home.need.birth"), p.T("home.need.method")})),
			inside(ui.CardFor(ui.Card{Title: p.T("home.phone")}), ui.Phone(p)),
			inside(ui.CardFor(ui.Card{Title: p.T("home.more"), Soft: true}),
				ui.Links([]ui.Link{{Label: p.T("home.create"), Href: "/create"}, {Label: p.T("home.find_id"), Href: "/find-id"}, {Label: p.T("home.help"), Href: "/help"}}))))
}

func find(p ui.Page) templ.Component {
	p.Title, p.Step, p.Back = p.T("find.title"), ui.Step{Number: 1, Total: 5}, &ui.Link{Label: p.T("shell.back"), Href: "/"}
	p.Problems = []ui.Problem{
		{Field: "number", Text: p.T("error.number.required")},
		{Field: "birth_month", Text: p.T("error.birth.month_format")},
	}
	return inside(ui.Layout(p),
		ui.Heading(p, p.Title), ui.Lead(p.T("find.lead")),
		inside(ui.Form(p, ui.FormProps{Action: "/pay"}),
			ui.TextField(p, ui.Field{Name: "number", Label: p.T("find.number"), Hint: p.T("find.number.hint"),
				Error: p.Problem("number"), Digits: true, Autocomplete: "off"}),
			ui.DateField(p, ui.Date{Name: "birth", Label: p.T("find.birth"), Hint: p.T("find.birth.hint"),
				Error: p.Problem("birth_month"), Wrong: []string{"month"}, Month: "27", Day: "3", Year: "1985", Birth: true}),
			inside(ui.DetailsFor(ui.Details{Summary: p.T("find.where"), Open: true}), ui.Text(p.T("find.where.body"))),
			ui.Continue(p)))
}

func bills(p ui.Page) templ.Component {
	p.Title, p.Wide, p.SignedIn, p.PersonName, p.SignOutURL = p.T("bills.title"), true, true, "Rosa Quintero", "/sign-out"
	p.Nav = []ui.NavLink{{Label: p.T("shell.nav.bills"), Href: "/bills", Current: true},
		{Label: p.T("shell.nav.payments"), Href: "/payments"}, {Label: p.T("shell.help"), Href: "/help"}}
	tag := func(tone ui.Tone, key string) ui.Cell {
		return ui.Cell{Body: ui.TagFor(ui.Tag{Tone: tone, Text: p.T(key)})}
	}
	return inside(ui.Layout(p),
		ui.Heading(p, p.Title),
		ui.AmountFor(ui.Amount{Label: p.T("bills.total"), Text: "$1,284.50", Note: p.T("bills.as_of", "Date", p.W.Date(p.Now)), Big: true}),
		inside(ui.CardFor(ui.Card{}),
			ui.TableFor(ui.Table{Caption: p.T("bills.caption"), FirstIsHeader: true,
				Columns: []ui.Column{{Label: p.T("bills.col.bill")}, {Label: p.T("bills.col.for")}, {Label: p.T("bills.col.due")},
					{Label: p.T("bills.col.state")}, {Label: p.T("bills.col.amount"), Money: true}},
				Rows: [][]ui.Cell{
					{{Text: "M-204 118 907", Href: "/bills/1"}, {Text: "Rosa"}, {Text: p.W.DateOf(2026, 12, 20)}, tag(ui.Warning, "billstate.due_soon"), {Text: "$1,120.00"}},
					{{Text: "M-204 119 333", Href: "/bills/2"}, {Text: "Mateo"}, {Text: p.W.DateOf(2026, 11, 30)}, tag(ui.Bad, "billstate.past_due"), {Text: "$64.50"}},
					{{Text: "P-88 201", Href: "/bills/3"}, {Text: "Rosa"}, {Text: p.W.DateOf(2027, 1, 1)}, tag(ui.Info, "billstate.pending"), {Text: "$100.00"}},
				}}),
			inside(ui.ButtonGroup(), ui.ButtonFor(ui.Button{Label: p.T("bills.pay"), Href: "/pay"}))),
		ui.Pagination(p, ui.Pages{Number: 2, Total: 4, Href: func(int) string { return "/bills" }}),
		ui.EmptyFor(ui.Empty{Title: p.T("bills.empty.title"), Text: p.T("bills.empty.body")}))
}

func method(p ui.Page) templ.Component {
	p.Title, p.Step = p.T("method.title"), ui.Step{Number: 3, Total: 5}
	bank := templ.Join(
		ui.TextField(p, ui.Field{Name: "name", Label: p.T("method.bank.name"), Autocomplete: "name"}),
		ui.TextField(p, ui.Field{Name: "routing", Label: p.T("method.bank.routing"), Hint: p.T("method.bank.routing.hint"),
			Width: ui.Medium, Digits: true, InputMode: "numeric", Value: "129900011", Error: p.T("error.routing.checksum")}),
		ui.TextField(p, ui.Field{Name: "account", Label: p.T("method.bank.account"), Hint: p.T("method.bank.account.hint"), Width: ui.Medium, Digits: true}),
		ui.Radios(p, ui.Choices{Name: "type", Legend: p.T("method.bank.type"), Inline: true, Options: []ui.Option{
			{Value: "checking", Label: p.T("method.bank.checking"), Checked: true}, {Value: "savings", Label: p.T("method.bank.savings")}}}))
	return inside(ui.Layout(p), ui.StepLine(p),
		inside(ui.Form(p, ui.FormProps{Action: "/pay/method"}),
			ui.Radios(p, ui.Choices{Name: "method", Legend: p.Title, Title: true, Options: []ui.Option{
				{Value: "card", Label: p.T("method.card"), Lines: []string{p.T("method.card.hint")}},
				{Value: "bank", Label: p.T("method.bank"), Lines: []string{p.T("method.bank.hint")}, Checked: true, Reveal: bank}}}),
			ui.TextField(p, ui.Field{Name: "email", Label: p.T("method.email"), Hint: p.T("method.email.hint"), Type: "email", Optional: true}),
			ui.Continue(p)))
}

func review(p ui.Page) templ.Component {
	p.Title, p.Step, p.Back = p.T("review.title"), ui.Step{Number: 4, Total: 5}, &ui.Link{Label: p.T("shell.back"), Href: "/pay/method"}
	change := func(what string) *ui.Link { return &ui.Link{Href: "/pay", What: p.T("review." + what + ".change")} }
	account := p.T("review.auth.account.checking")
	return inside(ui.Layout(p), ui.Heading(p, p.Title), ui.Lead(p.T("review.lead")),
		inside(ui.CardFor(ui.Card{}),
			ui.SummaryList(p, []ui.Row{
				{Key: p.T("review.bills"), Value: "M-204 118 907 · $1,120.00", Lines: []string{"M-204 119 333 · $64.50"}, Change: change("bills")},
				{Key: p.T("review.payee"), Value: p.T("review.payee.medical", "Payee", p.Brand.Payee("medical").LegalName)},
				{Key: p.T("review.method"), Value: p.T("method.name.checking", "Last4", "6789"), Lines: []string{"Rosa Quintero"}, Change: change("method")},
				{Key: p.T("review.email"), Value: "rosa.quintero.with.a.very.long.address@mail.example", Change: change("email")},
				{Key: p.T("review.when"), Value: p.T("review.when.bank", "Date", p.W.DateOf(2026, 12, 4))},
				{Key: p.T("review.amount"), Value: "$1,184.50", Strong: true, Change: change("amount")},
			})),
		inside(ui.CardFor(ui.Card{Title: p.T("review.auth"), Soft: true}),
			ui.Text(p.T("review.auth.bank", "Amount", "$1,184.50", "Name", "Rosa Quintero", "Today", p.W.DateOf(2026, 12, 3),
				"Payee", p.Brand.Payee("medical").LegalName, "Account", account, "Last4", "6789", "RoutingLast4", "0010", "Date", p.W.DateOf(2026, 12, 4))),
			ui.Text(p.T("review.auth.bank.once")),
			ui.Text(p.T("review.auth.bank.revoke", "Phone", p.Brand.Phone.Display, "Cutoff", p.W.DateTime(p.Now, p.Brand.Zone())))),
		inside(ui.Form(p, ui.FormProps{Action: "/pay/confirm"}),
			inside(ui.ButtonGroup(), ui.ButtonFor(ui.Button{Label: p.T("review.button", "Amount", "$1,184.50")}))))
}

func received(p ui.Page) templ.Component {
	p.Title = p.T("state.succeeded.title")
	return inside(ui.Layout(p),
		inside(ui.PanelFor(ui.Panel{Title: p.Title, Text: p.T("state.succeeded.body", "Amount", "$1,184.50", "Payee", p.Brand.Payee("medical").LegalName),
			Label: p.T("paid.number"), Number: "KR4M-7TQ2"}),
			inside(ui.ButtonGroup(), ui.ButtonFor(ui.Button{Label: p.T("paid.receipt"), Href: "/r.pdf"}), ui.PrintButton(p))),
		inside(ui.CardFor(ui.Card{Title: p.T("paid.next")}),
			ui.NextSteps([]string{p.T("paid.next.email", "Email", "rosa@mail.example"), p.T("paid.next.statement", "Descriptor", "LARKSPUR MEDICAL BILL"),
				p.T("paid.next.waiting", "Date", p.W.DateOf(2026, 12, 5))})),
		inside(ui.CardFor(ui.Card{Title: p.T("paid.bills")}),
			ui.SummaryList(p, []ui.Row{{Key: "M-204 118 907", Value: "$1,120.00"}, {Key: "M-204 119 333", Value: "$64.50"},
				{Key: p.T("paid.amount"), Value: "$1,184.50", Strong: true}})))
}

func parts(p ui.Page) templ.Component {
	p.Title = "Parts"
	hostile := `<script>alert(1)</script> ` + string(bytes.Repeat([]byte("Llanfairpwllgwyngyll"), 8))
	return inside(ui.Layout(p), ui.Heading(p, p.Title),
		ui.NoticeFor(p, ui.Notice{Text: p.T("state.submitted.next")}),
		ui.NoticeFor(p, ui.Notice{Tone: ui.Success, Text: p.T("signin.done")}),
		ui.NoticeFor(p, ui.Notice{Tone: ui.Warning, Title: p.T("state.unknown.title"), Text: p.T("state.unknown.body", "Amount", "$64.50")}),
		ui.NoticeFor(p, ui.Notice{Tone: ui.Bad, Title: hostile, Text: hostile}),
		ui.PanelFor(ui.Panel{Tone: ui.Warning, Title: p.T("state.unknown.title"), Text: p.T("state.unknown.body", "Amount", "$64.50")}),
		ui.Checkboxes(p, ui.Choices{Name: "bill", Legend: p.T("choose.bills"), Error: p.T("error.bills.required"), Options: []ui.Option{
			{Value: "1", Label: p.T("bills.for", "Name", "Rosa Quintero"), Aside: "$1,120.00", Checked: true,
				Lines: []string{p.T("choose.row.medical", "Date", p.W.DateOf(2026, 10, 2), "Number", "M-204 118 907"), p.T("bill.due.by", "Date", p.W.DateOf(2026, 12, 20))}},
			{Value: "2", Label: hostile, Aside: "$64.50", Lines: []string{hostile}, Tag: &ui.Tag{Tone: ui.Bad, Text: p.T("billstate.past_due")}},
			{Value: "3", Label: p.T("billstate.pending"), Off: true, Lines: []string{p.T("choose.row.pending", "Amount", "$64.50")}}}}),
		ui.TextField(p, ui.Field{Name: "amount", Label: p.T("choose.other.amount"), Prefix: "$", Width: ui.Money, InputMode: "decimal", Value: "50.00", Digits: true}),
		ui.SelectField(p, ui.Select{Name: "state", Label: p.T("history.col.state"), Options: []ui.Option{{Value: "a", Label: p.T("state.pending.short")}}}),
		ui.Checkbox("save", "1", p.T("method.card.save"), "", false),
		inside(ui.CardFor(ui.Card{Title: p.T("bill.how")}), ui.Facts([]string{p.T("bill.charged", "Amount", "$480.00"), p.T("bill.discount", "Amount", "$210.00"),
			p.T("bill.plan_paid", "Amount", "$120.00"), p.T("bill.left", "Amount", "$150.00")}),
			ui.QRFor(ui.QR{Src: ui.LogoURL(p.Brand), Text: p.T("bill.qr", "Number", "M-1"), Caption: p.T("bill.paycode.hint")})),
		inside(ui.ButtonGroup(), ui.ButtonFor(ui.Button{Label: p.T("shell.continue")}), ui.ButtonFor(ui.Button{Label: p.T("shell.change"), Kind: ui.Secondary}),
			ui.ButtonFor(ui.Button{Label: p.T("paid.cancel"), Kind: ui.Danger}), ui.ButtonFor(ui.Button{Label: p.T("shell.back"), Kind: ui.Quiet})))
}

// TestGalleryObeysTheContentSecurityPolicy keeps styles and scripts out of the markup.
func TestGalleryObeysTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	inline := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|<script(?:[^>]*)>[^<]|javascript:`)
	for name, page := range gallery(catalog.For("en"), brand.Default()) {
		if found := inline.Find(render(t, page)); found != nil {
			t.Errorf("%s has %q in its markup", name, found)
		}
	}
}
