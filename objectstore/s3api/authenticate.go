package s3api

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"croft/internal/errs"
)

// authenticate establishes who signed the request, or refuses it. It reads
// nothing of the body, but of a guest's whose client does not say its hash: q.payload
// is what the body will be held to.
func (h *Handler) authenticate(q *request) error {
	if q.anonymous() {
		return q.claimNothing()
	}
	if h.signatureV2 && q.guest == nil && q.claimsV2() {
		return h.authenticateV2(q)
	}
	if err := q.claim(); err != nil {
		return err
	}
	if err := h.checkTime(&q.sig); err != nil {
		return err
	}
	if h.region != "" && q.sig.region != h.region && q.guest == nil {
		code := "AuthorizationHeaderMalformed"
		if q.sig.presigned {
			code = "AuthorizationQueryParametersError"
		}
		f := failf(code, "The region '%s' is wrong; expecting '%s'.", q.sig.region, h.region)
		f.region = h.region
		return f
	}
	if name := q.unsignedHeader(); name != "" {
		return failf("AccessDenied", "There were headers present in the request which were not signed: %s.", name)
	}
	token, err := q.sessionToken()
	if err != nil {
		return err
	}
	cred, err := h.credential(q, q.sig.accessKey, token)
	if err != nil {
		return err
	}
	if q.payload == "" {
		if err := q.hashBody(); err != nil {
			return err
		}
	}
	name := q.sig.signerName(cred.Secret)
	signer, known := h.signers.get(name)
	if want := signer.sign(q.r, q.query, &q.sig, q.payload); !want.is(q.sig.value) {
		return errSignature()
	}
	if !known {
		h.signers.remember(name, signer)
	}
	q.cred, q.signer = cred, signer
	q.hoist()
	return nil
}

// credential finds an access key's credential, that of a session where there is a
// token, with S3's words where there is none.
func (h *Handler) credential(q *request, accessKey, token string) (Credential, error) {
	var cred Credential
	var err error
	switch {
	case token == "":
		cred, err = h.access.Credential(q.r.Context(), accessKey)
	case h.sessions == nil:
		return cred, errSessionToken()
	default:
		cred, err = h.sessions.SessionCredential(q.r.Context(), accessKey, token)
	}
	if errs.KindOf(err) == errs.NotFound || (err == nil && cred.Secret == "") {
		return Credential{}, fail("InvalidAccessKeyId", "The access key ID you provided does not exist in our records.")
	}
	return cred, err
}

