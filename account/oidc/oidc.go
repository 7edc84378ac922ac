// Package oidc verifies tokens of OpenID Connect providers that accounts believe.
//
// It promises that a token counts only when its signature is by a key that its issuer
// publishes, its issuer is one of the providers to the letter, its audience one of the
// provider's clients, and its time now. Nothing is asked of an address that no
// administrator has entered.
package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"croft/account"
	"croft/internal/errs"
)

const (
	maxToken    = 20_000  // bytes, as STS has it
	maxAnswer   = 1 << 20 // bytes of a provider's
	maxAtOnce   = 8       // tokens under verification, each of which may ask its provider
	answerTime  = 10 * time.Second
	keysFor     = time.Hour // for which a provider's keys are believed until it is asked anew
	maxClaims   = 100
	subjectName = "sub"
)

// Providers are whom accounts believe.
type Providers interface {
	// ProviderOf returns the provider that issues as a URL; identity_token_invalid where
	// there is none.
	ProviderOf(ctx context.Context, issuer string) (account.Provider, error)
}

// Verifier verifies tokens. It remembers the providers' keys for an hour, so that one that
// a provider has withdrawn is not believed for longer.
type Verifier struct {
	providers Providers
	client    *http.Client
	now       func() time.Time
	slots     chan struct{}

	mu    sync.Mutex // guards known
	known map[string]told
}

// told is what a provider said of itself, and when.
type told struct {
	*oidc.Provider
	at time.Time
}

// New returns a verifier. transport is how providers are reached; nil is as usual.
func New(providers Providers, transport http.RoundTripper, now func() time.Time) *Verifier {
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &Verifier{
		providers: providers, client: &http.Client{Transport: bounded{transport}, Timeout: answerTime}, now: now,
		slots: make(chan struct{}, maxAtOnce), known: make(map[string]told),
	}
}

// Verify returns what a token says, once everything about it holds.
func (v *Verifier) Verify(ctx context.Context, token string) (account.WebIdentity, error) {
	issuer, err := issuerOf(token)
	if err != nil {
		return account.WebIdentity{}, err
	}
	provider, err := v.providers.ProviderOf(ctx, issuer)
	if err != nil {
		return account.WebIdentity{}, err
	}
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return account.WebIdentity{}, ctx.Err()
	}
	remote, err := v.remote(ctx, provider.URL)
	if err != nil {
		return account.WebIdentity{}, errs.Wrap(err, errs.Invalid, "provider_unreachable", "The provider "+provider.URL+" did not tell its keys. Try again, or look whether it is up.")
	}
	// The audience is checked below: a provider may have several.
	verified, err := remote.Verifier(&oidc.Config{SkipClientIDCheck: true, Now: v.now}).Verify(oidc.ClientContext(ctx, v.client), token)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return account.WebIdentity{}, errs.New(errs.Invalid, "identity_token_expired", "Token expired: current date/time must be before the expiration date/time.")
	case err != nil:
		return account.WebIdentity{}, errInvalid(err)
	}
	audience := ""
	for _, one := range verified.Audience {
		if slices.Contains(provider.Clients, one) {
			audience = one
			break
		}
	}
	if audience == "" {
		return account.WebIdentity{}, errs.New(errs.Invalid, "identity_token_invalid", "Incorrect token audience.")
	}
	claims, err := readClaims(verified)
	if err != nil {
		return account.WebIdentity{}, errInvalid(err)
	}
	if verified.Subject == "" {
		return account.WebIdentity{}, errInvalid(errors.New("there is no subject"))
	}
	return account.WebIdentity{Provider: provider, Subject: verified.Subject, Audience: audience, Claims: claims}, nil
}

func errInvalid(cause error) error {
	return errs.Wrap(cause, errs.Invalid, "identity_token_invalid", "The web identity token that was passed could not be validated.")
}

// issuerOf reads who claims to have issued a token, before anything is believed.
func issuerOf(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 {
		return "", errInvalid(errors.New("it is no token"))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", errInvalid(err)
	}
	var said struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(payload, &said); err != nil || said.Issuer == "" {
		return "", errInvalid(errors.New("it has no issuer"))
	}
	return said.Issuer, nil
}

// remote returns what a provider says of itself. It is asked once in keysFor, and again where
// that failed.
func (v *Verifier) remote(ctx context.Context, issuer string) (*oidc.Provider, error) {
	v.mu.Lock()
	known := v.known[issuer]
	v.mu.Unlock()
	now := v.now()
	if age := now.Sub(known.at); known.Provider != nil && age >= 0 && age < keysFor {
		return known.Provider, nil
	}
	// Its keys are fetched later, by other requests than this one.
	asked := oidc.ClientContext(context.WithoutCancel(ctx), v.client)
	fresh, err := oidc.NewProvider(asked, issuer)
	if err != nil {
		return nil, fmt.Errorf("ask provider: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known[issuer] = told{fresh, now}
	return fresh, nil
}

// readClaims keeps the claims that are texts or lists of them.
func readClaims(token *oidc.IDToken) (map[string][]string, error) {
	var all map[string]json.RawMessage
	if err := token.Claims(&all); err != nil {
		return nil, err
	}
	claims := make(map[string][]string)
	for name, raw := range all {
		var one string
		var list []string
		switch {
		case json.Unmarshal(raw, &one) == nil:
			list = []string{one}
		case json.Unmarshal(raw, &list) != nil || len(list) == 0:
			continue
		}
		name = strings.ToLower(name)
		if claims[name] != nil || len(claims) >= maxClaims {
			return nil, errors.New("there are too many claims, or two that differ by case only")
		}
		claims[name] = list
	}
	claims[subjectName] = []string{token.Subject}
	return claims, nil
}

// bounded keeps a provider from answering without end.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}
