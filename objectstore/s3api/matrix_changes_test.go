package s3api

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// change is one thing that is different, and what that is refused with. Several codes
// are separated by a bar: which it is depends on what a byte becomes.
type change struct {
	name, code string
	change     func(r *http.Request, body []byte) []byte
}

// signedMode is a mode with all that its signature must notice.
type signedMode struct {
	mode
	changes func(f *fixture) []change
}

// matrix is every way to sign a request that stores something.
func matrix() []signedMode {
	var all []signedMode
	for _, m := range modes() {
		all = append(all, signedMode{m, func(f *fixture) []change {
			r, body := m.make(f)
			list := lineChanges()
			if r.Header.Get("Authorization") != "" {
				list = append(list, headerChanges(r)...)
				list = append(list, authorizationChanges(f, r)...)
			} else {
				list = append(list, linkChanges(f, r)...)
			}
			switch {
			case m.name == "signed payload":
				return append(list, payloadChanges(body)...)
			case strings.Contains(m.name, "chunks"):
				return append(list, frameChanges(f, r, body)...)
			}
			return list // nothing binds the body
		}})
	}
	return append(all,
		signedMode{mode{"version 2", func(f *fixture) (*http.Request, []byte) {
			return f.signV2(f.request(http.MethodPut, "/matrix/key?x-id=PutObject", "", "Content-Type", "text/plain", "Content-Md5", "eHZbAwTT+c7Ct28TCrLEug==",
				"X-Amz-Meta-Colour", "blue", "X-Amz-Acl", "private")), []byte(matrixBody)
		}}, version2Changes},
		signedMode{mode{"version 2 with x-amz-date", func(f *fixture) (*http.Request, []byte) {
			return f.signV2(f.request(http.MethodPut, "/matrix/key", "", "X-Amz-Date", f.now().UTC().Format(http.TimeFormat))), []byte(matrixBody)
		}}, version2DateChanges},
		signedMode{mode{"version 2 in a link", func(f *fixture) (*http.Request, []byte) {
			return f.linkV2(http.MethodPut, "/matrix/key", f.now().Add(time.Hour)), []byte(matrixBody)
		}}, version2LinkChanges},
		signedMode{mode{"form", formRequest(matrixForm)}, formChanges},
		signedMode{mode{"form of version 2", formRequest(matrixForm2)}, form2Changes},
	)
}

// of makes a change of the request alone.
func of(name, code string, alter func(r *http.Request)) change {
	return change{name, code, func(r *http.Request, body []byte) []byte { alter(r); return body }}
}

const mismatch = "SignatureDoesNotMatch"

