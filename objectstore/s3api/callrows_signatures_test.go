package s3api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// signatureRows are how requests may be signed and bodies sent.
func signatureRows() []row {
	return []row{
		{about: "Signature Version 4 in headers", remark: "the clock within 15 minutes; any region and every `x-amz-` header signed", samples: []sample{
			{ask: "GET /{b}/key", want: "200"},
			{ask: "GET /{b}/key", send: signedAgo(16 * time.Minute), want: "403 RequestTimeTooSkewed", when: "another time"},
			{ask: "GET /{b}/key", send: signedBy(testKey, "guess"), want: "403 SignatureDoesNotMatch", when: "another secret, or anything that was changed"},
			{ask: "GET /{b}/key", send: signedBy("nobody", testSecret), want: "403 InvalidAccessKeyId", when: "a key that is not there"},
			{ask: "GET /{b}/key", send: signedBy("disabled", testSecret), want: "403 AccessDenied", when: "one of a disabled user; an `x-amz-` header that the signature does not cover"},
			{ask: "GET /{b}/key", send: changed(func(r *http.Request) { r.Header.Set("X-Amz-Meta-A", "b") }), want: "403 AccessDenied"},
			{ask: "GET /{b}/key", send: changed(func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x") }), want: "400 AuthorizationHeaderMalformed", when: "what is no such header"},
		}},
		{about: "Presigned URLs", remark: "at most 7 days", samples: []sample{
			{ask: "GET /{b}/key", send: presigned(0, time.Hour), want: "200", has: "hello"},
			{ask: "GET /{b}/key", send: presigned(2*time.Hour, time.Hour), want: "403 AccessDenied", when: "expired"},
			{ask: "GET /{b}/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=x", send: unsigned, want: "400 AuthorizationQueryParametersError", when: "parameters that lack"},
		}},
		{about: "`x-amz-content-sha256`: a digest or `UNSIGNED-PAYLOAD`", samples: []sample{
			{ask: "PUT /{b}/new", body: "x", want: "200"},
			{ask: "PUT /{b}/new", body: "x", header: []string{"X-Amz-Content-Sha256", unsignedPayload}, want: "200"},
			{ask: "PUT /{b}/new", body: "x", header: []string{"X-Amz-Content-Sha256", sha256hex("y")}, want: "400 XAmzContentSHA256Mismatch", when: "the body is another"},
		}},
		{about: "`STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, the same with `-TRAILER`, `STREAMING-UNSIGNED-PAYLOAD-TRAILER`", samples: []sample{
			{ask: "PUT /{b}/new", body: matrixBody, send: inChunks(streamingSigned, ""), want: "200"},
			{ask: "PUT /{b}/new", body: matrixBody, send: inChunks(streamingSignedTrailer, ""), want: "200"},
			{ask: "PUT /{b}/new", body: matrixBody, send: inChunks(streamingUnsignedTrail, ""), want: "200"},
			{ask: "PUT /{b}/new", body: matrixBody, send: inChunks(streamingSigned, "body"), want: "403 SignatureDoesNotMatch", when: "a chunk is another"},
			{ask: "PUT /{b}/new", body: matrixBody, send: inChunks(streamingUnsignedTrail, "body"), want: "400 BadDigest", when: "the trailer's checksum is of another body"},
			{ask: "PUT /{b}/new", body: "x", header: []string{"X-Amz-Content-Sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, want: "501 NotImplemented", when: "Signature Version 4A"},
		}},
		{about: "Requests without a signature", remark: "what a policy or an ACL allows everybody", samples: []sample{
			{ask: "GET /{b}/key", send: allowed, want: "200", has: "hello"},
			{ask: "GET /{b}/key", send: unsigned, want: "403 AccessDenied", when: "otherwise"},
			{ask: "GET /{b}/key?response-content-type=text%2Fhtml", send: allowed, want: "400 InvalidRequest", when: "`response-…`"},
		}},
		{about: "Signature Version 2 in headers, links and forms", remark: "with `--s3-signature-v2`. It rests on SHA-1 and does not cover the body: only for clients that cannot do better", with: withV2, samples: []sample{
			{ask: "GET /{b}/key", send: sendV2, want: "200", has: "hello"},
		}},
		{about: "Signature Version 2 without that", state: "refused", samples: []sample{
			{ask: "GET /{b}/key", send: sendV2, want: "400 InvalidRequest", when: "always"},
			{ask: "POST /{b}", body: "x", send: sendFormV2, want: "400 InvalidRequest"},
		}},
		{about: "Session tokens", remark: "of STS, see [iam.md](iam.md); in the header, a presigned URL or a form; with Signature Version 4", with: withSessions, samples: []sample{
			{ask: "GET /{b}/key", send: inSession(goodToken), want: "200", has: "hello"},
			{ask: "GET /{b}/key", send: inSession("other"), want: "400 InvalidToken", when: "another token, or one for a lasting key"},
			{ask: "GET /{b}/key", send: inSession("old"), want: "400 ExpiredToken", when: "it has ended"},
			{ask: "GET /{b}/key", send: inSession(""), want: "403 InvalidAccessKeyId", when: "none"},
		}},
		{about: "Virtual-host style", remark: "under each `--s3-domain`: `bucket.s3.example.com/key`; any other host name is path style", with: onDomain, samples: []sample{
			{ask: "GET /{b}/key", send: atHost, want: "200", has: "hello"},
		}},
		{about: "CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128, Content-MD5", remark: "in a header or trailer: verified, kept and given back; for multipart as COMPOSITE or FULL_OBJECT; without one, S3's own. See below", samples: append(everyChecksum(),
			sample{ask: "PUT /{b}/new", body: "hellp", header: []string{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}, want: "400 BadDigest", when: "the body is another"},
			sample{ask: "PUT /{b}/new", body: "hello", header: []string{"Content-MD5", "abc"}, want: "400 InvalidDigest", when: "a Content-MD5 that is none"},
			sample{ask: "PUT /{b}/new", body: "x", header: []string{"X-Amz-Sdk-Checksum-Algorithm", "CRC99"}, want: "400 InvalidRequest", when: "an algorithm that is not there, a checksum that cannot be"},
		)},
		{about: "Length of bodies", remark: "announced; a body that ends early or goes on stores nothing", samples: []sample{
			{ask: "PUT /{b}/new", body: matrixBody, send: inChunks(streamingSigned, "short"), want: "400 IncompleteBody", when: "cut off or longer than announced"},
			{ask: "PUT /{b}/new", body: "x", send: unannounced, want: "411 MissingContentLength", when: "no length"},
			{ask: "PUT /{b}/new", send: unsaid, want: "411 MissingContentLength"},
			{ask: "PUT /{b}/new", body: "x", want: "200"},
			{ask: "PUT /{b}/new", want: "200"},
		}},
	}
}

// changed signs a request and then changes it.
func changed(change func(*http.Request)) func(*fixture, string, string, string, ...string) answer {
	return func(f *fixture, method, target, body string, header ...string) answer {
		f.t.Helper()
		r := f.sign(f.request(method, target, body, header...), body)
		change(r)
		return f.do(r)
	}
}

func signedAgo(ago time.Duration) func(*fixture, string, string, string, ...string) answer {
	return func(f *fixture, method, target, body string, header ...string) answer {
		f.t.Helper()
		return f.do(signAs(f.request(method, target, body, header...), body, testKey, testSecret, f.now().Add(-ago)))
	}
}

func signedBy(key, secret string) func(*fixture, string, string, string, ...string) answer {
	return func(f *fixture, method, target, body string, header ...string) answer {
		f.t.Helper()
		return f.do(signAs(f.request(method, target, body, header...), body, key, secret, f.now()))
	}
}

// allowed sends a request without a signature, which everybody is allowed.
func allowed(f *fixture, method, target, body string, header ...string) answer {
	f.t.Helper()
	f.guard.refuse = func(Credential, Ask) error { return nil }
	defer func() { f.guard.refuse = nil }()
	return unsigned(f, method, target, body, header...)
}

func sendV2(f *fixture, method, target, body string, header ...string) answer {
	f.t.Helper()
	return f.do(f.signV2(f.request(method, target, body, header...)))
}

func sendFormV2(f *fixture, _, target, body string, _ ...string) answer {
	f.t.Helper()
	return f.post(target, f.formV2(`["starts-with","$key",""]`, field{"key", "form"}), body)
}

// presigned makes a link that long ago, good for a time, and follows it.
func presigned(ago, expires time.Duration) func(*fixture, string, string, string, ...string) answer {
	return func(f *fixture, method, target, _ string, _ ...string) answer {
		f.t.Helper()
		bucket, key, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
		u, err := Presign(method, f.server.URL, bucket, key, testKey, testSecret, "", expires, nil, f.now().Add(-ago))
		if err != nil {
			f.t.Fatal(err)
		}
		return f.do(f.request(method, strings.TrimPrefix(u, f.server.URL), ""))
	}
}

// inChunks sends a body in frames, of which something may be wrong.
func inChunks(payload, wrong string) func(*fixture, string, string, string, ...string) answer {
	return func(f *fixture, method, target, body string, header ...string) answer {
		f.t.Helper()
		header = append(header, "X-Amz-Content-Sha256", payload, "X-Amz-Decoded-Content-Length", fmt.Sprint(len(body)), "Content-Encoding", "aws-chunked")
		if strings.HasSuffix(payload, "-TRAILER") {
			header = append(header, "X-Amz-Trailer", "x-amz-checksum-crc32")
		}
		r := f.sign(f.request(method, target, "", header...), "")
		framed := chunkBody(r, body, 20)
		switch wrong {
		case "body":
			framed = bytes.Replace(framed, []byte(body[:4]), []byte("evil"), 1)
		case "short":
			framed = framed[:len(framed)/2]
		}
		return send(f, r, framed)
	}
}

// unannounced sends a body without saying how long it is.
func unannounced(f *fixture, method, target, body string, header ...string) answer {
	f.t.Helper()
	r := f.sign(f.request(method, target, "", append(header, "X-Amz-Content-Sha256", unsignedPayload)...), "")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), -1
	return f.do(r)
}

// unsaid sends a request that says nothing of a body, which net/http's client never does for a PUT.
func unsaid(f *fixture, method, target, _ string, header ...string) answer {
	f.t.Helper()
	r := f.sign(f.request(method, target, "", append(header, "X-Amz-Content-Sha256", unsignedPayload)...), "")
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	defer conn.Close()
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, r.URL.RequestURI(), r.URL.Host)
	if err := r.Header.Write(&head); err != nil {
		f.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head.String()+"\r\n"); err != nil {
		f.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// atHost asks for what the path names under the bucket's own host name.
func atHost(f *fixture, method, target, body string, header ...string) answer {
	f.t.Helper()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
	return f.at(bucket+"."+testDomain).call(method, "/"+key, body, header...)
}

func everyChecksum() (samples []sample) {
	for i := range algorithms {
		a := &algorithms[i]
		h := a.make()
		h.Write([]byte("hello"))
		sum := encodeSum(h)
		samples = append(samples, sample{ask: "PUT /{b}/new", body: "hello", header: []string{a.header, sum}, want: "200", has: strings.ToLower(a.header) + ": " + sum})
	}
	return samples
}
