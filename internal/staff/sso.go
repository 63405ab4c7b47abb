package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
)

// SSO says how to sign in with the organisation's own identity provider (OpenID Connect, authorization code with PKCE).
type SSO struct {
	Issuer       string // "" for none
	ClientID     string
	ClientSecret string
	Name         string // what the button calls it
	RoleClaim    string // claim that names a role; "" lets only people in who were invited, in the role they have here
}

// On reports whether there is an identity provider.
func (s SSO) On() bool { return s.Issuer != "" }

// Errors of the sign-in with an identity provider.
var (
	ErrSSODown    = fault.New(fault.Busy, "sso.down")       // the provider does not answer, or not as it should
	ErrSSOAttempt = fault.New(fault.SignIn, "sso.attempt")  // begun elsewhere, ended already, or too long ago
	ErrSSOUnknown = fault.New(fault.SignIn, "sso.unknown")  // signed in there, and nobody here
	ErrSSOAddress = fault.New(fault.SignIn, "sso.unproved") // the provider does not vouch for the address
)

const (
	attemptLife = 10 * time.Minute
	ssoTimeout  = 10 * time.Second
)

// provider is the identity provider, found at the first sign-in: it may start after us.
type provider struct {
	mu    sync.Mutex
	found *oidc.Provider
}

func (s *Staff) discover(ctx context.Context) (*oidc.Provider, oauth2.Config, error) {
	s.provider.mu.Lock()
	defer s.provider.mu.Unlock()
	if s.provider.found == nil {
		// Keys are fetched again later, so the provider must not die with this request.
		p, err := oidc.NewProvider(context.WithoutCancel(ctx), s.SSO.Issuer)
		if err != nil {
			s.Log.Error("the identity provider does not answer; check MEMBERPAY_SSO_ISSUER", "err", err)
			return nil, oauth2.Config{}, ErrSSODown
		}
		s.provider.found = p
	}
	return s.provider.found, oauth2.Config{ClientID: s.SSO.ClientID, ClientSecret: s.SSO.ClientSecret, Endpoint: s.provider.found.Endpoint(),
		RedirectURL: s.BaseURL + "/desk/sso/return", Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}, nil
}

// BeginSSO begins a sign-in and returns where the browser goes and the state that it has to keep in a cookie.
func (s *Staff) BeginSSO(ctx context.Context, now time.Time, to string) (url, state string, err error) {
	ctx, cancel := context.WithTimeout(ctx, ssoTimeout)
	defer cancel()
	_, client, err := s.discover(ctx)
	if err != nil {
		return "", "", err
	}
	state, nonce, verifier := id.Secret(), id.Secret(), oauth2.GenerateVerifier()
	sealed, err := s.Seal.Seal([]byte(verifier), attemptPlace(id.Digest(state)))
	if err != nil {
		return "", "", err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sso_attempt WHERE expires_at < $1", db.Micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO sso_attempt (state_hash, nonce, verifier_sealed, return_to, expires_at) VALUES ($1, $2, $3, $4, $5)",
			id.Digest(state), nonce, sealed, to, db.Micros(now.Add(attemptLife)))
		return err
	})
	if err != nil {
		return "", "", wrap("begin single sign-on", err)
	}
	return client.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), state, nil
}

func attemptPlace(stateHash string) string { return attemptVerifier.Place(stateHash) }

