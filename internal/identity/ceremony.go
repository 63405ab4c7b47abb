package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

// CeremonyLife is how long a browser may take from the options to its response.
const CeremonyLife = 5 * time.Minute

// Passkeys is whom a browser makes passkeys for.
type Passkeys struct {
	ID      string   // domain they are bound to: the host of the public address, or a domain above it. No IP address
	Origins []string // addresses they may be used at, "https://pay.example.org"
	Name    string   // of the organisation, which the browser shows
}

// party is Passkeys at work.
type party struct {
	Passkeys
	web *webauthn.WebAuthn
}

// passkeyAlgorithms are what passkeys sign with; the first is what most know.
var passkeyAlgorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// UsePasskeys says whom passkeys are for. It is called once, before anything else; without it there are no
// passkeys. It is an error where ID is no domain: browsers make no passkeys for an IP address.
func (a *Accounts) UsePasskeys(p Passkeys) error {
	limit := webauthn.TimeoutConfig{Timeout: CeremonyLife, TimeoutUVD: CeremonyLife}
	web, err := webauthn.New(&webauthn.Config{
		RPID: p.ID, RPDisplayName: p.Name, RPOrigins: p.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: protocol.ResidentKeyRequired(),
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
		// Password managers add results of their own that nobody asked for.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err == nil {
		err = protocol.ValidateRPID(p.ID)
	}
	if err != nil {
		return fmt.Errorf("passkeys for %q: %w", p.ID, err)
	}
	a.party = &party{p, web}
	return nil
}

// PasskeyDomain is the domain that passkeys are bound to, "" where there are none.
func (a *Accounts) PasskeyDomain() string {
	if a.party == nil {
		return ""
	}
	return a.party.ID
}

type purpose string

const (
	register purpose = "register"
	signIn   purpose = "sign_in"
)

// ceremony is what has to be remembered between the options and the response. It travels sealed with the page, so that a
// page which is only looked at writes nothing; the database holds the ceremonies that ended, until they would be over.
type ceremony struct {
	Purpose   purpose `json:"p"`
	Account   string  `json:"a,omitempty"` // whose passkey is made, "" at a sign-in
	Challenge string  `json:"c"`
	Expires   int64   `json:"e"` // microseconds
}

// ceremonyPlace is what ceremonies are sealed for.
const ceremonyPlace = "ceremony/page/data"

// begin seals a ceremony and writes the options for the browser.
func (a *Accounts) begin(c ceremony, options any) (string, json.RawMessage, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return "", nil, fmt.Errorf("begin a ceremony: %w", err)
	}
	sealed, err := a.box.Seal(raw, ceremonyPlace)
	if err != nil {
		return "", nil, fmt.Errorf("begin a ceremony: %w", err)
	}
	told, err := json.Marshal(options)
	if err != nil {
		return "", nil, fmt.Errorf("begin a ceremony: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), told, nil
}

// finish ends a ceremony: it works once. It returns ErrPasskeyOver where it ended before, took too long, or is none of this
// purpose and account.
func (a *Accounts) finish(ctx context.Context, now time.Time, p purpose, accountID, ceremonyID string) (c ceremony, err error) {
	if a.party == nil {
		return c, ErrPasskeyOver
	}
	sealed, err := base64.RawURLEncoding.DecodeString(ceremonyID)
	if err != nil {
		return c, ErrPasskeyOver
	}
	raw, err := a.box.Open(sealed, ceremonyPlace)
	if err != nil {
		return c, ErrPasskeyOver
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("finish a ceremony: %w", err)
	}
	if c.Purpose != p || c.Account != accountID || c.Expires < now.UnixMicro() {
		return c, ErrPasskeyOver
	}
	err = a.db.Write(ctx, func(tx *db.Tx) error {
		n, err := changed(ctx, tx, "INSERT INTO ceremony (id, account_id, purpose, data, expires_at) VALUES ($1, $2, $3, '', $4) ON CONFLICT (id) DO NOTHING",
			id.Digest(c.Challenge), c.Account, c.Purpose, c.Expires)
		if err == nil && n == 0 {
			return ErrPasskeyOver
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrPasskeyOver) {
		err = fmt.Errorf("finish a ceremony: %w", err)
	}
	return c, err
}

// session is the ceremony as the verification wants it.
func (p *party) session(c ceremony) webauthn.SessionData {
	return webauthn.SessionData{Challenge: c.Challenge, RelyingPartyID: p.ID, UserID: []byte(c.Account),
		UserVerification: protocol.VerificationRequired, CredParams: passkeyAlgorithms}
}

// created verifies the response to the options of a new passkey.
func (p *party) created(c ceremony, response []byte) (*webauthn.Credential, error) {
	if len(response) > maxResponse {
		return nil, errors.New("the response is too long")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, err
	}
	return p.web.CreateCredential(passkeyOwner{id: c.Account}, p.session(c), parsed)
}

// parseAssertion reads the response to the options of a sign-in.
func parseAssertion(response []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if len(response) > maxResponse {
		return nil, errors.New("the response is too long")
	}
	return protocol.ParseCredentialRequestResponseBytes(response)
}

// asserted verifies the response to the options of a sign-in, and returns the owner's passkey as it is afterwards. A
// passkey that may have been copied is refused.
func (p *party) asserted(c ceremony, owner passkeyOwner, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	for _, k := range owner.credentials {
		if k.Authenticator.CloneWarning {
			return nil, errors.New("the passkey may have been copied")
		}
	}
	s := p.session(c)
	s.UserID, s.CredParams = nil, nil
	_, after, err := p.web.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		if string(handle) != owner.id {
			return nil, errors.New("the passkey is another account's")
		}
		return owner, nil
	}, s, parsed)
	return after, err
}
