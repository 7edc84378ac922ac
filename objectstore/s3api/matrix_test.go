package s3api

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// mode is one way to send a signed PUT: it returns the request, and how to make
// its wire body, which a case may then change.
type mode struct {
	name string
	make func(f *fixture) (*http.Request, []byte)
}

const matrixBody = "the body of the matrix, long enough for more than one chunk"

func matrixHeaders() []string {
	return []string{
		"Content-Type", "text/plain", "X-Amz-Meta-Colour", "blue", "X-Amz-Storage-Class", "STANDARD",
		"Cache-Control", "no-cache", "X-Amz-Acl", "private", "X-Amz-Tagging", "team=a",
	}
}

func modes() []mode {
	chunked := func(payload string) func(f *fixture) (*http.Request, []byte) {
		return func(f *fixture) (*http.Request, []byte) {
			header := append(matrixHeaders(), "X-Amz-Content-Sha256", payload,
				"X-Amz-Decoded-Content-Length", fmt.Sprint(len(matrixBody)), "Content-Encoding", "aws-chunked")
			if strings.HasSuffix(payload, "-TRAILER") {
				header = append(header, "X-Amz-Trailer", "x-amz-checksum-crc32")
			}
			r := f.sign(f.request(http.MethodPut, "/matrix/key", "", header...), "")
			return r, chunkBody(r, matrixBody, 20)
		}
	}
	return []mode{
		{"signed payload", func(f *fixture) (*http.Request, []byte) {
			return f.sign(f.request(http.MethodPut, "/matrix/key?x-id=PutObject", "", matrixHeaders()...), matrixBody), []byte(matrixBody)
		}},
		{"unsigned payload", func(f *fixture) (*http.Request, []byte) {
			r := f.request(http.MethodPut, "/matrix/key", "", append(matrixHeaders(), "X-Amz-Content-Sha256", unsignedPayload)...)
			return f.sign(r, ""), []byte(matrixBody)
		}},
		{"presigned", func(f *fixture) (*http.Request, []byte) {
			u := f.presign(http.MethodPut, "matrix", "key", time.Hour, url.Values{"x-amz-meta-colour": {"blue"}})
			return f.request(http.MethodPut, strings.TrimPrefix(u, f.server.URL), ""), []byte(matrixBody)
		}},
		{"signed chunks", chunked(streamingSigned)},
		{"signed chunks and trailer", chunked(streamingSignedTrailer)},
		{"unsigned chunks and trailer", chunked(streamingUnsignedTrail)},
	}
}

// chunkBody frames body as the signed request r announces it.
func chunkBody(r *http.Request, body string, size int) []byte {
	sig, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		panic(err)
	}
	sig.at, _ = time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
	payload := r.Header.Get("X-Amz-Content-Sha256")
	signer := newChunkSigner(newSigner(testSecret, sig.day, sig.region), &sig)
	var out bytes.Buffer
	for rest := body; ; {
		chunk := rest[:min(size, len(rest))]
		rest = rest[len(chunk):]
		fmt.Fprintf(&out, "%x", len(chunk))
		if payload != streamingUnsignedTrail {
			value := signer.chunk(sha(chunk))
			fmt.Fprintf(&out, ";chunk-signature=%s", value.String())
		}
		out.WriteString("\r\n" + chunk)
		if chunk == "" {
			break
		}
		out.WriteString("\r\n")
	}
	if strings.HasSuffix(payload, "-TRAILER") {
		sum := crc32.ChecksumIEEE([]byte(body))
		line := "x-amz-checksum-crc32:" + base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
		out.WriteString(line + "\r\n")
		if payload == streamingSignedTrailer {
			value := signer.trailer([]byte(line + "\n"))
			out.WriteString("x-amz-trailer-signature:" + value.String() + "\r\n")
		}
	}
	out.WriteString("\r\n")
	return out.Bytes()
}

func sha(s string) []byte {
	raw, _ := hex.DecodeString(sha256hex(s))
	return raw
}

func send(f *fixture, r *http.Request, body []byte) answer {
	f.t.Helper()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return f.do(r)
}

