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
	"slices"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
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

// TestSignatureMatrix changes one thing at a time in an otherwise good request, which
// would overwrite an object. Each change is refused with the code it says, and leaves
// the store as it was. The request without a change is then taken, so that it was
// the change that was refused.
func TestSignatureMatrix(t *testing.T) {
	f := start(t, withV2).bucket("matrix").bucket("matriy")
	f.put("matrix", "key", "old")
	f.put("matriy", "other", "old")
	cases := 0
	for _, m := range matrix() {
		t.Run(m.name, func(t *testing.T) {
			f := f.of(t)
			cases += f.refusesChanges(m)
			f.put("matrix", "key", "old")
		})
	}
	if cases < 500 {
		t.Errorf("only %d cases", cases)
	}
	t.Logf("%d cases", cases)
}

// refusesChanges sends a mode's request with each of its changes, and then as it is, and
// returns how many changes there were.
func (f *fixture) refusesChanges(m signedMode) int {
	f.t.Helper()
	before := f.everything()
	names := map[string]bool{}
	for _, c := range m.changes(f) {
		if names[c.name] {
			f.t.Errorf("%s: twice", c.name)
		}
		names[c.name] = true
		r, body := m.make(f)
		body = c.change(r, body)
		a := send(f, r, body)
		if a.status < 400 || a.status > 499 || (r.Method != http.MethodHead && !slices.Contains(strings.Split(c.code, "|"), a.code())) {
			f.t.Errorf("%s: %d %s, want %s: %s", c.name, a.status, a.code(), c.code, a.body)
		}
		if after := f.everything(); after != before {
			f.t.Fatalf("%s: the store was\n%s\nand is\n%s", c.name, before, after)
		}
	}
	r, body := m.make(f)
	if a := send(f, r, body); a.status != http.StatusOK && a.status != http.StatusNoContent {
		f.t.Errorf("the good request: %d %s", a.status, a.body)
	}
	if after := f.everything(); after == before {
		f.t.Error("the good request changed nothing")
	}
	return len(names)
}

// everything is what the store holds, in a line each.
func (f *fixture) everything() string {
	f.t.Helper()
	var all strings.Builder
	buckets, err := f.store.ListBuckets(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, b := range buckets {
		page, err := f.store.List(f.t.Context(), objectstore.ListRequest{Bucket: b.Name})
		if err != nil {
			f.t.Fatal(err)
		}
		uploads, err := f.store.ListUploads(f.t.Context(), objectstore.ListUploadsRequest{Bucket: b.Name})
		if err != nil {
			f.t.Fatal(err)
		}
		for i := range uploads.Uploads {
			u := &uploads.Uploads[i]
			parts, err := f.store.ListParts(f.t.Context(), objectstore.ListPartsRequest{Upload: u.UploadRef})
			if err != nil {
				f.t.Fatal(err)
			}
			fmt.Fprintf(&all, "%s/%s upload %s %v\n", b.Name, u.Key, u.ID, parts.Parts)
		}
		for _, o := range page.Objects {
			fmt.Fprintf(&all, "%s/%s %d %s %s %v\n", b.Name, o.Key, o.Size, o.ETag, o.ModifiedAt, o.Attributes.Tags)
		}
	}
	return all.String()
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
