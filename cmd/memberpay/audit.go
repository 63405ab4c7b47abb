package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"memberpay/internal/app"
	"memberpay/internal/audit"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/keys"
	"memberpay/internal/member"
)

type auditCommand struct {
	Verify      auditVerify      `cmd:"" help:"Compute the whole log again. Exits with 1 where anything was changed, removed or slipped in, and names it."`
	Key         auditKey         `cmd:"" help:"Print the public key that checkpoints are signed with. Keep it elsewhere."`
	Checkpoint  auditCheckpoint  `cmd:"" help:"Print the newest signed checkpoint. Keep it elsewhere."`
	Prove       auditProve       `cmd:"" help:"Print a proof that an entry is in the log."`
	VerifyProof auditVerifyProof `cmd:"" help:"Check a proof with the public key alone, without the database."`
	Export      auditExport      `cmd:"" help:"Write entries as CSV or JSON."`
}

// auditStore is a log and the key that counts for it.
type auditStore struct {
	config.Store `embed:""`
	PublicKey    string `name:"key" help:"Public key, as \"memberpay audit key\" printed it. The one that is sealed in the database where empty." placeholder:"KEY"`
}

// public returns the public key that counts, and the key itself where it can be unsealed here. Without either, the
// database's own word is taken, and that is said.
func (c auditStore) public(ctx context.Context, d *db.DB) (string, *audit.Key, error) {
	key, err := c.unseal(ctx, d)
	switch {
	case errors.Is(err, audit.ErrNoKey):
		return strings.TrimSpace(c.PublicKey), nil, err
	case err != nil && c.PublicKey == "":
		return "", nil, err
	case c.PublicKey != "":
		return strings.TrimSpace(c.PublicKey), key, nil
	case key != nil:
		return key.Public(), key, nil
	}
	public, err := audit.PublishedKey(ctx, d.Read())
	if err == nil {
		fmt.Fprintln(os.Stderr, "the public key is taken from the database itself, which proves little: give --key, or the settings of the server")
	}
	return public, nil, err
}

// unseal returns the key, nil where this machine has no keys.
func (c auditStore) unseal(ctx context.Context, d *db.DB) (*audit.Key, error) {
	k, err := keys.Look(ctx, app.KeysConfig(d, c.Store, atCommandLine, logger()))
	if errors.Is(err, keys.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return audit.ReadKey(ctx, d.Read(), k.Box)
}

type auditVerify struct {
	auditStore `embed:""`
	Checkpoint []string `help:"A checkpoint that was kept elsewhere: the log must go on from it. May be given more than once." type:"existingfile" placeholder:"FILE"`
	JSON       bool     `help:"Report as JSON."`
}

// Run checks the log and says what is wrong with it, the worst first.
func (c auditVerify) Run(ctx context.Context) error {
	d, err := openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	public, key, err := c.public(ctx, d)
	if errors.Is(err, audit.ErrNoKey) && public == "" {
		return fmt.Errorf("%w: there is nothing to check", err)
	}
	if err != nil && !errors.Is(err, audit.ErrNoKey) {
		return err
	}
	o := audit.Options{Public: public, Key: key}
	files := c.Checkpoint
	if _, err := os.Stat(c.AuditCheckpoint()); err == nil { // the server's own, beside the database
		files = append(files, c.AuditCheckpoint())
	}
	for _, name := range files {
		signed, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		o.Saved = append(o.Saved, audit.Saved{Name: name, Signed: string(signed)})
	}
	if !c.JSON {
		o.Progress = howFar(5 * time.Second)
	}
	r, err := audit.Verify(ctx, d, o)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(map[string]any{"ok": r.Count == 0, "report": r})
	} else {
		printReport(r, len(files))
	}
	if err == nil && r.Count > 0 {
		return exitCode(1)
	}
	return err
}

// howFar tells how far a long reading is, not more often than every pause.
func howFar(pause time.Duration) func(done, total int64) {
	last := time.Now()
	return func(done, total int64) {
		if now := time.Now(); now.Sub(last) >= pause {
			last = now
			fmt.Fprintf(os.Stderr, "%d of %d entries\n", done, total)
		}
	}
}

func printReport(r audit.Report, kept int) {
	fmt.Printf("%d entries under %d signed checkpoints were computed again", r.Entries, r.Checkpoints)
	if kept > 0 {
		fmt.Printf(", and compared with %d kept elsewhere", kept)
	}
	fmt.Println()
	if !r.Sealed.IsZero() {
		fmt.Printf("sealed until %s\n", r.Sealed.Format(time.RFC3339))
	}
	if r.Waiting > 0 {
		fmt.Printf("%d entries wait to be sealed; they are not checked yet\n", r.Waiting)
	}
	if r.Late > 0 {
		fmt.Printf("%d entries were sealed more than an hour after their time, the first is %s: no server was sealing, or their time is not true\n", r.Late, r.FirstLate)
	}
	if r.Count == 0 {
		fmt.Println("the log is whole: nothing was changed, removed or slipped in")
		return
	}
	for _, p := range r.Problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if more := r.Count - len(r.Problems); more > 0 {
		fmt.Fprintf(os.Stderr, "and %d more\n", more)
	}
}

