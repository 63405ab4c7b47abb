package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/consent"
	"memberpay/internal/letter"
)

var hiddenOffer = regexp.MustCompile(`name="offer" value="([^"]+)"`)

// offered is the form that agrees to the words on the page, with the number of their test document.
func (v *visitor) offered(path string) url.Values {
	v.h.t.Helper()
	found := hiddenOffer.FindStringSubmatch(v.get(path).Body)
	if found == nil {
		v.h.t.Fatal("the page offers nothing")
	}
	return url.Values{"offer": {found[1]}, "number": {consent.TestNumber(v.h.portal.Seal, found[1])}, "agree": {"yes"}}
}

// but is a form with other values, the form itself unchanged.
func but(form url.Values, pairs ...string) url.Values { return with(maps.Clone(form), pairs...) }

const agreePath = "/account/paperless/agree"

func TestPaperless(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	h.walk([]row{
		{name: "paper at first", who: rosa, path: "/account/paperless", status: 200, contains: []string{"on paper, in the mail", "Read the terms"}, lacks: []string{"What you agreed to"}},
		{name: "no offer, no test document", who: rosa, path: "/account/paperless/test.pdf", status: 303, to: agreePath},
		{name: "nothing agreed to", who: rosa, path: "/account/paperless/terms.pdf", status: 303, to: "/account/paperless"},
		{name: "nothing to take back", who: rosa, path: "/account/paperless/stop", form: url.Values{}, status: 303, to: "/account/paperless?done=off"},
		{name: "agreed to nothing", who: rosa, path: agreePath, form: url.Values{"number": {"1234"}, "agree": {"yes"}}, status: 422, contains: []string{"shown anew"}},
		{name: "the terms", who: rosa, path: agreePath, status: 200, contains: []string{"Go paperless", "You can have paper.", "There is no fee", "PDF documents", "1-800-555-0142",
			"notice that health coverage ends", "Number in the test document", "Agree and go paperless"}},
	})
	form := rosa.offered(agreePath)
	if again := rosa.offered(agreePath); again.Get("offer") != form.Get("offer") {
		t.Error("reading the page again makes another offer")
	}
	stranger := h.opened(h.member("Avery"))
	strangers := stranger.offered(agreePath)
	h.walk([]row{
		{name: "a number of somebody else", who: rosa, path: agreePath, form: but(form, "number", strangers.Get("number")+"0"), status: 422, contains: []string{"That is not the number"}},
		{name: "no number, no box", who: rosa, path: agreePath, form: url.Values{"offer": form["offer"]}, status: 422, contains: []string{"Enter the 4-digit number", "Check the box if you agree"}},
		{name: "hostile", who: rosa, path: agreePath, form: but(form, "number", hostile), status: 422, contains: []string{"Enter the 4-digit number"}},
		{name: "far too long", who: rosa, path: agreePath, form: but(form, "number", strings.Repeat("9", 10_000)), status: 422},
		{name: "somebody else's offer", who: stranger, path: agreePath, form: form, status: 422, contains: []string{"shown anew"}},
		{name: "agreed", who: rosa, path: agreePath, form: but(form, "number", " "+form.Get("number")[:2]+" "+form.Get("number")[2:]), status: 303, to: "/account/paperless?done=on"},
		{name: "the button once more", who: rosa, path: agreePath, form: form, status: 303, to: "/account/paperless?done=on"},
		{name: "the terms once more", who: rosa, path: agreePath, status: 303, to: "/account/paperless"},
		{name: "paperless", who: rosa, path: "/account/paperless?done=on", status: 200, contains: []string{"You are paperless now", "What you agreed to", "November 23, 2026", "You can change your mind."}},
		{name: "the overview", who: rosa, path: "/account", status: 200, contains: []string{"Without paper, since November 23, 2026"}},
		{name: "the stranger has paper", who: stranger, path: "/account/paperless", status: 200, contains: []string{"on paper, in the mail"}},
	})
	id := h.session(rosa).AccountID
	given, err := consent.Current(t.Context(), h.db.Read(), id, consent.Paperless)
	h.must(err)
	want := paperlessText(h, "en")
	if given.Words.Text != want || given.Words.Language != "en" || given.Shown != "test document" || given.By.Address == "" || given.By.SessionID != h.session(rosa).SessionID {
		t.Errorf("kept %+v", given)
	}
	var told letter.AccountChanged
	mails := h.letters(letter.KindAccountChanged, rosaEmail)
	if len(mails) != 1 {
		t.Fatalf("%d letters", len(mails))
	}
	h.must(mails[0].Read(&told))
	if told.What != letter.PaperlessOn || told.Copy != want || !told.When.Equal(h.clock()) {
		t.Errorf("told %+v", told)
	}
	if pdf := rosa.get("/account/paperless/terms.pdf"); pdf.Status != 200 || !strings.HasPrefix(pdf.Body, "%PDF") {
		t.Errorf("the copy: %d", pdf.Status)
	}
	h.pass(time.Minute)
	h.walk([]row{
		{name: "the question", who: rosa, path: "/account/paperless/stop", status: 200, contains: []string{"Get paper again?", "It costs nothing"}},
		{name: "paper again", who: rosa, path: "/account/paperless/stop", form: url.Values{}, status: 303, to: "/account/paperless?done=off"},
		{name: "it holds", who: rosa, path: "/account/paperless?done=off", status: 200, contains: []string{"You get paper again, starting now", "on paper, in the mail"}},
		{name: "twice", who: rosa, path: "/account/paperless/stop", form: url.Values{}, status: 303},
		{name: "a lie in the address", who: rosa, path: "/account/paperless?done=on", status: 200, lacks: []string{"You are paperless now"}},
	})
	if n := len(h.letters(letter.KindAccountChanged, rosaEmail)); n != 2 {
		t.Errorf("%d letters", n)
	}
	entries, err := audit.List(t.Context(), h.db.Read(), audit.Filter{Actor: id, Action: "account"}, 10)
	h.must(err)
	if len(entries) != 2 || entries[1].Action != "account.paperless_on" || entries[0].Action != "account.paperless_off" || entries[0].Subject != id || entries[0].From == "" {
		t.Errorf("entries %+v", entries)
	}
}

