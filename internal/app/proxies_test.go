package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
)

// TestClientsBehindProxy sends what proxies say of their clients in unusual words. Policies
// and the console must see those clients, and where they cannot be read nobody: never the
// proxy, whose address some policies let in.
func TestClientsBehindProxy(t *testing.T) {
	c := config(t.TempDir())
	c.Pools = [][]string{c.Pools[0][:2]}
	c.RootUser, c.RootPassword = rootUser, rootPassword
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	croft := start(t, c)
	console, s3 := croft.addresses()
	ask := func(method, address, body string, header ...string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for pair := range slices.Chunk(header, 2) {
			r.Header.Add(pair[0], pair[1])
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}

	t.Run("policies", func(t *testing.T) {
		client := rootClient(t, croft)
		const networks = `{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32","127.0.0.0/8"]}`
		for bucket, statements := range map[string][]string{
			"let-in":   {`"Effect":"Allow","Condition":{"IpAddress":` + networks + `}`},
			"kept-out": {`"Effect":"Allow"`, `"Effect":"Deny","Condition":{"NotIpAddress":` + networks + `}`},
		} {
			if err := client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.PutObject(t.Context(), bucket, "a", strings.NewReader("x"), 1, minio.PutObjectOptions{}); err != nil {
				t.Fatal(err)
			}
			for i, s := range statements {
				statements[i] = `{` + s + `,"Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + bucket + `/*"}`
			}
			if err := client.SetBucketPolicy(t.Context(), bucket, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`); err != nil {
				t.Fatal(err)
			}
			for by, want := range map[string]int{
				"":                        200, // the proxy itself
				"203.0.113.9":             200,
				"203.0.113.9:4711":        200,
				"203.0.113.9, ":           200,
				`"[2001:db8::1]:80"`:      200,
				"198.51.100.7:4711":       403,
				"[2001:db9::1]":           403,
				"198.51.100.7, 127.0.0.1": 403,
				"unknown":                 403,
				"203.0.113.9, garbage":    403,
			} {
				var header []string
				if by != "" {
					header = []string{"X-Forwarded-For", by}
				}
				if got := ask(http.MethodGet, s3+"/"+bucket+"/a", "", header...).StatusCode; got != want {
					t.Errorf("%s for %q: %d, want %d", bucket, by, got, want)
				}
			}
		}
	})

	t.Run("console", func(t *testing.T) {
		credentials := fmt.Sprintf(`{"name":%q,"password":%q}`, rootUser, rootPassword)
		login := ask(http.MethodPost, console+"/api/v1/session", credentials, "X-Forwarded-For", "203.0.113.9:4711", "X-Forwarded-Proto", "http", "X-Forwarded-Proto", "https")
		cookie, attributes, _ := strings.Cut(login.Header.Get("Set-Cookie"), ";")
		if !strings.Contains(attributes, "Secure") {
			t.Errorf("a cookie for a connection that the proxy encrypts: %s", attributes)
		}
		sessions := ask(http.MethodGet, console+"/api/v1/me/sessions", "", "Cookie", cookie)
		if text, err := io.ReadAll(sessions.Body); err != nil || !strings.Contains(string(text), `"address":"203.0.113.9"`) {
			t.Errorf("the session: %s, %v", text, err)
		}
	})
}
