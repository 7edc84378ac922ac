package s3api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// version2Line are the changes of a request that a signature of Version 2 covers
// whatever it is in.
func version2Line() []change {
	return []change{
		of("method", mismatch, func(r *http.Request) { r.Method = http.MethodDelete }),
		of("bucket", mismatch, func(r *http.Request) { r.URL.Path = "/matriy/key" }),
		of("key", mismatch, func(r *http.Request) { r.URL.Path = "/matrix/kez" }),
		of("key with a slash", mismatch, func(r *http.Request) { r.URL.Path = "/matrix/key/" }),
		of("query that makes it another call", mismatch, func(r *http.Request) { r.URL.RawQuery += "&acl" }),
		of("version added", mismatch, func(r *http.Request) { r.URL.RawQuery += "&versionId=null" }),
		of("override added", mismatch, func(r *http.Request) { r.URL.RawQuery += "&response-content-type=text%2Fhtml" }),
		of("x-amz header added", mismatch, func(r *http.Request) { r.Header.Set("X-Amz-Meta-Evil", "1") }),
		of("copy source added", mismatch, func(r *http.Request) { r.Header.Set(copySource, "/matriy/other") }),
		of("session token", "InvalidToken", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "t") }),
		of("signed chunks", "InvalidRequest", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", streamingSigned) }),
	}
}

func version2Changes(f *fixture) []change {
	list := version2Line()
	for name, codes := range map[string][2]string{
		"Date": {mismatch, "AccessDenied"}, "Content-Type": {mismatch, mismatch}, "Content-Md5": {mismatch, mismatch},
		"X-Amz-Meta-Colour": {mismatch, mismatch}, "X-Amz-Acl": {mismatch, mismatch},
	} {
		list = append(list,
			of("header "+name+" changed", codes[0], func(r *http.Request) { r.Header.Set(name, mutate(r.Header.Get(name))) }),
			of("header "+name+" removed", codes[1], func(r *http.Request) { r.Header.Del(name) }))
	}
	authorization := func(name, code string, alter func(string) string) change {
		return of("authorization: "+name, code, func(r *http.Request) { r.Header.Set("Authorization", alter(r.Header.Get("Authorization"))) })
	}
	key := func(name, code, other string) change {
		return authorization(name, code, func(s string) string { return strings.Replace(s, testKey, other, 1) })
	}
	anew := func(name, code string, alter func(r *http.Request)) change {
		return of(name, code, func(r *http.Request) {
			alter(r)
			f.signV2(r)
		})
	}
	for i := range 4 {
		list = append(list, authorization(fmt.Sprintf("signature letter %d", i*6), mismatch, func(s string) string {
			before, value, _ := strings.Cut(s, ":")
			return before + ":" + value[:i*6] + mutateFirst(value[i*6:])
		}))
	}
	return append(list,
		of("header X-Amz-Meta-Colour twice", mismatch, func(r *http.Request) { r.Header.Add("X-Amz-Meta-Colour", "red") }),
		of("another second", mismatch, func(r *http.Request) { r.Header.Set("Date", f.now().UTC().Add(2*time.Second).Format(http.TimeFormat)) }),
		of("a date in x-amz-date besides", mismatch, func(r *http.Request) { r.Header.Set("X-Amz-Date", r.Header.Get("Date")) }),
		key("access key", "InvalidAccessKeyId", "AKIAOTHER"),
		key("access key of another user", mismatch, "rich"),
		key("access key of a disabled user", "AccessDenied", "disabled"),
		key("access key without secret", "InvalidAccessKeyId", "hollow"),
		key("no access key", "InvalidArgument", ""),
		authorization("no colon", "InvalidArgument", func(s string) string { return strings.Replace(s, ":", "", 1) }),
		authorization("no signature", mismatch, func(s string) string { return s[:strings.Index(s, ":")+1] }),
		authorization("signature of no base64", mismatch, func(s string) string { return s + "*" }),
		authorization("signature cut", mismatch, func(s string) string { return s[:len(s)-4] }),
		of("authorization removed", "AccessDenied", func(r *http.Request) { r.Header.Del("Authorization") }),
		of("authorization twice", "InvalidArgument", func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }),
		of("a link's signature besides", "InvalidArgument", func(r *http.Request) { r.URL.RawQuery += "&AWSAccessKeyId=" + testKey }),
		anew("signed 16 minutes ago", "RequestTimeTooSkewed", func(r *http.Request) {
			r.Header.Set("Date", f.now().UTC().Add(-16*time.Minute).Format(http.TimeFormat))
		}),
		anew("signed in 16 minutes", "RequestTimeTooSkewed", func(r *http.Request) { r.Header.Set("Date", f.now().UTC().Add(16*time.Minute).Format(http.TimeFormat)) }),
		anew("Content-MD5 of another body", "BadDigest", func(r *http.Request) { r.Header.Set("Content-Md5", "XUFAKrxLKna5cZ2REBfFkg==") }),
	)
}

