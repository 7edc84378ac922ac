package s3api

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// lodger is a guest that says what it was given.
type lodger struct{ served int }

func (*lodger) Claims(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/lodger/")
}
func (*lodger) Services() []string { return []string{"iam", "sts"} }
func (*lodger) MaxBody() int64     { return 64 }

// Opens lets probes in.
func (*lodger) Opens(r *http.Request) bool { return r.URL.Path == "/lodger/probe" }

func (l *lodger) Serve(w http.ResponseWriter, r *http.Request, v Visit) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		l.Refuse(w, r, RefusalOf(v.RequestID, err))
		return
	}
	l.served++
	fmt.Fprintf(w, "%s %s %s", v.Credential.AccessKey, v.Service, data)
}

func (*lodger) Refuse(w http.ResponseWriter, _ *http.Request, why Refusal) {
	w.WriteHeader(why.Status)
	fmt.Fprint(w, "lodger refuses: ", why.Code)
}

// signFor signs a request for a service, without saying the hash of its body where
// the header is not there.
func signFor(r *http.Request, service, body, secret string, at time.Time) *http.Request {
	at = at.UTC()
	r.Header.Set("X-Amz-Date", at.Format(timeFormat))
	sig := signature{accessKey: testKey, day: at.Format(dayFormat), region: DefaultRegion, service: service, at: at, headers: []string{"host", "x-amz-date"}}
	hash := sha256hex(body)
	if said := r.Header.Get("X-Amz-Content-Sha256"); said != "" {
		hash, sig.headers = said, []string{"host", "x-amz-content-sha256", "x-amz-date"}
	}
	if r.Header.Get("X-Amz-Security-Token") != "" {
		sig.headers = append(sig.headers, "x-amz-security-token")
	}
	seen := r.Clone(r.Context())
	seen.Host = r.URL.Host
	value := sig.signerName(secret).signer().sign(seen, r.URL.Query(), &sig, hash)
	sig.value = value.String()
	r.Header.Set("Authorization", authorization(sig))
	return r
}

