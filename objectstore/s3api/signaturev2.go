package s3api

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Signature Version 2 is made of it; it is off unless asked for.
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schemeV2 begins an Authorization header of Signature Version 2.
const schemeV2 = "AWS "

// claimsV2 reports whether the request is signed as old clients do it.
func (q *request) claimsV2() bool {
	return strings.HasPrefix(first(q.r.Header, "Authorization"), schemeV2) || (len(q.query) > 0 && q.query.Has("AWSAccessKeyId"))
}

// authenticateV2 is authenticate for Signature Version 2, which covers less: no body,
// no header but those of x-amz- and three more, and of the query only what names a
// sub-resource or overrides an answer's header.
func (h *Handler) authenticateV2(q *request) error {
	claimed, date, err := h.claimV2(q)
	if err != nil {
		return err
	}
	if first(q.r.Header, "X-Amz-Security-Token") != "" || q.query.Has("x-amz-security-token") {
		return errTokenV2()
	}
	q.payload = unsignedPayload
	if v := first(q.r.Header, "X-Amz-Content-Sha256"); v != "" {
		q.payload = v
	}
	if q.payload == streamingSigned || q.payload == streamingSignedTrailer {
		return fail("InvalidRequest", "The chunks of a payload can only be signed with AWS4-HMAC-SHA256.")
	}
	cred, err := h.credential(q, claimed.accessKey, "")
	if err != nil {
		return err
	}
	path := q.r.URL.EscapedPath()
	signed := signedV2(cred.Secret, h.canonicalV2(q, date, path), claimed.value)
	if !signed && q.level() == onBucket && !strings.HasSuffix(path, "/") {
		// Some clients, boto3 among them, write the bucket's name with a slash here.
		signed = signedV2(cred.Secret, h.canonicalV2(q, date, path+"/"), claimed.value)
	}
	if !signed {
		return errSignature()
	}
	q.cred, q.sig = cred, claimed
	return nil
}

// claimV2 reads the signature and what stands for the date in the text it signs.
func (h *Handler) claimV2(q *request) (sig signature, date string, err error) {
	sig.v2 = true
	authorization := q.r.Header["Authorization"]
	if !claimsPresigned(q.query) {
		if len(authorization) > 1 {
			return sig, "", errMechanisms()
		}
		var ok bool
		if sig.accessKey, sig.value, ok = strings.Cut(strings.TrimPrefix(authorization[0], schemeV2), ":"); !ok || sig.accessKey == "" {
			return sig, "", fail("InvalidArgument", "AWS authorization header is invalid. Expected AwsAccessKeyId:signature")
		}
		return sig, q.dateV2(), h.checkDateV2(q, &sig)
	}
	if len(authorization) > 0 || q.query.Has("X-Amz-Algorithm") || q.query.Has("X-Amz-Signature") || q.query.Has("X-Amz-Credential") {
		return sig, "", errMechanisms()
	}
	for _, name := range []string{"AWSAccessKeyId", "Signature", "Expires"} {
		if values := q.query[name]; len(values) != 1 || values[0] == "" {
			return sig, "", fail("AccessDenied", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
		}
	}
	sig.accessKey, sig.value, sig.presigned, date = q.query.Get("AWSAccessKeyId"), q.query.Get("Signature"), true, q.query.Get("Expires")
	seconds, err := strconv.ParseInt(date, 10, 64)
	if err != nil {
		return sig, "", fail("AccessDenied", "Invalid date (should be seconds since epoch): "+xmlLimit(date))
	}
	if h.now().Unix() >= seconds {
		return sig, "", fail("AccessDenied", "Request has expired")
	}
	return sig, date, nil
}

func errTokenV2() error {
	return fail("InvalidToken", "The provided token is malformed or otherwise invalid. Sign requests of a session with AWS4-HMAC-SHA256.")
}

func errMechanisms() error {
	return fail("InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified.")
}

// dateV2 is the date that is signed as such: none where x-amz-date is, because that is
// signed with the other headers of its kind.
func (q *request) dateV2() string {
	if q.r.Header["X-Amz-Date"] != nil {
		return ""
	}
	return first(q.r.Header, "Date")
}

func (h *Handler) checkDateV2(q *request, sig *signature) error {
	value := first(q.r.Header, "Date")
	if q.r.Header["X-Amz-Date"] != nil { // then Date is not signed
		value = first(q.r.Header, "X-Amz-Date")
	}
	var at time.Time
	var err error
	for _, layout := range []string{time.RFC1123Z, time.RFC1123, timeFormat} {
		if at, err = time.Parse(layout, value); err == nil {
			break
		}
	}
	if err != nil {
		return fail("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
	}
	if age := h.now().Sub(at); age > maxClockSkew || age < -maxClockSkew {
		return fail("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	sig.at = at
	return nil
}

// canonicalV2 is the text that a Signature Version 2 signs, for the path as it was sent.
func (h *Handler) canonicalV2(q *request, date, path string) string {
	var out []byte
	header := q.r.Header
	for _, line := range [...]string{q.r.Method, first(header, "Content-Md5"), first(header, "Content-Type"), date} {
		out = append(append(out, line...), '\n')
	}
	var names []string
	for name := range header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		out = append(append(out, name...), ':')
		out = append(appendHeader(out, q.r, name), '\n')
	}
	if bucket, _, ok := h.domains.bucket(q.r.Host); ok && bucket != "" {
		out = append(append(out, '/'), bucket...)
	}
	out = append(out, path...)
	names = names[:0]
	for name := range q.query {
		if partOfV2(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		separator := byte('&')
		if i == 0 {
			separator = '?'
		}
		out = append(append(out, separator), name...)
		if value := strings.Join(q.query[name], ","); value != "" {
			out = append(append(out, '='), value...)
		}
	}
	return string(out)
}

// partOfV2 reports whether a parameter of the query is signed. All that change which
// call a request is are.
func partOfV2(name string) bool {
	switch name {
	case "list-type":
		return false
	case "partNumber", "versionId", "select-type":
		return true
	}
	return subresources[name] || strings.HasPrefix(name, "response-")
}

// signedV2 verifies a signature of Signature Version 2, in constant time.
func signedV2(secret, text, signature string) bool {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(text))
	claimed, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && hmac.Equal(h.Sum(nil), claimed)
}

// verifyFormV2 establishes who signed a form's policy with Signature Version 2.
func (h *Handler) verifyFormV2(q *request, f *form) error {
	for _, name := range []string{"policy", "awsaccesskeyid", "signature"} {
		if f.fields[name] == "" {
			return errField(name)
		}
	}
	if f.fields["x-amz-security-token"] != "" {
		return errTokenV2()
	}
	cred, err := h.credential(q, f.fields["awsaccesskeyid"], "")
	if err != nil {
		return err
	}
	if !signedV2(cred.Secret, f.fields["policy"], f.fields["signature"]) {
		return errSignature()
	}
	q.cred, q.sig, q.posted = cred, signature{accessKey: cred.AccessKey, value: f.fields["signature"], v2: true}, true
	return nil
}

// isV2 reports whether the form is signed as old clients do it.
func (f *form) isV2() bool {
	_, key := f.fields["awsaccesskeyid"]
	_, four := f.fields["x-amz-signature"]
	return key && !four
}