func version2DateChanges(f *fixture) []change {
	return append(version2Line(),
		of("x-amz-date changed", mismatch, func(r *http.Request) {
			r.Header.Set("X-Amz-Date", f.now().UTC().Add(2*time.Second).Format(http.TimeFormat))
		}),
		of("x-amz-date removed", "AccessDenied", func(r *http.Request) { r.Header.Del("X-Amz-Date") }),
		of("x-amz-date as date", mismatch, func(r *http.Request) {
			r.Header.Set("Date", r.Header.Get("X-Amz-Date"))
			r.Header.Del("X-Amz-Date")
		}))
}

func version2LinkChanges(f *fixture) []change {
	list := version2Line()
	query := func(name, code string, alter func(q url.Values)) change {
		return of(name, code, func(r *http.Request) {
			q := r.URL.Query()
			alter(q)
			r.URL.RawQuery = q.Encode()
		})
	}
	for name, codes := range map[string][2]string{"AWSAccessKeyId": {"InvalidAccessKeyId", "AccessDenied"}, "Expires": {mismatch, "AccessDenied"}, "Signature": {mismatch, "AccessDenied"}} {
		list = append(list,
			query("query "+name+" changed", codes[0], func(q url.Values) { q.Set(name, mutateDigit(q.Get(name))) }),
			query("query "+name+" removed", codes[1], func(q url.Values) { q.Del(name) }),
			query("query "+name+" empty", codes[1], func(q url.Values) { q.Set(name, "") }),
			query("query "+name+" twice", codes[1], func(q url.Values) { q.Add(name, q.Get(name)) }))
	}
	return append(list,
		query("a life of words", "AccessDenied", func(q url.Values) { q.Set("Expires", "soon") }),
		query("over", "AccessDenied", func(q url.Values) { q.Set("Expires", "1") }),
		query("version 4 besides", "InvalidArgument", func(q url.Values) { q.Set("X-Amz-Algorithm", algorithmV4) }),
		of("content type", mismatch, func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }),
		of("an authorization besides", "InvalidArgument", func(r *http.Request) { r.Header.Set("Authorization", "AWS "+testKey+":x") }),
		of("over, signed", "AccessDenied", func(r *http.Request) { *r = *f.linkV2(http.MethodPut, "/matrix/key", f.now().Add(-time.Second)) }))
}

// mutateDigit changes a value but keeps a number one.
func mutateDigit(s string) string {
	b := []byte(s)
	if b[0] == '1' || b[0] == 'A' {
		b[0]++
	} else {
		b[0] = 'A'
	}
	return string(b)
}

// A form of the matrix is its fields; what changes one makes another request of it.

func matrixForm(f *fixture) []field {
	at := f.now().UTC()
	sig := signatureOf(testKey, at)
	policy := fmt.Sprintf(`{"expiration":%q,"conditions":[{"bucket":"matrix"},{"key":"key"},{"x-amz-meta-colour":"blue"},["content-length-range",1,100],`+
		`{"x-amz-algorithm":%q},{"x-amz-credential":%q},{"x-amz-date":%q}]}`, at.Add(time.Hour).Format("2006-01-02T15:04:05Z"), algorithmV4, testKey+"/"+sig.scope(), at.Format(timeFormat))
	return signPolicy(policy, testSecret, sig, at, field{"key", "key"}, field{"x-amz-meta-colour", "blue"})
}

func matrixForm2(f *fixture) []field {
	policy := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`{"expiration":%q,"conditions":[{"bucket":"matrix"},{"key":"key"},{"x-amz-meta-colour":"blue"}]}`,
		f.now().UTC().Add(time.Hour).Format("2006-01-02T15:04:05Z"))))
	return []field{{"key", "key"}, {"x-amz-meta-colour", "blue"}, {"AWSAccessKeyId", testKey}, {"policy", policy}, {"signature", signTextV2(testSecret, policy)}}
}

func formRequest(fields func(f *fixture) []field) func(f *fixture) (*http.Request, []byte) {
	return func(f *fixture) (*http.Request, []byte) {
		kind, body := encodeForm(fields(f), "photo.jpg", matrixBody)
		return f.request(http.MethodPost, "/matrix", "", "Content-Type", kind), []byte(body)
	}
}

// formOf makes a change of the fields.
func formOf(f *fixture, fields func(f *fixture) []field, name, code string, alter func(fields []field) []field) change {
	return change{name, code, func(r *http.Request, _ []byte) []byte {
		kind, body := encodeForm(alter(slices.Clone(fields(f))), "photo.jpg", matrixBody)
		r.Header.Set("Content-Type", kind)
		return []byte(body)
	}}
}