// hoist makes headers of what a presigned URL carries in their place: a client
// may move any x-amz- header into the query, where the signature covers it.
func (q *request) hoist() {
	if !q.sig.presigned {
		return
	}
	for name, values := range q.query {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !presignParameters[lower] && q.r.Header.Values(name) == nil && !q.checksumOfNothing(lower, values) {
			q.r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
}

// checksumOfNothing reports whether a parameter is the checksum of an empty body although
// the body is not empty. The AWS SDK for JavaScript puts it into every link for a PUT,
// where it has no body to hash; it says nothing about the body that comes.
func (q *request) checksumOfNothing(name string, values []string) bool {
	a := algorithmByHeader(name)
	return a != nil && q.r.ContentLength != 0 && len(values) == 1 && values[0] == encodeSum(a.make())
}

// presignParameters belong to the signature itself.
var presignParameters = map[string]bool{
	"x-amz-algorithm": true, "x-amz-credential": true, "x-amz-date": true, "x-amz-expires": true,
	"x-amz-signedheaders": true, "x-amz-signature": true, "x-amz-security-token": true,
}

// sessionToken is the token of a temporary credential, empty without one. The
// signature covers it wherever it is.
func (q *request) sessionToken() (string, error) {
	values := q.r.Header["X-Amz-Security-Token"]
	if inQuery := q.query["X-Amz-Security-Token"]; inQuery != nil {
		if values != nil || !q.sig.presigned {
			return "", errSessionToken()
		}
		values = inQuery
	}
	if len(values) > 1 || (len(values) == 1 && values[0] == "") {
		return "", errSessionToken()
	}
	if values == nil {
		return "", nil
	}
	return values[0], nil
}

func errSessionToken() *failure {
	return fail("InvalidToken", "The provided token is malformed or otherwise invalid.")
}

func errSignature() *failure {
	return fail("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
}

// claim reads the signature and the payload's hash from where the request
// carries them; exactly one mechanism may be used.
func (q *request) claim() error {
	authorization := q.r.Header["Authorization"]
	inQuery := claimsPresigned(q.query)
	switch {
	case len(authorization) > 1 || (len(authorization) == 1 && inQuery):
		return errMechanisms()
	case inQuery:
		return q.claimPresigned()
	}
	return q.claimHeader(authorization[0])
}

// anonymous reports whether the request claims to be nobody's: an empty header claims
// nothing. What Access allows everybody it may do all the same.
func (q *request) anonymous() bool {
	authorization := q.r.Header["Authorization"]
	return !q.posted && (len(authorization) == 0 || len(authorization) == 1 && authorization[0] == "") && !claimsPresigned(q.query)
}

// claimNothing reads the payload's hash of a request without a signature. It binds
// nobody, but a client that sends one wants it to be right.
func (q *request) claimNothing() error {
	q.payload = unsignedPayload
	if v := first(q.r.Header, "X-Amz-Content-Sha256"); v != "" {
		q.payload = v
	}
	if q.payload == streamingSigned || q.payload == streamingSignedTrailer {
		return fail("AccessDenied", "Access Denied. Requests must be signed whose chunks are.")
	}
	return nil
}

// claimsPresigned reports whether the query tries to authenticate, be it with
// version 2, which is then refused.
func claimsPresigned(query url.Values) bool {
	return len(query) > 0 && (query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature") || query.Has("X-Amz-Credential") ||
		query.Has("AWSAccessKeyId"))
}

func (q *request) claimHeader(authorization string) error {
	sig, err := parseAuthorization(authorization, q.services()...)
	if err != nil {
		return err
	}
	if sig.at, err = requestTime(q.r.Header); err != nil {
		return err
	}
	q.sig = sig
	q.payload = first(q.r.Header, "X-Amz-Content-Sha256")
	if q.payload == "" && q.guest == nil {
		return fail("InvalidRequest", "Missing required header for this request: x-amz-content-sha256.")
	}
	return nil
}

func (q *request) claimPresigned() error {
	if q.query.Has("AWSAccessKeyId") {
		return errNotV4()
	}
	sig, err := parsePresigned(q.query, q.services()...)
	if err != nil {
		return err
	}
	q.sig = sig
	q.payload = unsignedPayload
	if v := q.query.Get("X-Amz-Content-Sha256"); v != "" {
		q.payload = v
	} else if v := q.r.Header.Get("X-Amz-Content-Sha256"); v != "" {
		q.payload = v
	} else if q.guest != nil {
		q.payload = ""
	}
	return nil
}

// requestTime is the time a header-signed request claims.
func requestTime(header http.Header) (time.Time, error) {
	if v := first(header, "X-Amz-Date"); v != "" {
		if at, err := time.Parse(timeFormat, v); err == nil {
			return at, nil
		}
	} else if v := header.Get("Date"); v != "" {
		if at, err := http.ParseTime(v); err == nil {
			return at.UTC(), nil
		}
		if at, err := time.Parse(timeFormat, v); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fail("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header.")
}

// checkTime holds a signature to its clock: no more than maxClockSkew away, or
// for a presigned URL not before its time and not after it expired.
func (h *Handler) checkTime(sig *signature) error {
	var day [len(dayFormat)]byte
	if string(sig.at.UTC().AppendFormat(day[:0], dayFormat)) != sig.day {
		code := "AuthorizationHeaderMalformed"
		if sig.presigned {
			code = "AuthorizationQueryParametersError"
		}
		return fail(code, "The credential's date does not match the request's date.")
	}
	age := h.now().Sub(sig.at)
	if sig.presigned {
		switch {
		case age < -maxClockSkew:
			return fail("AccessDenied", "Request is not valid yet.")
		case age > sig.expires || sig.expires == 0: // 0 is never good, also from a clock that is ahead
			return fail("AccessDenied", "Request has expired.")
		}
		return nil
	}
	if age > maxClockSkew || age < -maxClockSkew {
		return fail("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	return nil
}

// unsignedHeader returns an x-amz- header that the signature does not cover:
// every one of them changes what a request does.
func (q *request) unsignedHeader() string {
	const prefix = "x-amz-"
	for name := range q.r.Header {
		if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) && !q.sig.covers(name) {
			return strings.ToLower(name)
		}
	}
	return ""
}