// lineChanges are of what every request has.
func lineChanges() []change {
	return []change{
		of("method", mismatch, func(r *http.Request) { r.Method = http.MethodPost }),
		of("method DELETE", mismatch, func(r *http.Request) { r.Method = http.MethodDelete }),
		of("bucket", mismatch, func(r *http.Request) { r.URL.Path = "/matriy/key" }),
		of("key", mismatch, func(r *http.Request) { r.URL.Path = "/matrix/kez" }),
		of("key in capitals", mismatch, func(r *http.Request) { r.URL.Path = "/matrix/KEY" }),
		of("key with a slash", mismatch, func(r *http.Request) { r.URL.Path = "/matrix/key/" }),
		of("key with a slash before it", mismatch, func(r *http.Request) { r.URL.Path = "/matrix//key" }),
		of("key escaped twice", mismatch, func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/matrix/%6bey", "/matrix/%256bey" }),
		of("key with dots", mismatch, func(r *http.Request) { r.URL.Path = "/matrix/./key" }),
		of("no key", mismatch, func(r *http.Request) { r.URL.Path = "/matrix" }),
		of("query added", mismatch, func(r *http.Request) { r.URL.RawQuery += "&tagging=" }),
		of("version added", mismatch, func(r *http.Request) { r.URL.RawQuery += "&versionId=null" }),
		of("host", mismatch, func(r *http.Request) { r.Host = "other.example" }),
		of("port", mismatch, func(r *http.Request) { r.Host = r.URL.Hostname() + ":80" }),
		of("x-amz header added", "AccessDenied", func(r *http.Request) { r.Header.Set("X-Amz-Meta-Evil", "1") }),
		of("copy source added", "AccessDenied", func(r *http.Request) { r.Header.Set(copySource, "/matriy/other") }),
	}
}

// headerChanges are of every header that is signed, its value and how often it is there.
func headerChanges(good *http.Request) []change {
	changed := map[string]string{"X-Amz-Date": "AccessDenied"} // is no date then
	removed := map[string]string{"X-Amz-Date": "AccessDenied", "X-Amz-Content-Sha256": "InvalidRequest"}
	doubled := map[string]string{}
	or := func(codes map[string]string, name string) string {
		if codes[name] != "" {
			return codes[name]
		}
		return mismatch
	}
	list := []change{
		of("another second", mismatch, func(r *http.Request) {
			at, _ := time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
			// Within the day, so that it is not the day that is refused.
			shift := time.Second
			if at.Add(shift).Day() != at.Day() {
				shift = -shift
			}
			r.Header.Set("X-Amz-Date", at.Add(shift).Format(timeFormat))
		}),
		of("spaces within a value", mismatch, func(r *http.Request) { r.Header.Set("Content-Type", "text / plain") }),
		of("a value in capitals", mismatch, func(r *http.Request) { r.Header.Set("X-Amz-Meta-Colour", "BLUE") }),
		of("a value with a comma", mismatch, func(r *http.Request) { r.Header.Set("X-Amz-Meta-Colour", "blue,") }),
		of("a value under another name", mismatch, func(r *http.Request) {
			r.Header.Set("X-Amz-Acl", r.Header.Get("X-Amz-Meta-Colour"))
			r.Header.Set("X-Amz-Meta-Colour", "private")
		}),
	}
	for _, name := range slices.Sorted(mapKeys(good.Header)) {
		if name == "Authorization" {
			continue
		}
		list = append(list,
			of("header "+name+" changed", or(changed, name), func(r *http.Request) { r.Header.Set(name, mutate(good.Header.Get(name))) }),
			of("header "+name+" removed", or(removed, name), func(r *http.Request) { r.Header.Del(name) }),
			of("header "+name+" empty", or(removed, name), func(r *http.Request) { r.Header.Set(name, "") }),
			of("header "+name+" twice", or(doubled, name), func(r *http.Request) { r.Header.Add(name, good.Header.Get(name)) }))
	}
	return list
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// authorizationChanges are of every part of the header with the signature, and of what
// is signed anew to another end.
func authorizationChanges(f *fixture, good *http.Request) []change {
	var list []change
	add := func(name, code string, alter func(string) string) {
		list = append(list, of("authorization: "+name, code, func(r *http.Request) { r.Header.Set("Authorization", alter(r.Header.Get("Authorization"))) }))
	}
	replace := func(name, code, from, to string) {
		add(name, code, func(s string) string { return strings.Replace(s, from, to, 1) })
	}
	const malformed = "AuthorizationHeaderMalformed"
	day := "/" + good.Header.Get("X-Amz-Date")[:8] + "/"
	replace("access key", "InvalidAccessKeyId", testKey, "AKIAOTHER")
	replace("access key of another user", mismatch, testKey, "rich")
	replace("access key of a disabled user", "AccessDenied", testKey, "disabled")
	replace("access key without secret", "InvalidAccessKeyId", testKey, "hollow")
	replace("no access key", malformed, testKey, "")
	replace("day", malformed, day, "/20200101/")
	replace("day that is none", malformed, day, "/20261341/")
	replace("no day", malformed, day, "/")
	replace("region", mismatch, "us-east-1", "us-east-2")
	replace("no region", malformed, "us-east-1", "")
	replace("service", malformed, "/s3/", "/s4/")
	replace("service in capitals", malformed, "/s3/", "/S3/")
	replace("service of IAM", malformed, "/s3/", "/iam/")
	replace("terminator", malformed, "aws4_request", "aws5_request")
	replace("scope that goes on", malformed, "aws4_request", "aws4_request/x")
	replace("algorithm", "InvalidRequest", "HMAC-SHA256", "HMAC-SHA512")
	replace("algorithm of version 4A", "InvalidRequest", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
	replace("no credential", malformed, "Credential=", "Credentials=")
	replace("no signed headers", malformed, "SignedHeaders=", "X=")
	replace("no signature", malformed, "Signature=", "")
	replace("without host", malformed, "host;", "")
	replace("a header that is not there", mismatch, "host;", "host;if-match;")
	replace("headers in another order", malformed, "content-type;host", "host;content-type")
	replace("a header in capitals", malformed, "content-type;", "Content-Type;")
	replace("a header twice", malformed, "host;", "host;host;")
	add("signature in capitals", mismatch+"|"+malformed, func(s string) string { return s[:len(s)-64] + strings.ToUpper(s[len(s)-64:]) })
	add("signature cut", malformed, func(s string) string { return s[:len(s)-1] })
	add("signature longer", malformed, func(s string) string { return s + "0" })
	add("signature of zeros", mismatch, func(s string) string { return s[:len(s)-64] + strings.Repeat("0", 64) })
	add("signature twice", malformed, func(s string) string { return s + ", Signature=" + s[len(s)-64:] })
	for i := 0; i < 64; i += 7 {
		add(fmt.Sprintf("signature digit %d", i), mismatch, func(s string) string {
			at := len(s) - 64 + i
			return s[:at] + otherDigit(s[at]) + s[at+1:]
		})
	}
	for name, code := range map[string]string{
		"content-type": mismatch, "cache-control": mismatch, "x-amz-meta-colour": "AccessDenied", "x-amz-storage-class": "AccessDenied",
		"x-amz-date": "AccessDenied", "x-amz-content-sha256": "AccessDenied", "x-amz-acl": "AccessDenied", "x-amz-tagging": "AccessDenied",
	} {
		add("no longer signs "+name, code, func(s string) string {
			return strings.Replace(strings.Replace(s, ";"+name+",", ",", 1), name+";", "", 1)
		})
	}
	list = append(list,
		of("authorization removed", "AccessDenied", func(r *http.Request) { r.Header.Del("Authorization") }),
		of("authorization empty", "AccessDenied", func(r *http.Request) { r.Header.Set("Authorization", "") }),
		of("authorization twice", "InvalidArgument", func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }),
		of("a link's signature besides", "InvalidArgument", func(r *http.Request) { r.URL.RawQuery += "&X-Amz-Signature=x" }),
	)
	for name, c := range map[string]struct {
		ago  time.Duration
		code string
	}{"16 minutes ago": {16 * time.Minute, "RequestTimeTooSkewed"}, "in 16 minutes": {-16 * time.Minute, "RequestTimeTooSkewed"}, "a year ago": {365 * 24 * time.Hour, "RequestTimeTooSkewed"}} {
		list = append(list, of("signed "+name, c.code, func(r *http.Request) { signAs(r, "", testKey, testSecret, f.now().Add(-c.ago)) }))
	}
	return append(list,
		of("another secret", mismatch, func(r *http.Request) { signAs(r, "", testKey, testSecret+"x", f.now()) }),
		of("a key that may not", "AccessDenied", func(r *http.Request) { signAs(r, "", "reader", testSecret, f.now()) }),
		of("session token, signed", "InvalidToken", func(r *http.Request) {
			r.Header.Set("X-Amz-Security-Token", "token")
			signAs(r, "", testKey, testSecret, f.now())
		}),
		of("session token, not signed", "AccessDenied", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "token") }))
}

