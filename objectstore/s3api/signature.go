package s3api

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithmV4   = "AWS4-HMAC-SHA256"
	serviceS3     = "s3"
	terminator    = "aws4_request"
	timeFormat    = "20060102T150405Z"
	dayFormat     = "20060102"
	maxExpires    = 7 * 24 * time.Hour
	maxClockSkew  = 15 * time.Minute
	emptySHA256   = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	maxAuthHeader = 8 << 10
)

// signature is what a request claims about itself: who signed what, and when.
type signature struct {
	accessKey string
	day       string // the scope's date, YYYYMMDD
	region    string
	service   string   // of the scope; empty is S3
	headers   []string // lower case, as signed
	value     string   // hex
	at        time.Time
	presigned bool
	v2        bool          // of Version 2: only accessKey, value, presigned and perhaps at are set
	expires   time.Duration // presigned only
}

// scope is the credential scope that the signing key and every chunk is bound to.
func (s *signature) scope() string { return string(s.appendScope(nil)) }

func (s *signature) appendScope(out []byte) []byte {
	out = append(append(out, s.day...), '/')
	out = append(out, s.region...)
	out = append(append(out, '/'), cmp.Or(s.service, serviceS3)...)
	return append(out, "/"+terminator...)
}

// errNotV4 is for what is signed in another way than that which is accepted.
func errNotV4() error {
	return fail("InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
}

// parseAuthorization reads an Authorization header. It does not trust or check
// the time; see Handler.authenticate. It has to be signed for one of the services,
// S3 where none is named.
func parseAuthorization(header string, services ...string) (signature, error) {
	malformed := func(why string) (signature, error) {
		return signature{}, fail("AuthorizationHeaderMalformed", "The authorization header is malformed; "+why)
	}
	if len(header) > maxAuthHeader {
		return malformed("it is too long.")
	}
	rest, ok := strings.CutPrefix(header, algorithmV4)
	if !ok || rest == "" || rest[0] != ' ' {
		return signature{}, errNotV4()
	}
	var sig signature
	var credential, signedHeaders, value bool // seen
	for field := range strings.SplitSeq(rest, ",") {
		name, text, ok := strings.Cut(strings.TrimSpace(field), "=")
		seen := &value
		switch name {
		case "Credential":
			seen = &credential
		case "SignedHeaders":
			seen = &signedHeaders
		case "Signature":
		default:
			return malformed("it has an unknown field.")
		}
		if !ok || text == "" || *seen {
			return malformed("each of Credential, SignedHeaders and Signature is expected once.")
		}
		*seen = true
		switch name {
		case "Credential":
			if !sig.parseCredential(text, services...) {
				return malformed(`the Credential is expected as "` + scopeForm(services) + `".`)
			}
		case "SignedHeaders":
			if !sig.parseSignedHeaders(text) {
				return malformed("SignedHeaders is expected as sorted lower-case names that include host.")
			}
		default:
			if !isHex(text, sha256.Size) {
				return malformed("the Signature is expected as 64 hexadecimal digits.")
			}
			sig.value = text
		}
	}
	if !credential || !signedHeaders || !value {
		return malformed("each of Credential, SignedHeaders and Signature is expected once.")
	}
	return sig, nil
}

// parsePresigned reads the signature out of a presigned URL's query.
func parsePresigned(query url.Values, services ...string) (signature, error) {
	malformed := func(why string) (signature, error) {
		return signature{}, fail("AuthorizationQueryParametersError", why)
	}
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		if values := query[name]; len(values) != 1 || values[0] == "" {
			return malformed("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters, each once.")
		}
	}
	if query.Get("X-Amz-Algorithm") != algorithmV4 {
		return malformed(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256".`)
	}
	sig := signature{presigned: true, value: query.Get("X-Amz-Signature")}
	if !sig.parseCredential(query.Get("X-Amz-Credential"), services...) {
		return malformed(`Error parsing the X-Amz-Credential parameter; expecting "` + scopeForm(services) + `".`)
	}
	if !sig.parseSignedHeaders(query.Get("X-Amz-SignedHeaders")) {
		return malformed("X-Amz-SignedHeaders is expected as sorted lower-case names that include host.")
	}
	if !isHex(sig.value, sha256.Size) {
		return malformed("X-Amz-Signature is expected as 64 hexadecimal digits.")
	}
	at, err := time.Parse(timeFormat, query.Get("X-Amz-Date"))
	if err != nil {
		return malformed(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'".`)
	}
	sig.at = at
	seconds, err := strconv.ParseInt(query.Get("X-Amz-Expires"), 10, 64)
	if err != nil {
		return malformed("X-Amz-Expires should be a number.")
	}
	if seconds < 0 {
		return malformed("X-Amz-Expires must be non-negative.")
	}
	if seconds > int64(maxExpires/time.Second) {
		return malformed("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds.")
	}
	sig.expires = time.Duration(seconds) * time.Second
	return sig, nil
}

// scopeForm is how a credential is written, for who wrote it otherwise.
func scopeForm(services []string) string {
	service := serviceS3
	if len(services) > 0 {
		service = services[0]
	}
	return "<access key>/YYYYMMDD/<region>/" + service + "/" + terminator
}

// parseCredential splits from the end, because an access key may hold a slash. Clients
// of guests may leave out the region, as MinIO's do.
func (s *signature) parseCredential(value string, services ...string) bool {
	rest, last := cutLast(value)
	rest, s.service = cutLast(rest)
	rest, s.region = cutLast(rest)
	s.accessKey, s.day = cutLast(rest)
	expected := s.service == serviceS3
	if len(services) > 0 {
		expected = slices.Contains(services, s.service)
	}
	if last != terminator || !expected || (s.region == "" && len(services) == 0) || s.accessKey == "" || s.accessKey[0] == '/' {
		return false
	}
	_, err := time.Parse(dayFormat, s.day)
	return err == nil
}

// cutLast splits at the last slash; before is empty where there is none.
func cutLast(s string) (before, after string) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+1:]
}

// parseSignedHeaders insists on sorted, distinct, lower-case names with host
// among them: one spelling only of what is covered.
func (s *signature) parseSignedHeaders(value string) bool {
	s.headers = strings.Split(value, ";")
	host := false
	for i, name := range s.headers {
		if name == "" || name != strings.ToLower(name) || (i > 0 && s.headers[i-1] >= name) {
			return false
		}
		host = host || name == "host"
	}
	return host
}

// covers reports whether the header was signed, in whatever case it is spelled.
func (s *signature) covers(name string) bool {
	for _, signed := range s.headers {
		if len(signed) == len(name) && strings.EqualFold(signed, name) {
			return true
		}
	}
	return false
}

// sameHex compares two hex digests in constant time.
func sameHex(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

func isHex(s string, size int) bool {
	if len(s) != 2*size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
