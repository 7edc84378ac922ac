package s3api

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"croft/internal/forwarded"
)

const (
	logTimeFormat = "02/Jan/2006:15:04:05 -0700"
	maxLogField   = 4 << 10 // bytes of what a client chooses
)

// appendLogLines writes the request as S3's server access logs have it: one line, and
// one more for each key of a DeleteObjects.
func (q *request) appendLogLines(out []byte) []byte {
	code := q.outcome
	if code == "ok" {
		code = ""
	}
	out = q.appendLogLine(out, q.logOperation(), q.key, q.answer.status, code)
	for _, ended := range q.deleted {
		status, code := http.StatusNoContent, ""
		if ended.outcome != "ok" {
			code = ended.outcome
			status = statuses[code]
		}
		for _, key := range ended.keys {
			out = q.appendLogLine(out, "BATCH.DELETE.OBJECT", key, status, code)
		}
	}
	return out
}

func (q *request) appendLogLine(out []byte, operation, key string, status int, code string) []byte {
	r := q.r
	remote := forwarded.Address(r)
	signed, by := "", ""
	if !q.anonymous() && q.sig.value != "" {
		signed, by = "SigV4", "AuthHeader"
		if q.sig.presigned {
			by = "QueryString"
		}
		if q.posted {
			by = "-"
		}
		if q.sig.v2 {
			signed = "SigV2"
		}
	}
	cipher, version := "", ""
	if r.TLS != nil {
		cipher, version = tls.CipherSuiteName(r.TLS.CipherSuite), strings.ReplaceAll(tls.VersionName(r.TLS.Version), " ", "v")
	}
	id := q.query.Get("versionId")
	if id == "" {
		id = first(q.w.Header(), spelling(versionHeader))
	}
	out = appendLogField(out, ownerID)
	out = appendLogField(out, q.bucket)
	out = q.began.UTC().AppendFormat(append(out, '['), logTimeFormat)
	out = append(out, "] "...)
	for _, field := range [...]string{remote, q.cred.AccessKey, q.id, operation, uriEncode(key, false)} {
		out = appendLogField(out, field)
	}
	out = appendLogQuoted(out, r.Method+" "+withoutSecrets(r.RequestURI)+" "+r.Proto)
	out = appendLogNumber(out, int64(status))
	out = appendLogField(out, code)
	out = appendLogNumber(out, q.answer.sent)
	out = appendLogNumber(out, q.objectSize())
	out = appendLogNumber(out, time.Since(q.began).Milliseconds())
	out = appendLogField(out, "") // how long the answer took to begin is not measured
	out = appendLogQuoted(out, withoutSecrets(r.Referer()))
	out = appendLogQuoted(out, r.UserAgent())
	for _, field := range [...]string{id, q.id, signed, cipher, by, r.Host, version, "", ""} {
		out = appendLogField(out, field)
	}
	out[len(out)-1] = '\n'
	return out
}

// logOperation is what S3's logs call the request.
func (q *request) logOperation() string {
	kind, method := "BUCKET", q.r.Method
	if q.level() == onObject {
		kind = "OBJECT"
	}
	if q.site {
		return "WEBSITE." + xmlLimit(method) + "." + kind
	}
	for name := range q.query {
		switch {
		case !subresources[name] || name == "list-type":
		case name == "uploadId" && method == http.MethodPut:
			kind = "PART"
		case name == "delete":
			kind = "MULTI_OBJECT_DELETE"
		case loggedAs[name] != "":
			kind = loggedAs[name]
		default:
			kind = strings.ToUpper(name)
		}
	}
	if method == http.MethodPut && first(q.r.Header, copySource) != "" {
		method = "COPY"
	}
	if method == http.MethodOptions {
		kind = "PREFLIGHT"
	}
	return "REST." + xmlLimit(method) + "." + kind
}

// loggedAs are the sub-resources that logs do not simply call by their name.
var loggedAs = map[string]string{
	"policy": "BUCKETPOLICY", "versions": "BUCKETVERSIONS", "uploadId": "UPLOAD", "logging": "LOGGING_STATUS",
	"requestPayment": "REQUEST_PAYMENT", "object-lock": "OBJECT_LOCK", "legal-hold": "LEGAL_HOLD",
}

// objectSize is the size of the object that was sent or received, 0 where it is not
// known.
func (q *request) objectSize() int64 {
	header := q.w.Header()
	if _, total, ok := strings.Cut(first(header, "Content-Range"), "/"); ok {
		size, _ := strconv.ParseInt(total, 10, 64)
		return size
	}
	if q.level() != onObject || q.outcome != "ok" {
		return 0
	}
	switch q.r.Method {
	case http.MethodGet, http.MethodHead:
		size, _ := strconv.ParseInt(first(header, "Content-Length"), 10, 64)
		return size
	}
	if q.body != nil {
		return q.body.read
	}
	return 0
}

// withoutSecrets takes out of an address what would let its reader repeat the request.
func withoutSecrets(address string) string {
	path, query, ok := strings.Cut(address, "?")
	if !ok {
		return address
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		decoded, err := url.QueryUnescape(name)
		if err != nil {
			decoded = name
		}
		switch strings.ToLower(decoded) {
		case "x-amz-signature", "x-amz-security-token", "signature":
			pairs[i] = name + "=-"
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}

func appendLogNumber(out []byte, n int64) []byte {
	if n == 0 {
		return append(out, "- "...)
	}
	return append(strconv.AppendInt(out, n, 10), ' ')
}

// appendLogField writes a field that has no quotes around it, and so no blanks in it.
func appendLogField(out []byte, value string) []byte {
	if value == "" {
		return append(out, "- "...)
	}
	return append(appendLogText(out, value, true), ' ')
}

func appendLogQuoted(out []byte, value string) []byte {
	if value == "" {
		return append(out, "\"-\" "...)
	}
	return append(appendLogText(append(out, '"'), value, false), "\" "...)
}

// appendLogText escapes what would end the field or the line.
func appendLogText(out []byte, value string, blanks bool) []byte {
	const upper = "0123456789ABCDEF"
	for i := 0; i < len(value) && i < maxLogField; i++ {
		c := value[i]
		if c < ' ' || c == 0x7f || c == '"' || (blanks && c == ' ') {
			out = append(out, '%', upper[c>>4], upper[c&15])
			continue
		}
		out = append(out, c)
	}
	return out
}
