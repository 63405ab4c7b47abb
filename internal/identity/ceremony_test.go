package identity

import (
	"encoding/json"
	"strings"
	"testing"

	"memberpay/internal/identity/identitytest"
)

// newParty is whom passkeys are for in tests, with a new passkey's response and a ceremony for it.
func newParty(t testing.TB) (p *party, options json.RawMessage, made, asked ceremony, at *identitytest.Authenticator) {
	t.Helper()
	a := New(nil, nil, 1)
	if err := a.UsePasskeys(Passkeys{ID: "localhost", Origins: []string{"http://localhost:8080"}, Name: "Larkspur Health"}); err != nil {
		t.Fatal(err)
	}
	creation, session, err := a.party.web.BeginRegistration(passkeyOwner{id: "acc_1", name: "maya", display: "Maya"})
	if err != nil {
		t.Fatal(err)
	}
	options, err = json.Marshal(creation.Response)
	if err != nil {
		t.Fatal(err)
	}
	_, again, err := a.party.web.BeginDiscoverableLogin()
	if err != nil {
		t.Fatal(err)
	}
	return a.party, options, ceremony{Purpose: register, Account: "acc_1", Challenge: session.Challenge}, ceremony{Purpose: signIn, Challenge: again.Challenge},
		&identitytest.Authenticator{Origin: "http://localhost:8080"}
}

// TestOptions: what the browser is asked for is a passkey: found by itself, with proof of who holds it, and no papers.
func TestOptions(t *testing.T) {
	t.Parallel()
	_, raw, _, _, _ := newParty(t)
	var o struct {
		Attestation string
		Timeout     int
		RP          struct{ ID, Name string }
		User        struct{ Name, DisplayName string }
		Select      struct {
			ResidentKey, UserVerification string
			RequireResidentKey            bool
		} `json:"authenticatorSelection"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	if o.Attestation != "none" && o.Attestation != "" || o.Timeout != int(CeremonyLife.Milliseconds()) || o.RP.ID != "localhost" || o.RP.Name != "Larkspur Health" ||
		o.User.Name != "maya" || o.User.DisplayName != "Maya" || o.Select.ResidentKey != "required" || !o.Select.RequireResidentKey || o.Select.UserVerification != "required" {
		t.Errorf("options %s", raw)
	}
}

// FuzzPasskeyResponse: whatever a browser sends is refused or is the one right answer, and nothing breaks.
func FuzzPasskeyResponse(f *testing.F) {
	p, options, made, asked, at := newParty(f)
	right, err := at.Create(options)
	if err != nil {
		f.Fatal(err)
	}
	get, err := at.Get([]byte(`{"rpId":"localhost","challenge":"` + asked.Challenge + `"}`))
	if err != nil {
		f.Fatal(err)
	}
	key, err := p.created(made, right)
	if err != nil {
		f.Fatal(err)
	}
	owner := passkeyOwner{id: "acc_1", credentials: nil}
	owner.credentials = append(owner.credentials, *key)
	for _, s := range []string{string(right), string(get), "", "{}", "null", "[]", `{"id":"","rawId":"","type":"public-key","response":{}}`, strings.Repeat("[", 100000),
		strings.Replace(string(right), "attestationObject", "attestationobject", 1), strings.Replace(string(get), "signature", "Signature", 1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		if c, err := p.created(made, response); err == nil && string(c.ID) != string(key.ID) {
			t.Errorf("another passkey was made of %q", response)
		} else if err == nil {
			if _, err := kept(c); err != nil {
				t.Error(err)
			}
		}
		parsed, err := parseAssertion(response)
		if err != nil {
			return
		}
		if _, err := p.asserted(asked, owner, parsed); err == nil && string(parsed.RawID) != string(key.ID) {
			t.Errorf("%q opened the account", response)
		}
	})
}
