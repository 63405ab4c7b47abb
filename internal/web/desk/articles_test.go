package desk

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
)

var began = regexp.MustCompile(`name="from" value="([^"]*)"`)

// TestArticles follows an article from a preview over two versions to the shipped one, with two people at it.
func TestArticles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		account, _ := o.hire(identity.Supervisor)
		v := o.opened(account, "passkey")
		v.get("/desk/help").says(t, 200, "Call us", "Llámenos", "The program")
		some := v.get("/desk/help?q=LL%C3%81menos&category=people")
		some.says(t, 200, "Call us", "Llámenos")
		if strings.Contains(some.Body, "/desk/help/receipt") || !strings.Contains(some.Body, `<span lang="es">Llámenos</span>`) {
			t.Error("the list shows other articles, or a Spanish title as English")
		}
		v.get("/desk/help?q=nothing-of-the-kind").says(t, 200, "No article matches")
		set, err := o.desk.Help.Articles(t.Context())
		o.must(err)
		shipped, _ := set.Exactly("en", "phone")
		_, err = o.desk.Help.Tell(t.Context(), o.clock(), shipped, false, "The <b>hours</b> are missing")
		o.must(err)
		v.get("/desk/help/phone/en").says(t, 200, "What readers said", "It did not help", "hours")
		const path = "/desk/help/phone/en"
		draft := func(from, do, title, body string) answer {
			return v.post(path, "from", from, "do", do, "category", "people", "title", title, "summary", "How to call us.", "related", "offices", "body", body)
		}
		read := func() string {
			set, err := o.desk.Help.Articles(t.Context())
			o.must(err)
			a, _ := set.Exactly("en", "phone")
			return a.Title
		}
		from := func() string { return began.FindStringSubmatch(v.get(path).Body)[1] }

		draft("", "preview", "Ring us", "Any *day*. 1 < 2").says(t, 200, "Nothing is published yet", "Ring us", "Any day")
		if read() != "Call us" {
			t.Error("a preview is published")
		}
		for _, do := range []string{"preview", "publish"} {
			draft("", do, "Ring us", "Any day.\n\n<div>Not on Sunday.</div>").says(t, 422, "Line 3", "the HTML tag &lt;div&gt;", "Write Markdown instead", "Not on Sunday.")
			draft("", do, "Ring us", "Any day. <script>alert(1)</script>").says(t, 422, "Line 1", "&lt;script&gt;")
		}
		draft("", "publish", "Ring us", "See [this](/help/articles/nowhere).").says(t, 422, "/help/articles/nowhere is no page of this site")
		draft("", "publish", "Ring us", "See [this](javascript:alert).").says(t, 422, "not safe")
		draft("", "publish", "Ring us", "Any day.").leads(t, path+"?done")
		first := from()
		draft("", "publish", "Mine too", "My words.").says(t, 409, "Somebody has changed this article", "My words.", "What readers see now", "Any day.")
		draft(first, "publish", "Ring us now", "Any hour.").leads(t, path+"?done")
		if read() != "Ring us now" || len(o.entries("help.published")) != 2 {
			t.Errorf("readers see %q, %d entries", read(), len(o.entries("help.published")))
		}
		v.get(path).says(t, 200, "Version 1", "Version 2", "Readers see this one")
		v.post(path+"/show", "version", first, "from", first).says(t, 409, "Somebody has changed")
		v.post(path+"/show", "version", first, "from", from()).leads(t, path+"?done")
		if read() != "Ring us" {
			t.Errorf("gone back to %q", read())
		}
		v.post(path+"/withdraw", "from", from()).leads(t, path+"?done")
		if read() != "Call us" || len(o.entries("help.withdrawn")) != 1 || len(o.entries("help.shown_again")) != 1 {
			t.Errorf("readers see %q after withdrawing", read())
		}
		if !strings.Contains(v.get(path).Body, "Version 2") {
			t.Error("versions are gone")
		}
		v.get("/desk/help?name=pay-by-dove&language=es").leads(t, "/desk/help/pay-by-dove/es")
		v.get("/desk/help?name=Pay+by+dove&language=es").says(t, 422, "small letters and digits")
		v.get("/desk/help/pay-by-dove/es").says(t, 200, "pay-by-dove (Spanish)")
		v.post("/desk/help/pay-by-dove/es", "do", "publish", "category", "people", "title", "", "summary", "", "body", "").says(t, 422, "Write something here")
		v.get("/desk/help/No_Name/en").says(t, http.StatusNotFound)
	})
}
