package s3api

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Watcher is told of every request of S3 once it is answered, reading ones too, and those
// whose answer was cut off. It must not block. Methods are called concurrently.
type Watcher interface {
	// Ended counts a request: its operation ("GetObject", OperationUnknown, OperationSite),
	// the bucket that it names, which need not be there, the status of its answer, and the
	// bytes of both bodies.
	Ended(operation, bucket string, status int, in, out int64)
	// Watching reports whether somebody wants to see whole requests.
	Watching() bool
	// Saw is given each of them while somebody does.
	Saw(e Exchange)
}

// What requests are called that are none of the operations of S3.
const (
	OperationUnknown = "Unknown" // refused before it was known what it is
	OperationSite    = "Website" // to a bucket's website
)

// Exchange is a request and its answer, without bodies and without whatever would let its
// reader act in the client's place: signatures, tokens, keys of SSE-C.
type Exchange struct {
	Began          time.Time
	Took           time.Duration
	First          time.Duration // until the answer's header was written; 0 is not known
	RequestID      string
	Operation      string
	Method         string
	Path           string
	Query          string
	Proto          string
	Host           string
	Client         string // host:port
	Header         http.Header
	AnswerHeader   http.Header
	Status         int
	Outcome        string // "ok" or the S3 error code
	AccessKey      string // that signed; empty for none
	BytesIn        int64
	BytesOut       int64
	Authentication string // "SigV4", "SigV2" or empty
}

// watched reports whether somebody wants to see whole requests.
func (h *Handler) watched() bool { return h.watcher != nil && h.watcher.Watching() }

// show tells the watcher about a request that is answered.
func (h *Handler) show(q *request) {
	if h.watcher == nil {
		return
	}
	operation, in := OperationUnknown, int64(0)
	switch {
	case q.site:
		operation = OperationSite
	case q.op != nil:
		operation = q.op.name
	}
	if q.body != nil {
		in = q.body.read
	}
	h.watcher.Ended(operation, q.bucket, q.answer.status, in, q.answer.sent)
	if !h.watched() {
		return
	}
	e := Exchange{
		Began: q.began, Took: time.Since(q.began), RequestID: q.id, Operation: operation, Method: q.r.Method, Path: q.r.URL.Path,
		Query: withoutKeys(q.r.URL.RawQuery), Proto: q.r.Proto, Host: q.r.Host, Client: q.r.RemoteAddr, Header: shown(q.r.Header),
		AnswerHeader: shown(q.w.Header()), Status: q.answer.status, Outcome: q.outcome, AccessKey: q.cred.AccessKey, BytesIn: in, BytesOut: q.answer.sent,
	}
	if !q.answer.first.IsZero() {
		e.First = q.answer.first.Sub(q.began)
	}
	if q.signer != nil || q.sig.v2 {
		e.Authentication = "SigV4"
		if q.sig.v2 {
			e.Authentication = "SigV2"
		}
	}
	h.watcher.Saw(e)
}

// hidden stands where a secret was.
const hidden = "*REDACTED*"

// secretNames are parts of the names of headers and parameters whose values are secrets
// or as good as secrets.
var secretNames = []string{"authorization", "signature", "token", "cookie", "customer-key", "secret", "password", "credential", "mfa"}

func isSecret(name string) bool {
	name = strings.ToLower(name)
	if name == "continuation-token" { // of a listing
		return false
	}
	for _, part := range secretNames {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// shown copies a header without secrets. Addresses in it may be signed ones.
func shown(header http.Header) http.Header {
	out := make(http.Header, len(header))
	for name, values := range header {
		if isSecret(name) {
			out[name] = []string{hidden}
			continue
		}
		kept := make([]string, len(values))
		for i, value := range values {
			kept[i] = value
			if path, query, ok := strings.Cut(value, "?"); ok {
				kept[i] = path + "?" + withoutKeys(query)
			}
		}
		out[name] = kept
	}
	return out
}

// withoutKeys is a query without the values that are secrets. Names may be encoded.
func withoutKeys(query string) string {
	if query == "" {
		return ""
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, ok := strings.Cut(pair, "=")
		decoded, err := url.QueryUnescape(name)
		if ok && (err != nil || isSecret(decoded)) {
			pairs[i] = name + "=" + hidden
		}
	}
	return strings.Join(pairs, "&")
}