// linkChanges are of a presigned link.
func linkChanges(f *fixture, good *http.Request) []change {
	const malformed = "AuthorizationQueryParametersError"
	changed := map[string]string{"X-Amz-Algorithm": malformed, "X-Amz-Credential": malformed, "X-Amz-Date": malformed, "X-Amz-SignedHeaders": malformed, "X-Amz-Signature": mismatch + "|" + malformed}
	query := func(name, code string, alter func(q url.Values)) change {
		return of(name, code, func(r *http.Request) {
			q := r.URL.Query()
			alter(q)
			r.URL.RawQuery = q.Encode()
		})
	}
	var list []change
	for _, name := range slices.Sorted(mapKeys(good.URL.Query())) {
		code, other := malformed, mismatch
		if !strings.HasPrefix(name, "X-Amz-") {
			code = mismatch
		}
		if changed[name] != "" {
			other = changed[name]
		}
		list = append(list,
			query("query "+name+" changed", other, func(q url.Values) { q.Set(name, mutate(q.Get(name))) }),
			query("query "+name+" removed", code, func(q url.Values) { q.Del(name) }),
			query("query "+name+" empty", code, func(q url.Values) { q.Set(name, "") }),
			query("query "+name+" twice", code, func(q url.Values) { q.Add(name, q.Get(name)) }))
	}
	part := func(name, code, from, to string) change {
		return query("credential: "+name, code, func(q url.Values) {
			q.Set("X-Amz-Credential", strings.Replace(q.Get("X-Amz-Credential"), from, to, 1))
		})
	}
	day := good.URL.Query().Get("X-Amz-Date")[:8]
	signature := good.URL.Query().Get("X-Amz-Signature")
	for i := 0; i < 64; i += 9 {
		list = append(list, query(fmt.Sprintf("signature digit %d", i), mismatch, func(q url.Values) {
			q.Set("X-Amz-Signature", signature[:i]+otherDigit(signature[i])+signature[i+1:])
		}))
	}
	// anew signs for something that no link may say.
	anew := func(name, code string, expires string, at time.Time, key, secret string) change {
		return of(name, code, func(r *http.Request) {
			q := r.URL.Query()
			q.Del("X-Amz-Signature")
			sig := signatureOf(key, at.UTC())
			sig.at, sig.presigned, sig.headers = at.UTC(), true, []string{"host"}
			q.Set("X-Amz-Expires", expires)
			q.Set("X-Amz-Date", sig.at.Format(timeFormat))
			q.Set("X-Amz-Credential", sig.accessKey+"/"+sig.scope())
			r.URL.RawQuery = q.Encode()
			seen := r.Clone(r.Context())
			seen.Host = r.URL.Host
			value := newSigner(secret, sig.day, sig.region).sign(seen, q, &sig, unsignedPayload)
			q.Set("X-Amz-Signature", value.String())
			r.URL.RawQuery = q.Encode()
		})
	}
	now := f.now()
	return append(list,
		part("access key", "InvalidAccessKeyId", testKey, "AKIAOTHER"),
		part("access key of another user", mismatch, testKey, "rich"),
		part("access key of a disabled user", "AccessDenied", testKey, "disabled"),
		part("access key without secret", "InvalidAccessKeyId", testKey, "hollow"),
		part("region", mismatch, "us-east-1", "us-east-2"),
		part("service", malformed, "/s3/", "/s4/"),
		part("terminator", malformed, "aws4_request", "aws5_request"),
		part("day", malformed, "/"+day+"/", "/20200101/"),
		query("another second", mismatch, func(q url.Values) {
			at, _ := time.Parse(timeFormat, q.Get("X-Amz-Date"))
			shift := time.Second
			if at.Add(shift).Day() != at.Day() {
				shift = -shift
			}
			q.Set("X-Amz-Date", at.Add(shift).Format(timeFormat))
		}),
		query("a longer life", mismatch, func(q url.Values) { q.Set("X-Amz-Expires", "86400") }),
		query("another signed header", mismatch, func(q url.Values) { q.Set("X-Amz-SignedHeaders", "host;if-match") }),
		query("a copy source", mismatch, func(q url.Values) { q.Set("x-amz-copy-source", "/matriy/other") }),
		query("payload hash", mismatch, func(q url.Values) { q.Set("X-Amz-Content-Sha256", sha256hex("x")) }),
		query("session token", "InvalidToken", func(q url.Values) { q.Set("X-Amz-Security-Token", "t") }),
		query("version 2 besides", "InvalidRequest|InvalidArgument", func(q url.Values) { q.Set("AWSAccessKeyId", testKey) }),
		query("parameters in small letters", malformed, func(q url.Values) {
			q.Set("x-amz-signature", q.Get("X-Amz-Signature"))
			q.Del("X-Amz-Signature")
		}),
		of("an authorization besides", "InvalidArgument", func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x") }),
		anew("no life", "AccessDenied", "0", now, testKey, testSecret),
		anew("no life, of a clock that is ahead", "AccessDenied", "0", now.Add(time.Minute), testKey, testSecret),
		anew("less than none", malformed, "-1", now, testKey, testSecret),
		anew("a life of words", malformed, "soon", now, testKey, testSecret),
		anew("more than a week", malformed, "604801", now, testKey, testSecret),
		anew("over", "AccessDenied", "60", now.Add(-2*time.Minute), testKey, testSecret),
		anew("not yet", "AccessDenied", "60", now.Add(16*time.Minute), testKey, testSecret),
		anew("another secret", mismatch, "60", now, testKey, "guess"),
		anew("a key that may not", "AccessDenied", "60", now, "reader", testSecret),
	)
}

// payloadChanges are of a body whose digest is signed.
func payloadChanges(body []byte) []change {
	list := []change{{"body of nothing", "MissingContentLength", func(*http.Request, []byte) []byte { return nil }}}
	add := func(name string, alter func([]byte) []byte) {
		list = append(list, change{name, "XAmzContentSHA256Mismatch", func(_ *http.Request, body []byte) []byte { return alter(bytes.Clone(body)) }})
	}
	for i := 0; i < len(body); i += 7 {
		add(fmt.Sprintf("body byte %d", i), func(b []byte) []byte { b[i] ^= 1; return b })
	}
	add("body cut", func(b []byte) []byte { return b[:len(b)-1] })
	add("body longer", func(b []byte) []byte { return append(b, 'x') })
	return list
}

// otherDigit is a hexadecimal digit that is not this one.
func otherDigit(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

// mutate changes a value's last letter and keeps its length.
func mutate(s string) string {
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