// FinishSSO ends a sign-in with what the provider sent back and returns whose it is and where they were going. state is
// the browser's own, from its cookie; sent is the one in the address.
func (s *Staff) FinishSSO(ctx context.Context, now time.Time, state, sent, code, from string) (accountID, to string, err error) {
	if state == "" || state != sent {
		return "", "", ErrSSOAttempt
	}
	ctx, cancel := context.WithTimeout(ctx, ssoTimeout)
	defer cancel()
	nonce, verifier, to, err := s.attempt(ctx, now, state)
	if err != nil {
		return "", "", err
	}
	p, client, err := s.discover(ctx)
	if err != nil {
		return "", "", err
	}
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500 {
			return "", "", ErrSSOAttempt
		}
		s.Log.Error("the identity provider does not take the code", "err", err)
		return "", "", ErrSSODown
	}
	raw, _ := token.Extra("id_token").(string)
	checked, err := p.Verifier(&oidc.Config{ClientID: s.SSO.ClientID, Now: func() time.Time { return now }}).Verify(ctx, raw)
	if err != nil || checked.Nonce != nonce {
		s.Log.Warn("an identity token was refused", "err", err)
		return "", "", ErrSSOAttempt
	}
	var claims map[string]any
	if err := checked.Claims(&claims); err != nil {
		return "", "", ErrSSOAttempt
	}
	if _, ok := claims["email"]; !ok { // some providers tell more of a person only when they are asked
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil || info.Subject != checked.Subject {
			s.Log.Warn("the identity provider does not tell who signed in", "err", err)
			return "", "", ErrSSOAddress
		}
		if err := info.Claims(&claims); err != nil {
			return "", "", ErrSSOAttempt
		}
	}
	accountID, err = s.known(ctx, now, claims, from)
	return accountID, to, err
}

// attempt takes a begun sign-in, once.
func (s *Staff) attempt(ctx context.Context, now time.Time, state string) (nonce, verifier, to string, err error) {
	hash := id.Digest(state)
	var sealed []byte
	var expires int64
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		err := tx.QueryRowContext(ctx, "DELETE FROM sso_attempt WHERE state_hash = $1 RETURNING nonce, verifier_sealed, return_to, expires_at", hash).
			Scan(&nonce, &sealed, &to, &expires)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrSSOAttempt
		}
		return err
	})
	if err == nil && now.After(db.Time(expires)) {
		err = ErrSSOAttempt
	}
	if err != nil {
		return "", "", "", wrap("single sign-on", err)
	}
	opened, err := s.Seal.Open(sealed, attemptPlace(hash))
	return nonce, string(opened), to, err
}

// known returns the account of who signed in at the provider. A role that the provider names is taken over; somebody new
// is let in only with one.
func (s *Staff) known(ctx context.Context, now time.Time, claims map[string]any, from string) (string, error) {
	email, _ := claims["email"].(string)
	if proved, _ := claims["email_verified"].(bool); !proved || !identity.ValidEmail(email) {
		return "", ErrSSOAddress
	}
	role := s.claimed(claims)
	profile, err := s.Accounts.StaffByEmail(ctx, email)
	who := audit.Who{Actor: profile.ID, Role: string(profile.Role), From: from}
	switch {
	case err == nil && role != "" && role != profile.Role:
		return profile.ID, s.SetRole(ctx, now, audit.Program, profile.ID, role)
	case err == nil:
		return profile.ID, audit.Write(ctx, s.DB, who.Did(now, "sign_in", profile.ID, ""))
	case !fault.Is(err, fault.NotFound):
		return "", err
	case role == "":
		return "", ErrSSOUnknown
	}
	name, _ := claims["name"].(string)
	if name, err = checkName(name); err != nil {
		name, _, _ = strings.Cut(email, "@")
	}
	var opened string
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if opened, err = s.add(ctx, tx, now, identity.NewAccount{Email: email, Role: role}, name, ""); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Who{Actor: opened, Role: string(role), From: from}.Did(now, "staff.joined", opened, ""))
	})
	if err != nil {
		return "", fmt.Errorf("single sign-on: %w", err)
	}
	return opened, nil
}

// claimed is the role that the provider names: the claim's value, or the first of its values that is a role.
func (s *Staff) claimed(claims map[string]any) identity.Actor {
	if s.SSO.RoleClaim == "" {
		return ""
	}
	values, ok := claims[s.SSO.RoleClaim].([]any)
	if !ok {
		values = []any{claims[s.SSO.RoleClaim]}
	}
	for _, v := range values {
		if text, _ := v.(string); identity.Actor(strings.ToLower(text)).Staff() {
			return identity.Actor(strings.ToLower(text))
		}
	}
	return ""
}