func TestGuestsAreVerified(t *testing.T) {
	guest := &lodger{}
	f := start(t, func(c *Config) { c.Guests, c.Domains = []Guest{guest}, []string{"s3.test"} })
	f.bucket("bucket")
	request := func(target, body string, header ...string) *http.Request {
		return f.request(http.MethodPost, target, body, header...)
	}
	signed := func(service, body string) *http.Request {
		return signFor(request("/", body), service, body, testSecret, f.now())
	}
	other := func(r *http.Request, body string) *http.Request {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		return r
	}
	link := func(service, payload string) *http.Request {
		at := f.now().UTC()
		sig := signature{accessKey: testKey, day: at.Format(dayFormat), region: "eu-west-9", service: service, at: at, headers: []string{"host"}}
		q := url.Values{
			"Action": {"GetCallerIdentity"}, "X-Amz-Algorithm": {algorithmV4}, "X-Amz-Credential": {testKey + "/" + sig.scope()},
			"X-Amz-Date": {at.Format(timeFormat)}, "X-Amz-Expires": {"60"}, "X-Amz-SignedHeaders": {"host"},
		}
		hash := emptySHA256
		if payload != "" {
			hash = payload
			q.Set("X-Amz-Content-Sha256", payload)
		}
		r := f.request(http.MethodGet, "/lodger/?"+q.Encode(), "")
		seen := r.Clone(r.Context())
		seen.Host = r.URL.Host
		value := sig.signerName(testSecret).signer().sign(seen, q, &sig, hash)
		q.Set("X-Amz-Signature", value.String())
		return f.request(http.MethodGet, "/lodger/?"+q.Encode(), "")
	}
	long := strings.Repeat("x", 65)
	noRegion := signFor(request("/", "a"), "iam", "a", testSecret, f.now())
	{
		at := f.now().UTC()
		sig := signature{accessKey: testKey, day: at.Format(dayFormat), service: "iam", at: at, headers: []string{"host", "x-amz-date"}}
		seen := noRegion.Clone(t.Context())
		seen.Host = noRegion.URL.Host
		value := sig.signerName(testSecret).signer().sign(seen, nil, &sig, sha256hex("a"))
		sig.value = value.String()
		noRegion.Header.Set("Authorization", authorization(sig))
	}
	for name, c := range map[string]struct {
		r    *http.Request
		want string
	}{
		"signed for iam":            {signed("iam", "a=b"), testKey + " iam a=b"},
		"signed for sts":            {signed("sts", ""), testKey + " sts "},
		"says the hash":             {signFor(request("/", "a", "X-Amz-Content-Sha256", sha256hex("a")), "iam", "a", testSecret, f.now()), testKey + " iam a"},
		"signs no body":             {signFor(request("/", "a", "X-Amz-Content-Sha256", unsignedPayload), "iam", "a", testSecret, f.now()), "lodger refuses: SignatureDoesNotMatch"},
		"signs no body, has none":   {signFor(request("/", "", "X-Amz-Content-Sha256", unsignedPayload), "iam", "", testSecret, f.now()), "lodger refuses: SignatureDoesNotMatch"},
		"a link":                    {link("sts", ""), testKey + " sts "},
		"a link with any body":      {link("sts", unsignedPayload), "lodger refuses: SignatureDoesNotMatch"},
		"without a region":          {noRegion, testKey + " iam a"},
		"a probe":                   {f.request(http.MethodGet, "/lodger/probe", "lost", "Authorization", "Bearer x"), "  "},
		"a bearer elsewhere":        {f.request(http.MethodGet, "/lodger/", "", "Authorization", "Bearer x"), "lodger refuses: InvalidRequest"},
		"nobody":                    {request("/", "x"), "  x"},
		"signed for s3":             {signed("s3", "a=b"), "lodger refuses: AuthorizationHeaderMalformed"},
		"signed for another":        {signed("ec2", "a=b"), "lodger refuses: AuthorizationHeaderMalformed"},
		"a link for s3":             {link("s3", ""), "lodger refuses: AuthorizationQueryParametersError"},
		"another body":              {other(signed("iam", "a=b"), "a=c"), "lodger refuses: SignatureDoesNotMatch"},
		"another body, hash said":   {other(signFor(request("/", "a", "X-Amz-Content-Sha256", sha256hex("a")), "iam", "a", testSecret, f.now()), "b"), "lodger refuses: XAmzContentSHA256Mismatch"},
		"wrong secret":              {signFor(request("/", "a"), "iam", "a", "wrong", f.now()), "lodger refuses: SignatureDoesNotMatch"},
		"too old":                   {signFor(request("/", "a"), "iam", "a", testSecret, f.now().Add(-time.Hour)), "lodger refuses: RequestTimeTooSkewed"},
		"too long":                  {signed("iam", long), "lodger refuses: MaxMessageLengthExceeded"},
		"too long, length not said": {func() *http.Request { r := other(signed("iam", long), long); r.ContentLength = -1; return r }(), "lodger refuses: MaxMessageLengthExceeded"},
		"in signed chunks":          {signFor(request("/", "a", "X-Amz-Content-Sha256", streamingSigned), "iam", "a", testSecret, f.now()), "lodger refuses: NotImplemented"},
		"a token where none is":     {signFor(request("/", "a", "X-Amz-Security-Token", "t"), "iam", "a", testSecret, f.now()), "lodger refuses: InvalidToken"},
	} {
		t.Run(name, func(t *testing.T) {
			before := guest.served
			a := f.of(t).do(c.r)
			if !strings.HasPrefix(a.body, c.want) {
				t.Errorf("%q, want %q", a.body, c.want)
			}
			if refused := strings.HasPrefix(c.want, "lodger refuses"); refused == (guest.served > before) {
				t.Errorf("served is %v", !refused)
			}
		})
	}
	t.Run("s3 takes no signature of a guest's", func(t *testing.T) {
		r := f.request(http.MethodPut, "/bucket/key", "x", "X-Amz-Content-Sha256", sha256hex("x"))
		a := f.of(t).do(signFor(r, "iam", "x", testSecret, f.now()))
		if a.status != http.StatusBadRequest || !strings.Contains(a.body, "<Code>AuthorizationHeaderMalformed</Code>") || len(f.keys("bucket")) > 0 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("a bucket's host has no guests", func(t *testing.T) {
		r := signed("iam", "a=b")
		r.Host = "bucket.s3.test"
		if a := f.of(t).do(r); strings.Contains(a.body, "lodger") || strings.Contains(a.body, testKey+" iam") {
			t.Error(a.body)
		}
	})
}

// TestSignersOfServices holds the keys of services apart, remembered ones too.
func TestSignersOfServices(t *testing.T) {
	var known signers
	sig := signature{day: "20261122", region: DefaultRegion}
	seen := map[digest]string{}
	for _, service := range []string{"", "iam", "sts"} {
		sig.service = service
		name := sig.signerName("secret")
		fresh, _ := known.get(name)
		known.remember(name, fresh)
		again, found := known.get(name)
		if !found {
			t.Errorf("%q is not remembered", service)
		}
		sum := again.sum([]byte("text"))
		if other, twice := seen[sum]; twice {
			t.Errorf("%q signs as %q does", service, other)
		}
		seen[sum] = service
	}
	s3 := newSigner("secret", sig.day, sig.region).sum([]byte("text"))
	if seen[s3] != "" || len(seen) != 3 {
		t.Error("a signature without a service is not S3's")
	}
}
