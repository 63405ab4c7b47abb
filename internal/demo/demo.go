package demo

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/intake"
	"memberpay/internal/member"
)

//go:embed plan.ndjson balance.csv
var files embed.FS

// Person is somebody who may sign in to the demonstration, or be looked up as a guest. Email and Password are "" for one
// who has no account yet.
type Person struct {
	Name        string `json:"name"`
	MemberID    string `json:"member_id"`
	DateOfBirth string `json:"date_of_birth"`
	ZIP         string `json:"zip"`
	Email       string `json:"email"`
	Password    string `json:"password"`
	Language    string `json:"language"`
}

// People are the members of the demonstration. The last three have no account: of Iris an e-mail address and a phone are
// on file, of Otto only where he lives, of Vera neither.
var People = []Person{
	{"Maya Sampleton", "LH10002001", "1984-03-09", "97001", "maya@members.example", "violet-meadow-2001", "en"},
	{"Teófilo Ejemplar Ñandú", "LH10003001", "1959-11-30", "97002", "teo@members.example", "violet-meadow-3001", "es"},
	{"Ada Fictional", "LH10004001", "1991-01-15", "97003", "ada@members.example", "violet-meadow-4001", "en"},
	{"Iris Placeholder", "LH10005001", "1977-04-18", "97004", "", "", "en"},
	{"Otto Nominal", "LH10006001", "1948-10-02", "97005", "", "", "en"},
	{"Vera Imaginaria", "LH10007001", "1969-06-24", "97006", "", "", "es"},
}

// Fill imports the demonstration's bills and opens its accounts, through the same doors as in production. It does
// nothing where the first person is already known, and reports whether it did anything.
func Fill(ctx context.Context, d *db.DB, accounts *identity.Accounts, now time.Time) (filled bool, err error) {
	known, err := member.ByNumber(ctx, d.Read(), People[0].MemberID)
	if err != nil || len(known) > 0 {
		return false, err
	}
	dir, err := os.MkdirTemp("", "memberpay-demo-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"plan.ndjson", "balance.csv"} {
		if err := write(filepath.Join(dir, name), name, now); err != nil {
			return false, err
		}
	}
	report, err := (&intake.Runner{DB: d}).FHIR(ctx, []string{filepath.Join(dir, "plan.ndjson")})
	if err == nil && report.RefusedTotal() > 0 {
		err = fmt.Errorf("demo plan: %d records refused", report.RefusedTotal())
	}
	if err != nil {
		return false, err
	}
	report, err = (&intake.Runner{DB: d}).CSV(ctx, filepath.Join(dir, "balance.csv"))
	if err == nil && report.RefusedTotal() > 0 {
		err = fmt.Errorf("demo balance file: %d rows refused", report.RefusedTotal())
	}
	if err != nil {
		return false, err
	}
	for _, p := range People {
		if p.Email == "" {
			continue
		}
		found, err := member.ByNumber(ctx, d.Read(), p.MemberID)
		if err != nil {
			return false, err
		}
		if len(found) != 1 {
			return false, fmt.Errorf("demo member %s: found %d people", p.MemberID, len(found))
		}
		if _, err := accounts.Create(ctx, now, p.Email, p.Password, p.Language, found[0].ID); err != nil {
			return false, err
		}
	}
	return true, nil
}

// write puts a file's days, counted from today, into place.
func write(path, name string, now time.Time) error {
	text, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	today := day.Of(now, time.Local)
	t, err := template.New(name).Funcs(template.FuncMap{"day": func(n int) string { return today.AddDays(n).String() }}).Parse(string(text))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, nil); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o600)
}