// fieldChanges are of each field in turn: codes are for another value, none, and two.
func fieldChanges(f *fixture, fields func(f *fixture) []field, codes map[string][3]string) (list []change) {
	for i, one := range fields(f) {
		c := codes[one.name]
		list = append(list,
			formOf(f, fields, "field "+one.name+" changed", c[0], func(fields []field) []field {
				fields[i].value = mutate(fields[i].value)
				return fields
			}),
			formOf(f, fields, "field "+one.name+" removed", c[1], func(fields []field) []field { return slices.Delete(fields, i, i+1) }),
			formOf(f, fields, "field "+one.name+" twice", c[2], func(fields []field) []field { return slices.Insert(fields, i, fields[i]) }))
	}
	return append(list,
		formOf(f, fields, "a field of no condition", "AccessDenied", func(fields []field) []field { return append(fields, field{"x-amz-meta-shape", "round"}) }),
		formOf(f, fields, "an acl of no condition", "AccessDenied", func(fields []field) []field { return append(fields, field{"acl", "public-read"}) }),
		formOf(f, fields, "a key that the policy does not allow", "AccessDenied", func(fields []field) []field {
			fields[0].value = "other"
			return fields
		}),
		of("another bucket", "AccessDenied", func(r *http.Request) { r.URL.Path = "/matriy" }),
		of("an authorization besides", "InvalidArgument|AuthorizationHeaderMalformed|InvalidRequest|"+mismatch, func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x") }),
	)
}

func formChanges(f *fixture) []change {
	list := fieldChanges(f, matrixForm, map[string][3]string{
		"key": {"AccessDenied", "InvalidArgument", "InvalidArgument"}, "x-amz-meta-colour": {"AccessDenied", "AccessDenied", "InvalidArgument"},
		"policy": {mismatch, "InvalidArgument", "InvalidArgument"}, "x-amz-algorithm": {"InvalidArgument", "InvalidArgument", "InvalidArgument"},
		"x-amz-credential": {"InvalidArgument", "InvalidArgument", "InvalidArgument"}, "x-amz-date": {"InvalidArgument", "InvalidArgument", "InvalidArgument"},
		"x-amz-signature": {mismatch, "InvalidArgument", "InvalidArgument"},
	})
	set := func(name, code, which string, alter func(string) string) {
		list = append(list, formOf(f, matrixForm, name, code, func(fields []field) []field {
			for i := range fields {
				if fields[i].name == which {
					fields[i].value = alter(fields[i].value)
				}
			}
			return fields
		}))
	}
	replace := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	set("credential: access key", "InvalidAccessKeyId", "x-amz-credential", replace(testKey, "AKIAOTHER"))
	set("credential: access key of another user", mismatch, "x-amz-credential", replace(testKey, "rich"))
	set("credential: access key of a disabled user", "AccessDenied", "x-amz-credential", replace(testKey, "disabled"))
	set("credential: access key without secret", "InvalidAccessKeyId", "x-amz-credential", replace(testKey, "hollow"))
	set("credential: region", mismatch, "x-amz-credential", replace("us-east-1", "us-east-2"))
	set("credential: service", "InvalidArgument", "x-amz-credential", replace("/s3/", "/s4/"))
	set("credential: terminator", "InvalidArgument", "x-amz-credential", replace("aws4_request", "aws5_request"))
	for i := 0; i < 64; i += 9 {
		set(fmt.Sprintf("signature digit %d", i), mismatch, "x-amz-signature", func(s string) string {
			return s[:i] + otherDigit(s[i]) + s[i+1:]
		})
	}
	set("signature of zeros", mismatch, "x-amz-signature", func(string) string { return strings.Repeat("0", 64) })
	set("a policy that allows all", mismatch, "policy", func(string) string {
		return base64.StdEncoding.EncodeToString([]byte(`{"expiration":"2099-01-01T00:00:00Z","conditions":[]}`))
	})
	for _, part := range []int{0, 1, 2} {
		list = append(list, change{fmt.Sprintf("body cut, %d", part), "IncompleteBody", func(_ *http.Request, body []byte) []byte { return body[:len(body)-5-part*len(matrixBody)] }})
	}
	return list
}

func form2Changes(f *fixture) []change {
	return fieldChanges(f, matrixForm2, map[string][3]string{
		"key": {"AccessDenied", "InvalidArgument", "InvalidArgument"}, "x-amz-meta-colour": {"AccessDenied", "AccessDenied", "InvalidArgument"},
		"AWSAccessKeyId": {"InvalidAccessKeyId", "InvalidArgument", "InvalidArgument"}, "policy": {mismatch, "InvalidArgument", "InvalidArgument"},
		"signature": {mismatch, "InvalidArgument", "InvalidArgument"},
	})
}
