package walker

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const site = `<!doctype html><title>t</title><main><h1>Choose  <span>what</span></h1>
<script>var x = "hidden"</script>
<form method=post action=/send?x=1>
<input type=hidden name=token value=abc>
<label for=a>Amount to pay <span>For example: 50.00</span></label><input id=a name=amount value=1.00>
<label><input type=radio name=how value=full checked>Full amount</label>
<label><input type=radio name=how value=other>Other amount</label>
<label><input type=checkbox name=bill value=b1 checked>$1.00 for Ana</label>
<label><input type=checkbox name=bill value=b2>$2.00 for Ben</label>
<button name=go value=on>Continue</button></form>
<a href="next/page">Change the amount</a></main>`

func TestVisitorFillsAndSendsAForm(t *testing.T) {
	t.Parallel()
	var got string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1", Path: "/"})
		w.Write([]byte(site))
	})
	mux.HandleFunc("POST /send", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		cookie, _ := r.Cookie("session")
		got = strings.Join([]string{cookie.Value, r.Header.Get("Sec-Fetch-Site"), r.Form.Encode()}, " ")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	v, err := New(server.URL, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	page, err := v.Open(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	if page.Heading() != "Choose what" || strings.Contains(page.Text(), "hidden") {
		t.Fatalf("heading %q, text %q", page.Heading(), page.Text())
	}
	if at, ok := page.Link("Change"); !ok || !strings.HasSuffix(at, "/next/page") {
		t.Fatalf("link %q %v", at, ok)
	}
	form, err := page.Form("Continue")
	if err != nil {
		t.Fatal(err)
	}
	if boxes := form.Boxes(); !slices.Equal(boxes, []string{"$1.00 for Ana", "$2.00 for Ben"}) {
		t.Fatalf("boxes %q", boxes)
	}
	form.Tick(1)
	if err := form.Choose("Other amount"); err != nil {
		t.Fatal(err)
	}
	if err := form.Fill("Amount to pay", "2.00"); err != nil {
		t.Fatal(err)
	}
	if err := form.Fill("Routing number", "1"); err == nil {
		t.Fatal("filled a field that is not there")
	}
	if _, err := form.Send(t.Context(), v.Twin()); err != nil {
		t.Fatal(err)
	}
	if want := "s1 same-origin amount=2.00&bill=b2&go=on&how=other&token=abc&x=1"; got != want {
		t.Fatalf("sent %q, want %q", got, want)
	}
}
