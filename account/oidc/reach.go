package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"croft/internal/errs"
)

// discovery is where a provider says who it is, under its issuer's URL.
const discovery = "/.well-known/openid-configuration"

// Reach asks an issuer for its discovery document and its keys, as the first of its tokens
// would. Errors are of code provider_unreachable and say what is wrong; nothing of what was
// answered is in them.
func (v *Verifier) Reach(ctx context.Context, issuer string) error {
	if !webAddress(issuer) {
		return unreached("The address of a provider is that of its issuer, such as https://id.example.com/realms/team.")
	}
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var said struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	at := strings.TrimSuffix(issuer, "/") + discovery
	if err := v.get(ctx, at, &said); err != nil {
		return err
	}
	if said.Issuer != issuer {
		return unreached("At this address answers another issuer. Enter the address to the letter as the provider calls itself, with or without a slash at the end.")
	}
	if !webAddress(said.Keys) {
		return unreached(at + " does not say where the keys are (jwks_uri).")
	}
	var keys struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := v.get(ctx, said.Keys, &keys); err != nil {
		return err
	}
	if len(keys.Keys) == 0 {
		return unreached(said.Keys + " has no keys to verify tokens with.")
	}
	return nil
}

func webAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// get reads the JSON at an address into out.
func (v *Verifier) get(ctx context.Context, address string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask provider: %w", err)
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, codeUnreached, address+" cannot be reached from the machine of Croft. Look at the name, the port, the certificate and the firewall.")
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return unreached(fmt.Sprintf("%s answers %d instead of a document.", address, answer.StatusCode))
	}
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		return errs.Wrap(err, errs.Invalid, codeUnreached, address+" answers something that is not the JSON of a provider.")
	}
	return nil
}

const codeUnreached = "provider_unreachable"

func unreached(sentence string) error { return errs.New(errs.Invalid, codeUnreached, sentence) }
