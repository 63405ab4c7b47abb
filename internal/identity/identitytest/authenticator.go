// Package identitytest is an authenticator in software, for tests: it makes passkeys and signs with them as a phone or a
// security key does, and as a browser hands it on.
package identitytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/fxamacker/cbor/v2"
)

// Authenticator holds passkeys. The zero value at an Origin is a security key without passkeys, and verifies its owner.
type Authenticator struct {
	Origin string // address the browser is at, "https://pay.example.org"
	Synced bool   // its passkeys are on other devices too: it counts nothing
	Absent bool   // its owner does not show who they are: the answer says so

	keys []*key
}

type key struct {
	id      []byte
	domain  string
	user    []byte
	private *ecdsa.PrivateKey
	count   uint32
}

// Bits of the flags in what an authenticator signs.
const (
	present  = 1 << 0
	verified = 1 << 2
	eligible = 1 << 3
	backedUp = 1 << 4
	attested = 1 << 6
)

type creation struct {
	Challenge string
	RP        struct{ ID string }
	User      struct{ ID string }
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
}

// ErrThere is what a browser says where the authenticator has one of the passkeys already that must not be there.
var ErrThere = errors.New("InvalidStateError")

// ErrNone is what a browser says where the authenticator has no passkey for the site.
var ErrNone = errors.New("NotAllowedError")

// Create makes a passkey for the options and returns the browser's response as JSON.
func (a *Authenticator) Create(options []byte) ([]byte, error) {
	var o creation
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	for _, x := range o.Exclude {
		for _, k := range a.keys {
			if text(k.id) == x.ID {
				return nil, ErrThere
			}
		}
	}
	user, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return nil, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &key{id: make([]byte, 16), domain: o.RP.ID, user: user, private: private}
	rand.Read(k.id)
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		return nil, err
	}
	data := a.data(k, attested)
	data = append(data, make([]byte, 16)...) // of no known make
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), public...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		return nil, err
	}
	a.keys = append(a.keys, k)
	return a.response(k, map[string]any{"clientDataJSON": text(a.client("webauthn.create", o.Challenge)), "attestationObject": text(object),
		"transports": []string{"internal"}})
}

// Get signs in with the passkey made last for the options' site and returns the browser's response as JSON.
func (a *Authenticator) Get(options []byte) ([]byte, error) {
	var o struct {
		Challenge string
		RPID      string `json:"rpId"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	var k *key
	for _, one := range a.keys {
		if one.domain == o.RPID {
			k = one
		}
	}
	if k == nil {
		return nil, ErrNone
	}
	client := a.client("webauthn.get", o.Challenge)
	data := a.data(k, 0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		return nil, err
	}
	return a.response(k, map[string]any{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(k.user)})
}

// Copy is a second authenticator with the same passkeys, which counts from where the first one stands.
func (a *Authenticator) Copy() *Authenticator {
	out := &Authenticator{Origin: a.Origin, Synced: a.Synced}
	for _, k := range a.keys {
		one := *k
		out.keys = append(out.keys, &one)
	}
	return out
}

// data is what an authenticator says of itself and signs.
func (a *Authenticator) data(k *key, flags byte) []byte {
	flags |= present
	if !a.Absent {
		flags |= verified
	}
	if a.Synced {
		flags |= eligible | backedUp
	} else {
		k.count++
	}
	domain := sha256.Sum256([]byte(k.domain))
	return binary.BigEndian.AppendUint32(append(domain[:], flags), k.count)
}

// client is what a browser says of where it is.
func (a *Authenticator) client(kind, challenge string) []byte {
	out, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false}) // cannot fail
	return out
}

func (a *Authenticator) response(k *key, inner map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"id": text(k.id), "rawId": text(k.id), "type": "public-key", "authenticatorAttachment": "platform",
		"response": inner, "clientExtensionResults": map[string]any{}})
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
