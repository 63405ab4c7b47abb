package identity

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Errors of passkeys.
var (
	ErrPasskey      = fault.Field("passkey", "passkey.failed")       // the response is none, or not of this ceremony
	ErrPasskeyOver  = fault.Field("passkey", "passkey.over")         // the ceremony ended, or took longer than CeremonyLife
	ErrPasskeyTaken = fault.New(fault.Conflict, "passkey.taken")     // it is kept already
	ErrPasskeyLast  = fault.New(fault.Conflict, "passkey.last")      // without it nothing would open the account
	ErrPasskeyMany  = fault.New(fault.Conflict, "passkey.too_many")  // the account has MostPasskeys already
	errNoPasskey    = fault.New(fault.NotFound, "passkey.not_found") // or not yours
)

const (
	// MostPasskeys is how many passkeys one account may have.
	MostPasskeys = 20
	// maxPasskeyName bounds a passkey's name, in characters.
	maxPasskeyName = 60
	// maxResponse bounds what a browser sends of a ceremony, in bytes. Real ones have a few thousand.
	maxResponse = 64 << 10
)

// Passkey is a passkey of an account, as its owner sees it.
type Passkey struct {
	ID        string
	Name      string
	Synced    bool // its owner's other devices have it too
	Suspect   bool // somebody may have copied it: it opens nothing any more
	CreatedAt time.Time
	UsedAt    time.Time // zero for never
}

// Credential is a passkey that CheckPasskey has verified and AddPasskey can keep.
type Credential struct {
	key    string
	record string
	synced bool
}

// passkeyOwner is an account as the ceremonies see it.
type passkeyOwner struct {
	id, name, display string
	credentials       []webauthn.Credential
}