// TestSignatureMatrix changes one thing at a time in an otherwise good request.
// Each must be refused with a client error, and nothing may be stored.
func TestSignatureMatrix(t *testing.T) {
	f := start(t).bucket("matrix").bucket("matriy")
	cases := 0
	for _, m := range modes() {
		t.Run(m.name, func(t *testing.T) {
			f := f.of(t)
			r, body := m.make(f)
			if a := send(f, r, body); a.status != http.StatusOK {
				t.Fatalf("the good request: %d %s", a.status, a.body)
			}
			if keys := f.keys("matrix"); len(keys) != 1 {
				t.Fatalf("the good request stored %q", keys)
			}
			if _, err := f.store.Delete(t.Context(), "matrix", "key"); err != nil {
				t.Fatal(err)
			}
			for _, c := range mutations(f, m) {
				cases++
				r, body := m.make(f)
				body = c.change(r, body)
				a := send(f, r, body)
				if a.status < 400 || a.status > 499 || a.code() == "" {
					t.Errorf("%s: %d %s", c.name, a.status, a.body)
				}
				f.empty("matrix", c.name)
				f.empty("matriy", c.name)
			}
		})
	}
	if cases < 200 {
		t.Errorf("only %d cases", cases)
	}
}

type mutation struct {
	name   string
	change func(r *http.Request, body []byte) []byte
}

// mutations are every change that the mode's signature must notice.
func mutations(f *fixture, m mode) []mutation {
	var out []mutation
	add := func(name string, change func(r *http.Request)) {
		out = append(out, mutation{name, func(r *http.Request, body []byte) []byte { change(r); return body }})
	}
	add("method", func(r *http.Request) { r.Method = http.MethodPost })
	add("bucket", func(r *http.Request) { r.URL.Path = "/matriy/key" })
	add("key", func(r *http.Request) { r.URL.Path = "/matrix/kez" })
	add("key with slash", func(r *http.Request) { r.URL.Path = "/matrix/key/" })
	add("query added", func(r *http.Request) { r.URL.RawQuery += "&tagging=" })
	add("host", func(r *http.Request) { r.Host = "other.example" })
	add("unsigned x-amz header added", func(r *http.Request) { r.Header.Set("X-Amz-Meta-Evil", "1") })
	add("second value", func(r *http.Request) { r.Header.Add("X-Amz-Meta-Colour", "red") })

	good, goodBody := m.make(f)
	for name, values := range good.Header {
		if name == "Authorization" {
			continue
		}
		add("header "+name+" changed", func(r *http.Request) { r.Header.Set(name, mutate(values[0])) })
		add("header "+name+" removed", func(r *http.Request) { r.Header.Del(name) })
	}
	for name := range good.URL.Query() {
		add("query "+name+" changed", func(r *http.Request) {
			q := r.URL.Query()
			q.Set(name, mutate(q.Get(name)))
			r.URL.RawQuery = q.Encode()
		})
		add("query "+name+" removed", func(r *http.Request) {
			q := r.URL.Query()
			q.Del(name)
			r.URL.RawQuery = q.Encode()
		})
		add("query "+name+" twice", func(r *http.Request) {
			q := r.URL.Query()
			q.Add(name, q.Get(name))
			r.URL.RawQuery = q.Encode()
		})
	}
	if good.Header.Get("Authorization") != "" {
		for name, change := range authorizationChanges() {
			add("authorization: "+name, func(r *http.Request) {
				r.Header.Set("Authorization", change(r.Header.Get("Authorization")))
			})
		}
		add("authorization removed", func(r *http.Request) { r.Header.Del("Authorization") })
		add("authorization twice", func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) })
	}
	if m.name == "unsigned payload" || m.name == "presigned" {
		return out // nothing binds the body
	}
	for i := range goodBody {
		// Chunks that nobody signed are bound only by their checksum, which the
		// frame carries itself.
		if i%7 == 0 || goodBody[i] == '\r' || goodBody[i] == '\n' || goodBody[i] == ';' {
			out = append(out, mutation{fmt.Sprintf("body byte %d", i), func(_ *http.Request, body []byte) []byte {
				changed := bytes.Clone(body)
				changed[i] ^= 1
				return changed
			}})
		}
	}
	for _, n := range []int{0, 1, len(goodBody) / 2, len(goodBody) - 3} {
		out = append(out, mutation{fmt.Sprintf("body cut to %d", n), func(_ *http.Request, body []byte) []byte { return body[:n] }})
	}
	out = append(out, mutation{"body longer", func(_ *http.Request, body []byte) []byte { return append(bytes.Clone(body), 'x') }})
	return out
}

