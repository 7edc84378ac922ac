package s3client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"
)

const (
	region        = "us-east-1"
	payload       = "UNSIGNED-PAYLOAD"
	signedHeaders = "host;x-amz-content-sha256;x-amz-date"
	stampFormat   = "20060102T150405Z"
)

// signer signs requests with Signature Version 4. What stays the same within a
// day, and within a second, is kept.
type signer struct {
	accessKey string
	secret    string
	host      string

	second int64
	stamp  string    // of that second
	scope  string    // of its day
	mac    hash.Hash // under the day's key
	digest hash.Hash
	text   []byte
	sum    []byte
}

func newSigner(accessKey, secret, host string) *signer {
	return &signer{accessKey: accessKey, secret: secret, host: host, digest: sha256.New()}
}

// appendHeaders adds the headers that authenticate a request to out. The path and
// the query must be in canonical form already.
func (s *signer) appendHeaders(out []byte, method, path, query string, now time.Time) []byte {
	s.advance(now)
	t := s.text[:0]
	t = append(append(t, method...), '\n')
	t = append(append(t, path...), '\n')
	t = append(append(t, query...), '\n')
	t = append(append(t, "host:"...), s.host...)
	t = append(t, "\nx-amz-content-sha256:"+payload+"\nx-amz-date:"...)
	t = append(append(t, s.stamp...), "\n\n"+signedHeaders+"\n"+payload...)
	s.digest.Reset()
	s.digest.Write(t)
	s.sum = s.digest.Sum(s.sum[:0])

	t = append(t[:0], "AWS4-HMAC-SHA256\n"...)
	t = append(append(t, s.stamp...), '\n')
	t = append(append(t, s.scope...), '\n')
	t = hex.AppendEncode(t, s.sum)
	s.text = t
	s.mac.Reset()
	s.mac.Write(t)
	s.sum = s.mac.Sum(s.sum[:0])

	out = append(append(out, "Host: "...), s.host...)
	out = append(append(out, "\r\nX-Amz-Date: "...), s.stamp...)
	out = append(out, "\r\nX-Amz-Content-Sha256: "+payload+"\r\nAuthorization: AWS4-HMAC-SHA256 Credential="...)
	out = append(append(append(out, s.accessKey...), '/'), s.scope...)
	out = append(out, ", SignedHeaders="+signedHeaders+", Signature="...)
	return append(hex.AppendEncode(out, s.sum), "\r\n"...)
}

// advance brings stamp, scope and key to the present second.
func (s *signer) advance(now time.Time) {
	if now.Unix() == s.second {
		return
	}
	s.second = now.Unix()
	s.stamp = now.UTC().Format(stampFormat)
	day := s.stamp[:8]
	scope := day + "/" + region + "/s3/aws4_request"
	if scope == s.scope {
		return
	}
	s.scope = scope
	key := []byte("AWS4" + s.secret)
	for _, part := range []string{day, region, "s3", "aws4_request"} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	s.mac = hmac.New(sha256.New, key)
}
