package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"croft/account"
	"croft/account/oidc"
	"croft/internal/errs"
)

// issuer is a provider on a loopback address.
type issuer struct {
	*httptest.Server
	key   *ecdsa.PrivateKey
	asked atomic.Int64
	says  string // as its issuer; empty: the truth

	withdrawn atomic.Bool // its key is not published any more
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			says := i.URL
			if i.says != "" {
				says = i.says
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": says, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
			return
		}
		keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "one", Algorithm: "ES256", Use: "sig"}}}
		if i.withdrawn.Load() {
			keys.Keys = []jose.JSONWebKey{}
		}
		_ = json.NewEncoder(w).Encode(keys)
	}))
	t.Cleanup(i.Close)
	return i
}

func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// public is a provider's public key as everybody has it.
func public(t *testing.T, id *issuer) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(id.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// believed are providers by URL.
type believed map[string]account.Provider

func (b believed) ProviderOf(_ context.Context, issuer string) (account.Provider, error) {
	p, ok := b[issuer]
	if !ok {
		return p, errs.New(errs.Invalid, "identity_token_invalid", "No provider.")
	}
	return p, nil
}

func TestVerify(t *testing.T) {
	id, liar, foreign := newIssuer(t), newIssuer(t), newIssuer(t)
	liar.says = id.URL
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	now := time.Now()
	providers := believed{}
	for _, url := range []string{id.URL, liar.URL, down.URL} {
		providers[url] = account.Provider{ID: url, URL: url, Clients: []string{"croft", "other"}}
	}
	v := oidc.New(providers, nil, func() time.Time { return now })
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{
			"iss": id.URL, "aud": "croft", "sub": "ada", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(),
			"policy": "readonly", "groups": []string{"a", "b"}, "admin": true, "Email": "ada@example.com",
		}
		for k, value := range change {
			c[k] = value
			if value == nil {
				delete(c, k)
			}
		}
		return c
	}
	with := func(change map[string]any) string { return sign(t, jose.ES256, id.key, claims(change)) }
	unsigned := func() string {
		text, _ := json.Marshal(claims(nil))
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
	}
	good := with(nil)
	w, err := v.Verify(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	if w.Subject != "ada" || w.Audience != "croft" || w.Provider.URL != id.URL || len(w.Claims["groups"]) != 2 || w.Claims["email"][0] != "ada@example.com" || w.Claims["admin"] != nil {
		t.Errorf("%+v", w)
	}
	for name, c := range map[string]struct{ token, code string }{
		"as it is":                   {good, ""},
		"one audience of several":    {with(map[string]any{"aud": []string{"x", "other"}}), ""},
		"another audience":           {with(map[string]any{"aud": "x"}), "identity_token_invalid"},
		"no audience":                {with(map[string]any{"aud": nil}), "identity_token_invalid"},
		"expired":                    {with(map[string]any{"exp": now.Add(-time.Minute).Unix()}), "identity_token_expired"},
		"no end":                     {with(map[string]any{"exp": nil}), "identity_token_expired"},
		"not yet":                    {with(map[string]any{"nbf": now.Add(time.Hour).Unix()}), "identity_token_invalid"},
		"no subject":                 {with(map[string]any{"sub": nil}), "identity_token_invalid"},
		"of somebody else":           {with(map[string]any{"iss": foreign.URL}), "identity_token_invalid"},
		"with a slash":               {with(map[string]any{"iss": id.URL + "/"}), "identity_token_invalid"},
		"signed by another":          {sign(t, jose.ES256, foreign.key, claims(nil)), "identity_token_invalid"},
		"signed with a secret":       {sign(t, jose.HS256, []byte(strings.Repeat("k", 32)), claims(nil)), "identity_token_invalid"},
		"signed with what is public": {sign(t, jose.HS256, public(t, id), claims(nil)), "identity_token_invalid"},
		"not signed":                 {unsigned(), "identity_token_invalid"},
		"altered":                    {good[:len(good)-6] + "AAAAAA", "identity_token_invalid"},
		"the same claim twice":       {with(map[string]any{"email": "eve@example.com"}), "identity_token_invalid"},
		"nonsense":                   {"nonsense", "identity_token_invalid"},
		"empty parts":                {"..", "identity_token_invalid"},
		"endless":                    {strings.Repeat("a", 30_000) + ".a.a", "identity_token_invalid"},
		"its provider is down":       {sign(t, jose.ES256, id.key, claims(map[string]any{"iss": down.URL})), "provider_unreachable"},
		"its provider lies":          {sign(t, jose.ES256, liar.key, claims(map[string]any{"iss": liar.URL})), "provider_unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), c.token)
			code := ""
			if err != nil {
				code, _ = errs.Public(err)
			}
			if code != c.code {
				t.Errorf("%v, want %q", err, c.code)
			}
		})
	}
	if foreign.asked.Load() > 0 {
		t.Error("an address that nobody entered was asked")
	}
	if n := id.asked.Load(); n > 8 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// TestWithdrawnKey: what was signed with a key that its provider does not publish any more
// is believed for an hour at most, and the provider is not asked for each token.
func TestWithdrawnKey(t *testing.T) {
	id := newIssuer(t)
	now := time.Now()
	v := oidc.New(believed{id.URL: {URL: id.URL, Clients: []string{"croft"}}}, nil, func() time.Time { return now })
	token := sign(t, jose.ES256, id.key, map[string]any{"iss": id.URL, "aud": "croft", "sub": "ada", "exp": now.Add(24 * time.Hour).Unix()})
	verify := func() string {
		t.Helper()
		_, err := v.Verify(t.Context(), token)
		if err == nil {
			return ""
		}
		code, _ := errs.Public(err)
		return code
	}
	for range 3 {
		if code := verify(); code != "" {
			t.Fatal(code)
		}
	}
	if n := id.asked.Load(); n != 2 { // for the document and the keys
		t.Errorf("the provider was asked %d times", n)
	}
	id.withdrawn.Store(true)
	now = now.Add(time.Hour)
	if code := verify(); code != "identity_token_invalid" {
		t.Errorf("a token of a withdrawn key: %q", code)
	}
	id.withdrawn.Store(false)
	if code := verify(); code != "" {
		t.Errorf("a token of a key that is there again: %q", code)
	}
	now = now.Add(-2 * time.Hour) // the clock was set back
	id.withdrawn.Store(true)
	if code := verify(); code != "identity_token_invalid" {
		t.Errorf("a token of a withdrawn key, before: %q", code)
	}
}

func TestReach(t *testing.T) {
	id, liar := newIssuer(t), newIssuer(t)
	liar.says = id.URL
	// odd answers as its path says.
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host
		path, _ := strings.CutSuffix(r.URL.Path, "/.well-known/openid-configuration")
		switch path {
		case "/text":
			_, _ = w.Write([]byte("<html>secret of the intranet</html>"))
		case "/keyless":
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": base + path})
		case "/empty":
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": base + path, "jwks_uri": base + "/no-keys"})
		case "/no-keys":
			_, _ = w.Write([]byte(`{"keys":[]}`))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(odd.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	v := oidc.New(believed{}, nil, time.Now)
	if err := v.Reach(t.Context(), id.URL); err != nil {
		t.Errorf("a good one: %v", err)
	}
	for address, part := range map[string]string{
		"":                        "that of its issuer",
		"ftp://id.example.com":    "that of its issuer",
		id.URL + "?a=b":           "that of its issuer",
		id.URL + "/":              "another issuer",
		liar.URL:                  "another issuer",
		odd.URL + "/text":         "not the JSON of a provider",
		odd.URL + "/keyless":      "does not say where the keys are",
		odd.URL + "/empty":        "has no keys",
		odd.URL + "/nobody":       "answers 404",
		gone.URL:                  "cannot be reached",
		"http://me:pw@localhost/": "that of its issuer",
	} {
		err := v.Reach(t.Context(), address)
		code, message := errs.Public(err)
		if err == nil || code != "provider_unreachable" || !strings.Contains(message, part) || strings.Contains(message, "intranet") {
			t.Errorf("%q: %s %q, want %q", address, code, message, part)
		}
	}
}