func authorizationChanges() map[string]func(string) string {
	replace := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	changes := map[string]func(string) string{
		"access key":     replace(testKey, "AKIAOTHER"),
		"other user":     replace(testKey, "reader2"),
		"disabled user":  replace(testKey, "disabled"),
		"without secret": replace(testKey, "hollow"),
		"region":         replace("us-east-1", "us-east-2"),
		"service":        replace("/s3/", "/s4/"),
		"terminator":     replace("aws4_request", "aws5_request"),
		"algorithm":      replace("HMAC-SHA256", "HMAC-SHA512"),
		"signed headers": replace("host;", ""),
		"day": func(s string) string {
			i := strings.Index(s, testKey) + len(testKey) + 1
			return s[:i] + "20200101" + s[i+8:]
		},
	}
	for i := 0; i < 64; i += 7 {
		changes[fmt.Sprintf("signature digit %d", i)] = func(s string) string {
			at := len(s) - 64 + i
			digit := byte('0')
			if s[at] == '0' {
				digit = '1'
			}
			return s[:at] + string(digit) + s[at+1:]
		}
	}
	for _, header := range []string{"content-type", "x-amz-meta-colour", "x-amz-storage-class", "x-amz-date", "x-amz-content-sha256"} {
		changes["no longer signs "+header] = func(s string) string {
			return strings.Replace(strings.Replace(s, ";"+header+",", ",", 1), header+";", "", 1)
		}
	}
	return changes
}

// mutate changes a value and keeps its length.
func mutate(s string) string {
	if s == "" {
		return "x"
	}
	b := []byte(s)
	last := len(b) - 1
	switch c := b[last]; {
	case c == '9' || c == 'z' || c == 'Z':
		b[last]--
	default:
		b[last]++
	}
	return string(b)
}

// TestClock holds both kinds of signature to their time.
func TestClock(t *testing.T) {
	f := start(t).bucket("matrix")
	for _, c := range []struct {
		ago  time.Duration
		code string
	}{
		{0, ""},
		{14 * time.Minute, ""},
		{-14 * time.Minute, ""},
		{16 * time.Minute, "RequestTimeTooSkewed"},
		{-16 * time.Minute, "RequestTimeTooSkewed"},
	} {
		a := f.do(signAs(f.request(http.MethodGet, "/matrix", ""), "", testKey, testSecret, time.Now().Add(-c.ago)))
		if a.code() != c.code {
			t.Errorf("signed %v ago: %d %s, want %q", c.ago, a.status, a.code(), c.code)
		}
	}
	for _, c := range []struct {
		ago, expires time.Duration
		code         string
	}{
		{0, time.Minute, ""},
		{59 * time.Minute, time.Hour, ""},
		{61 * time.Minute, time.Hour, "AccessDenied"},
		{6 * 24 * time.Hour, maxExpires, ""},
		{-14 * time.Minute, time.Hour, ""},
		{-16 * time.Minute, time.Hour, "AccessDenied"},
	} {
		u, err := Presign(http.MethodGet, f.server.URL, "matrix", "", testKey, testSecret, "", c.expires, nil, time.Now().Add(-c.ago))
		if err != nil {
			t.Fatal(err)
		}
		if a := f.do(f.request(http.MethodGet, strings.TrimPrefix(u, f.server.URL), "")); a.code() != c.code {
			t.Errorf("presigned %v ago for %v: %d %s, want %q", c.ago, c.expires, a.status, a.code(), c.code)
		}
	}
}

// TestScopeOfAnotherDay: a signing key that leaked is good for its own day only.
func TestScopeOfAnotherDay(t *testing.T) {
	f := start(t).bucket("matrix")
	r := f.sign(f.request(http.MethodGet, "/matrix", ""), "")
	sig, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	sig.at, sig.day = f.now().UTC(), "20200101"
	r.Header.Set("X-Amz-Date", sig.at.Format(timeFormat))
	sig.value = computed(r, sig, testSecret)
	r.Header.Set("Authorization", authorization(sig))
	if a := f.do(r); a.code() != "AuthorizationHeaderMalformed" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestEmptySecret: a credential that lost its secret is no credential.
func TestEmptySecret(t *testing.T) {
	f := start(t).bucket("matrix")
	r := signAs(f.request(http.MethodGet, "/matrix", ""), "", "hollow", "", f.now())
	if a := f.do(r); a.code() != "InvalidAccessKeyId" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
