package s3api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
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
	headers   []string // lower case, as signed
	value     string   // hex
	at        time.Time
	presigned bool
	expires   time.Duration // presigned only
}

// scope is the credential scope that the signing key and every chunk is bound to.
func (s signature) scope() string {
	return s.day + "/" + s.region + "/" + serviceS3 + "/" + terminator
}

// parseAuthorization reads an Authorization header. It does not trust or check
// the time; see Handler.authenticate.
func parseAuthorization(header string) (signature, error) {
	malformed := func(why string) (signature, error) {
		return signature{}, fail("AuthorizationHeaderMalformed", "The authorization header is malformed; "+why)
	}
	if len(header) > maxAuthHeader {
		return malformed("it is too long.")
	}
	rest, ok := strings.CutPrefix(header, algorithmV4)
	if !ok || rest == "" || rest[0] != ' ' {
		return signature{}, fail("InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
	}
	var sig signature
	seen := map[string]bool{}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if !ok || value == "" || seen[name] {
			return malformed("each of Credential, SignedHeaders and Signature is expected once.")
		}
		seen[name] = true
		switch name {
		case "Credential":
			if !sig.parseCredential(value) {
				return malformed(`the Credential is expected as "<access key>/YYYYMMDD/<region>/s3/aws4_request".`)
			}
		case "SignedHeaders":
			if !sig.parseSignedHeaders(value) {
				return malformed("SignedHeaders is expected as sorted lower-case names that include host.")
			}
		case "Signature":
			if !isHex(value, sha256.Size) {
				return malformed("the Signature is expected as 64 hexadecimal digits.")
			}
			sig.value = value
		default:
			return malformed("it has an unknown field.")
		}
	}
	if len(seen) != 3 {
		return malformed("each of Credential, SignedHeaders and Signature is expected once.")
	}
	return sig, nil
}

// parsePresigned reads the signature out of a presigned URL's query.
func parsePresigned(query url.Values) (signature, error) {
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
	if !sig.parseCredential(query.Get("X-Amz-Credential")) {
		return malformed(`Error parsing the X-Amz-Credential parameter; expecting "<access key>/YYYYMMDD/<region>/s3/aws4_request".`)
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
	if seconds < 1 {
		return malformed("X-Amz-Expires must be positive.")
	}
	if seconds > int64(maxExpires/time.Second) {
		return malformed("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds.")
	}
	sig.expires = time.Duration(seconds) * time.Second
	return sig, nil
}

// parseCredential splits from the end, because an access key may hold a slash.
func (s *signature) parseCredential(value string) bool {
	parts := strings.Split(value, "/")
	n := len(parts)
	if n < 5 || parts[n-1] != terminator || parts[n-2] != serviceS3 || parts[n-3] == "" || parts[0] == "" {
		return false
	}
	if _, err := time.Parse(dayFormat, parts[n-4]); err != nil {
		return false
	}
	s.accessKey = strings.Join(parts[:n-4], "/")
	s.day, s.region = parts[n-4], parts[n-3]
	return true
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

// covers reports whether the header was signed.
func (s signature) covers(name string) bool {
	for _, signed := range s.headers {
		if signed == name {
			return true
		}
	}
	return false
}

// signingKey derives the key of one day, region and service from a secret.
func signingKey(secret, day, region string) []byte {
	key := mac([]byte("AWS4"+secret), day)
	key = mac(key, region)
	key = mac(key, serviceS3)
	return mac(key, terminator)
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

// stringToSign binds a canonical request to its time and scope.
func stringToSign(at time.Time, scope, canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return algorithmV4 + "\n" + at.UTC().Format(timeFormat) + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
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