type auditKey struct {
	config.Store `embed:""`
}

func (c auditKey) Run(ctx context.Context) error {
	d, err := openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	public, _, err := auditStore{Store: c.Store}.public(ctx, d)
	if err != nil {
		return err
	}
	fmt.Println(public)
	return nil
}

type auditCheckpoint struct {
	config.Store `embed:""`
}

func (c auditCheckpoint) Run(ctx context.Context) error {
	d, err := openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	signed, err := audit.Newest(ctx, d.Read())
	if err != nil {
		return err
	}
	if signed == "" {
		return errors.New("nothing was sealed yet; a running server seals every few seconds")
	}
	_, err = os.Stdout.WriteString(signed)
	return err
}

type auditProve struct {
	auditStore `embed:""`
	Entry      string `arg:"" help:"Id of the entry."`
}

func (c auditProve) Run(ctx context.Context) error {
	d, err := openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	public, _, err := c.public(ctx, d)
	if err != nil {
		return err
	}
	text, err := audit.Prove(ctx, d.Read(), c.Entry, public)
	if err != nil {
		return err
	}
	_, err = os.Stdout.WriteString(text)
	return err
}

type auditVerifyProof struct {
	File      string `arg:"" help:"File with the proof." type:"existingfile"`
	PublicKey string `name:"key" required:"" help:"Public key, as \"memberpay audit key\" printed it." placeholder:"KEY"`
}

func (c auditVerifyProof) Run() error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	e, n, checkpoint, err := audit.CheckProof(string(text), strings.TrimSpace(c.PublicKey))
	if err != nil {
		return fmt.Errorf("the proof does not hold: %w", err)
	}
	fmt.Printf("the proof holds: entry %d of %d, sealed before %s\n%s\n", n, checkpoint.Size, checkpoint.At.Format(time.RFC3339), e)
	for _, part := range []struct{ word, value string }{{"reason", e.Reason}, {"detail", e.Detail}} {
		if part.value != "" {
			fmt.Printf("%s: %q\n", part.word, part.value)
		}
	}
	return nil
}

type auditExport struct {
	config.Store `embed:""`
	From         string `help:"First day, or moment, in UTC: 2026-12-01 or 2026-12-01T15:04:05Z." placeholder:"TIME"`
	To           string `help:"Last day, or the moment to stop before." placeholder:"TIME"`
	Member       string `help:"Only what concerns the member with this member ID." placeholder:"ID"`
	Actor        string `help:"Only what this account did, by its id." placeholder:"ID"`
	Action       string `help:"Only this action and those below it: payment finds payment.submitted." placeholder:"VERB"`
	Format       string `enum:"csv,json" default:"csv" help:"csv, or json: an array with one object a line."`
	Output       string `short:"o" help:"File to write; standard output where empty." type:"path"`
}

// Run streams the entries, oldest first, and notes in the log that it did.
func (c auditExport) Run(ctx context.Context) error {
	f := audit.Filter{Actor: c.Actor, Action: c.Action}
	var err error
	if f.From, err = moment("--from", c.From, 0); err != nil {
		return err
	}
	if f.To, err = moment("--to", c.To, 1); err != nil {
		return err
	}
	d, err := openNoting(ctx, c.Store, openExisting)
	if err != nil {
		return err
	}
	defer d.Close()
	if c.Member != "" {
		found, err := member.ByNumber(ctx, d.Read(), c.Member)
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("--member %q belongs to %d people; give the number on the member card as it is printed", c.Member, len(found))
		}
		f.Member = found[0].ID
	}
	if err := audit.Write(ctx, d, atCommandLine.Did(time.Now(), "audit.exported", "", f.Member)); err != nil {
		return err
	}
	out := os.Stdout
	if c.Output != "" {
		if out, err = os.Create(c.Output); err != nil {
			return err
		}
	}
	w := newRows(out, c.Format)
	w.columns("id", "at", "actor", "role", "action", "subject", "member", "address", "reason", "detail")
	err = audit.Each(ctx, d.Read(), f, func(e audit.Entry) error {
		values := []any{e.ID, e.At.Format(time.RFC3339Nano), e.Actor, e.Role, e.Action, e.Subject, e.Member, e.From, e.Reason, e.Detail}
		if c.Format == "csv" {
			for i, v := range values {
				values[i] = harmless(v.(string))
			}
		}
		return w.row(values...)
	})
	if err != nil {
		return err
	}
	return w.close()
}

// moment reads a time of a flag; a day stands for its beginning, days later.
func moment(flag, text string, days int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.AddDate(0, 0, days), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q is no time: write 2026-12-01 or 2026-12-01T15:04:05Z", flag, text)
	}
	return t, nil
}

// harmless keeps a spreadsheet from taking what a person typed for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