// TestPaperlessInSpanish keeps the words in the language in which they were read.
func TestPaperlessInSpanish(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	english := rosa.offered(agreePath)
	spanish := rosa.offered(agreePath + "?lang=es")
	h.walk([]row{
		{name: "words that are not shown any more", who: rosa, path: agreePath, form: english, status: 422, contains: []string{"La página se mostró de nuevo"}},
		{name: "agreed", who: rosa, path: agreePath, form: spanish, status: 303, to: "/account/paperless?done=on"},
		{name: "in English later", who: rosa, path: "/account/paperless?lang=en", status: 200, contains: []string{"Puede cambiar de opinión."}, lacks: []string{"You can change your mind."}},
	})
	given, err := consent.Current(t.Context(), h.db.Read(), h.session(rosa).AccountID, consent.Paperless)
	h.must(err)
	if given.Words.Language != "es" || given.Words.Text != paperlessText(h, "es") {
		t.Errorf("kept in %s: %s", given.Words.Language, given.Words.Text)
	}
}

func TestGuessingTheTestNumber(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	form := rosa.offered(agreePath)
	for range 10 {
		rosa.post(agreePath, but(form, "number", "12"))
	}
	h.walk([]row{{name: "one too many", who: rosa, path: agreePath, form: form, status: 429, contains: []string{"wait 15 minutes"}}})
	h.pass(16 * time.Minute)
	h.walk([]row{{name: "later", who: rosa, path: agreePath, form: form, status: 303}})
}

// TestPaperlessVersion holds the version to the words: whoever changes what people agree to has to ask them again.
func TestPaperlessVersion(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const version, hash = "2026-11", "348cb6edd6ea9ecb"
	sum := sha256.Sum256([]byte(paperlessText(h, "en") + paperlessText(h, "es")))
	if got := hex.EncodeToString(sum[:])[:16]; got != hash || consent.Version[consent.Paperless] != version {
		t.Errorf("the words of version %s have the hash %s: where their meaning changed, raise the version, then write both here", consent.Version[consent.Paperless], got)
	}
}

// paperlessText is the disclosure of the demo organisation.
func paperlessText(h *house, lang string) string {
	w := h.words.For(lang)
	parts := []string{w.T("paperless.terms.title", "Name", "Larkspur Health")}
	for _, t := range strings.Fields("about choice copy withdraw scope reach needs changes") {
		parts = append(parts, w.T("paperless.terms."+t, "Name", "Larkspur Health", "Phone", "1-800-555-0142"))
	}
	return strings.Join(parts, "\n\n")
}
