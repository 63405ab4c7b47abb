package notice

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/paper"
)

// Every letter is one page, tagged, in its language, with its address in the window.
func TestSheets(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdfinfo"); err != nil {
		if dbtest.RequireAll() {
			t.Fatal(err)
		}
		t.Skip("pdfinfo is not installed (Debian: apt-get install poppler-utils)")
	}
	l := writer(t)
	for _, s := range samples() {
		if _, staff := s.letter.(letter.StaffInvited); staff {
			continue
		}
		for lang, says := range map[string]string{"en": "type pay.larkspur.example into your browser", "es": "escriba usted mismo pay.larkspur.example"} {
			t.Run(s.name+" in "+lang, func(t *testing.T) {
				t.Parallel()
				m := claimed(t, s.letter, letter.To{Channel: event.Print, Recipient: home, Language: lang})
				text, err := l.write(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				var pdf bytes.Buffer
				if err := paper.Write(&pdf, l.sheet(m, text)); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "letter.pdf")
				if err := os.WriteFile(file, pdf.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				info := run(t, "pdfinfo", file)
				if !regexp.MustCompile(`Pages: +1\n`).MatchString(info) || !regexp.MustCompile(`Tagged: +yes`).MatchString(info) || !strings.Contains(info, text.Subject) {
					t.Errorf("pdfinfo says:\n%s", info)
				}
				whole := strings.Join(strings.Fields(run(t, "pdftotext", file, "-")), " ")
				for _, want := range []string{text.Subject, says, text.Alarm, text.Key, strings.ReplaceAll(home, "\n", " ")} {
					if !strings.Contains(whole, strings.Join(strings.Fields(want), " ")) {
						t.Errorf("the sheet does not say %q:\n%s", want, whole)
					}
				}
				window := run(t, "pdftotext", "-x", "29", "-y", "147", "-W", "295", "-H", "81", file, "-")
				if strings.TrimSpace(window) != home {
					t.Errorf("the window shows %q", window)
				}
			})
		}
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// TestACopyIsPrintedAsItIs: a document that is ready goes into the print folder unchanged; what is none, and a copy by
// mail, are refused.
func TestACopyIsPrintedAsItIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		pdf := []byte("%PDF-1.7\n" + strings.Repeat("x", 60<<10) + "\n%%EOF\n")
		o.tell(letter.Copy{PDF: pdf}, "copy", event.Print, home)
		o.tell(letter.Copy{PDF: []byte("<html>")}, "none", event.Print, home)
		if err := o.SendPrint(t.Context()); err == nil {
			t.Error("something that is no document was printed")
		}
		got, err := os.ReadFile(filepath.Join(o.Print, o.only("copy").ID+".pdf"))
		if err != nil || !bytes.Equal(got, pdf) {
			t.Errorf("%d bytes are there, %v", len(got), err)
		}
		if m := o.only("none"); m.State != "failed" {
			t.Errorf("what is no document is %q", m.State)
		}
		m := claimed(t, letter.Copy{PDF: pdf}, letter.To{Channel: event.Mail, Recipient: "rosa@mail.example", Language: "en"})
		if _, err := o.write(t.Context(), m); !errors.Is(err, event.ErrRefused) {
			t.Errorf("a copy by mail: %v", err)
		}
	})
}