func (o passkeyOwner) WebAuthnID() []byte                         { return []byte(o.id) }
func (o passkeyOwner) WebAuthnName() string                       { return o.name }
func (o passkeyOwner) WebAuthnDisplayName() string                { return o.display }
func (o passkeyOwner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

// BeginPasskey begins to make a passkey for an account, which need not be there yet. name and display are what the
// browser shows of it. options is for the browser; ceremonyID comes back beside its response.
// Both are empty where there are no passkeys at this site's address, and pages offer none then.
func (a *Accounts) BeginPasskey(ctx context.Context, now time.Time, accountID, name, display string) (ceremonyID string, options json.RawMessage, err error) {
	if a.party == nil {
		return "", nil, nil
	}
	owner := passkeyOwner{id: accountID, name: name, display: display}
	if owner.credentials, err = a.credentials(ctx, accountID); err != nil {
		return "", nil, err
	}
	there := make([]protocol.CredentialDescriptor, len(owner.credentials))
	for i, c := range owner.credentials {
		there[i] = c.Descriptor()
	}
	creation, session, err := a.party.web.BeginRegistration(owner, webauthn.WithExclusions(there), webauthn.WithCredentialParameters(passkeyAlgorithms))
	if err != nil {
		return "", nil, fmt.Errorf("begin a passkey: %w", err)
	}
	return a.begin(ceremony{Purpose: register, Account: accountID, Challenge: session.Challenge, Expires: now.Add(CeremonyLife).UnixMicro()}, creation.Response)
}

// CheckPasskey verifies the browser's response to BeginPasskey and ends the ceremony, whatever comes of it. Nothing is
// kept before AddPasskey. It returns ErrPasskey or ErrPasskeyOver.
func (a *Accounts) CheckPasskey(ctx context.Context, now time.Time, accountID, ceremonyID string, response []byte) (Credential, error) {
	c, err := a.finish(ctx, now, register, accountID, ceremonyID)
	if err != nil {
		return Credential{}, err
	}
	made, err := a.party.created(c, response)
	if err != nil {
		return Credential{}, fmt.Errorf("%w: %v", ErrPasskey, err) // the cause is for the log
	}
	return kept(made)
}

// AddPasskey keeps a verified passkey. An empty label is fine. It returns ErrPasskeyTaken or ErrPasskeyMany; a closed
// account is NotFound.
func (a *Accounts) AddPasskey(ctx context.Context, tx *db.Tx, now time.Time, accountID, label string, c Credential) (Passkey, error) {
	if c.key == "" {
		return Passkey{}, ErrPasskey
	}
	if err := lockAccount(ctx, tx, accountID); err != nil {
		return Passkey{}, err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM passkey WHERE account_id = $1", accountID).Scan(&n); err != nil {
		return Passkey{}, fmt.Errorf("add a passkey: %w", err)
	}
	if n >= MostPasskeys {
		return Passkey{}, ErrPasskeyMany
	}
	p := Passkey{ID: id.New("pk"), Name: passkeyName(label), Synced: c.synced, CreatedAt: now}
	added, err := changed(ctx, tx, `INSERT INTO passkey (id, account_id, credential_id, credential, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (credential_id) DO NOTHING`, p.ID, accountID, c.key, c.record, p.Name, db.Micros(now))
	if err != nil {
		return Passkey{}, fmt.Errorf("add a passkey: %w", err)
	}
	if added == 0 {
		return Passkey{}, ErrPasskeyTaken
	}
	return p, nil
}

// passkeyName is a name as it is kept: one line, no longer than a list has room for.
func passkeyName(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if utf8.RuneCountInString(s) > maxPasskeyName {
		s = string([]rune(s)[:maxPasskeyName])
	}
	return strings.TrimSpace(s)
}

// RemovePasskey forgets a passkey of the account, or returns ErrPasskeyLast where nothing else opens it. One that is not
// there, or not the account's, is NotFound.
func (a *Accounts) RemovePasskey(ctx context.Context, tx *db.Tx, accountID, passkeyID string) error {
	if err := lockAccount(ctx, tx, accountID); err != nil { // of two at once, one is the last
		return err
	}
	var mine, other bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM passkey p WHERE p.account_id = a.id AND p.id = $2),
		password_hash <> '' OR EXISTS (SELECT 1 FROM passkey p WHERE p.account_id = a.id AND p.id <> $2) FROM account a WHERE a.id = $1`,
		accountID, passkeyID).Scan(&mine, &other)
	switch {
	case err != nil:
		return fmt.Errorf("remove a passkey: %w", err)
	case !mine:
		return errNoPasskey
	case !other:
		return ErrPasskeyLast
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM passkey WHERE id = $1", passkeyID); err != nil {
		return fmt.Errorf("remove a passkey: %w", err)
	}
	return nil
}

// BeginPasskeySignIn begins a sign-in with whichever passkey its owner chooses: nobody says first who they are. Both are
// empty where there are no passkeys at this site's address.
func (a *Accounts) BeginPasskeySignIn(_ context.Context, now time.Time) (ceremonyID string, options json.RawMessage, err error) {
	if a.party == nil {
		return "", nil, nil
	}
	assertion, session, err := a.party.web.BeginDiscoverableLogin()
	if err != nil {
		return "", nil, fmt.Errorf("begin a sign-in with a passkey: %w", err)
	}
	return a.begin(ceremony{Purpose: signIn, Challenge: session.Challenge, Expires: now.Add(CeremonyLife).UnixMicro()}, assertion.Response)
}

// FinishPasskeySignIn verifies the browser's response to BeginPasskeySignIn, ends the ceremony, and returns whose passkey
// it is: a member's or staff's, which the caller looks at. It returns ErrPasskeyOver, or ErrSignIn for everything else,
// and with that the account whose passkey it would have been, "" for none: for the audit log, never for whoever asks.
func (a *Accounts) FinishPasskeySignIn(ctx context.Context, now time.Time, ceremonyID string, response []byte) (accountID string, err error) {
	c, err := a.finish(ctx, now, signIn, "", ceremonyID)
	if err != nil {
		return "", err
	}
	parsed, err := parseAssertion(response)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrSignIn, err) // the cause is for the log
	}
	for range 3 { // the passkey may be in use elsewhere at this moment
		owner, row, err := a.ownerOf(ctx, parsed)
		if err != nil {
			return "", err
		}
		after, err := a.party.asserted(c, owner, parsed)
		if err != nil {
			return owner.id, fmt.Errorf("%w: %v", ErrSignIn, err)
		}
		done, err := a.used(ctx, now, row, after)
		if err != nil || done {
			return owner.id, err
		}
	}
	return "", fault.BusyFor("sign_in.busy", time.Second)
}

// passkeyRow is a passkey as it is kept.
type passkeyRow struct {
	id, accountID, record string
}

// ownerOf is the account whose passkey answered, or ErrSignIn.
func (a *Accounts) ownerOf(ctx context.Context, parsed *protocol.ParsedCredentialAssertionData) (passkeyOwner, passkeyRow, error) {
	var row passkeyRow
	err := a.db.Read().QueryRowContext(ctx, `SELECT p.id, p.account_id, p.credential FROM passkey p JOIN account a ON a.id = p.account_id
		WHERE p.credential_id = $1 AND a.closed_at = 0`, credentialKey(parsed.RawID)).Scan(&row.id, &row.accountID, &row.record)
	if errors.Is(err, sql.ErrNoRows) {
		return passkeyOwner{}, row, ErrSignIn
	}
	var c webauthn.Credential
	if err == nil {
		err = json.Unmarshal([]byte(row.record), &c)
	}
	if err != nil {
		return passkeyOwner{}, row, fmt.Errorf("sign in with a passkey: %w", err)
	}
	return passkeyOwner{id: row.accountID, credentials: []webauthn.Credential{c}}, row, nil
}

// used keeps what a sign-in changed of a passkey. It reports false where somebody else changed it meanwhile. A passkey
// whose count of uses went backwards may have been copied: it is kept as suspect, and opens nothing any more.
func (a *Accounts) used(ctx context.Context, now time.Time, row passkeyRow, after *webauthn.Credential) (done bool, err error) {
	record, err := json.Marshal(after)
	if err != nil {
		return false, fmt.Errorf("sign in with a passkey: %w", err)
	}
	err = a.db.Write(ctx, func(tx *db.Tx) error {
		n, err := changed(ctx, tx, "UPDATE passkey SET credential = $2, used_at = $3 WHERE id = $1 AND credential = $4", row.id, string(record), db.Micros(now), row.record)
		if done = n == 1; err != nil || !done || !after.Authenticator.CloneWarning {
			return err
		}
		return audit.Append(ctx, tx, audit.Program.Did(now, "passkey.suspect", row.id, ""))
	})
	if err != nil {
		return false, fmt.Errorf("sign in with a passkey: %w", err)
	}
	if done && after.Authenticator.CloneWarning {
		return true, ErrSignIn
	}
	return done, nil
}

// passkeys returns an account's passkeys, the oldest first.
func (a *Accounts) passkeys(ctx context.Context, q db.Queryer, accountID string) (out []Passkey, err error) {
	err = db.Each(ctx, q, "SELECT id, name, credential, created_at, used_at FROM passkey WHERE account_id = $1 ORDER BY created_at, id", []any{accountID},
		func(rows *sql.Rows) error {
			var p Passkey
			var record string
			var created, used int64
			var c webauthn.Credential
			if err := rows.Scan(&p.ID, &p.Name, &record, &created, &used); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(record), &c); err != nil {
				return err
			}
			p.Synced, p.Suspect = c.Flags.BackupEligible, c.Authenticator.CloneWarning
			p.CreatedAt, p.UsedAt = db.Time(created), db.Time(used)
			out = append(out, p)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return out, nil
}

// credentials returns what is kept of an account's passkeys.
func (a *Accounts) credentials(ctx context.Context, accountID string) (out []webauthn.Credential, err error) {
	err = db.Each(ctx, a.db.Read(), "SELECT credential FROM passkey WHERE account_id = $1 ORDER BY created_at, id", []any{accountID}, func(rows *sql.Rows) error {
		var record string
		var c webauthn.Credential
		if err := rows.Scan(&record); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(record), &c)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return out, nil
}

// kept turns a verified credential into what AddPasskey keeps. The proof of its making is not needed again.
func kept(c *webauthn.Credential) (Credential, error) {
	c.Attestation = webauthn.CredentialAttestation{}
	record, err := json.Marshal(c)
	if err != nil {
		return Credential{}, fmt.Errorf("check a passkey: %w", err)
	}
	return Credential{key: credentialKey(c.ID), record: string(record), synced: c.Flags.BackupEligible}, nil
}

func credentialKey(rawID []byte) string { return base64.RawURLEncoding.EncodeToString(rawID) }
