package s3api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Guest is another protocol that is spoken at the address of S3 and signed with the
// same keys, because its clients look for it there. Methods are called concurrently.
type Guest interface {
	// Claims reports whether a request is the guest's. It looks at method, address and
	// header only.
	Claims(r *http.Request) bool
	// Services are those that the guest's requests may be signed for: "iam", "sts". A
	// signature for another one, S3 among them, is not good for the guest.
	Services() []string
	// MaxBody is how many bytes the body of a request may have.
	MaxBody() int64
	// Serve answers. Whoever signed is in v, and was verified; nothing else was asked.
	// The body is still to be read: it fails, at its end at the latest, when it is longer
	// than MaxBody or not what was signed. What was read must not count before io.EOF.
	// Signatures that leave the body out are refused before.
	Serve(w http.ResponseWriter, r *http.Request, v Visit)
	// Refuse answers in the guest's own words what was refused before Serve.
	Refuse(w http.ResponseWriter, r *http.Request, why Refusal)
}

// Porter is a guest that looks itself at who sends some of its requests: probes that
// nobody signs, and scrapers with a token of their own.
type Porter interface {
	// Opens reports whether a request goes to Serve without a look at any signature. Its
	// Visit has no credential and its body is empty.
	Opens(r *http.Request) bool
}

// Visit is one request of a guest.
type Visit struct {
	RequestID  string
	Credential Credential // the zero value: nobody signed, which the guest has to refuse itself
	Service    string     // that was signed for; empty without a signature
}

// Refusal is an error as S3 would say it.
type Refusal struct {
	RequestID string
	Code      string // of S3: "SignatureDoesNotMatch"
	Message   string // safe to send
	Status    int
}

// RefusalOf says an error of a request's body as S3 would.
func RefusalOf(requestID string, err error) Refusal {
	f := translate(err)
	return Refusal{RequestID: requestID, Code: f.code, Message: f.message, Status: f.status()}
}

// guestOf returns whose request it is, nil when it is S3's own. Under a host name of
// its own a bucket has no guests.
func (h *Handler) guestOf(r *http.Request) Guest {
	if len(h.guests) == 0 || h.IsSite(r.Host) {
		return nil
	}
	if bucket, _, ok := h.domains.bucket(r.Host); ok && bucket != "" {
		return nil
	}
	for _, g := range h.guests {
		if g.Claims(r) {
			return g
		}
	}
	return nil
}

// services are those that the request may be signed for; none is S3.
func (q *request) services() []string {
	if q.guest == nil {
		return nil
	}
	return q.guest.Services()
}

// receive verifies a guest's request and hands it over.
func (h *Handler) receive(q *request) {
	done, err := h.admit(q)
	defer done()
	if err != nil {
		why := RefusalOf(q.id, err)
		if why.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) && why.Code != "NotImplemented" && !errors.Is(err, errBusy) {
			h.log.Error("s3 request failed", "requestId", q.id, "operation", "guest", "code", why.Code, "error", err)
		}
		q.w.Header().Set("Connection", "close") // the rest of its body is nobody's
		q.source.Leave()
		q.guest.Refuse(q.w, q.r, why)
		return
	}
	v := Visit{RequestID: q.id, Credential: q.cred, Service: q.sig.service}
	q.guest.Serve(q.w, q.r, v)
}

// admit verifies the signature and prepares the body. done gives back the memory that
// the body may take.
func (h *Handler) admit(q *request) (done func(), err error) {
	done = func() {}
	if p, ok := q.guest.(Porter); ok && p.Opens(q.r) {
		q.r.Body = http.NoBody
		return done, nil
	}
	if q.r.ContentLength > q.guest.MaxBody() {
		return done, errGuestBody()
	}
	if q.r.URL.RawQuery != "" {
		if q.query, err = url.ParseQuery(q.r.URL.RawQuery); err != nil {
			return done, fail("InvalidURI", "Couldn't parse the specified URI.")
		}
	}
	share, err := h.shares.take(q.r.Context(), q.r.ContentLength)
	if err != nil {
		return done, err
	}
	done = func() { h.shares.give(share) }
	if err := h.authenticate(q); err != nil {
		return done, err
	}
	b := &q.payloadBody
	*b = body{src: q.r.Body, size: q.r.ContentLength}
	switch {
	case q.payload == unsignedPayload && !q.anonymous():
		return done, errGuestUnsigned()
	case q.payload == unsignedPayload:
	case isHex(q.payload, sha256.Size):
		b.sha, b.wantSHA = sha256.New(), q.payload
	case strings.HasPrefix(q.payload, streamingPrefix):
		return done, failf("NotImplemented", "The payload signing %s is not implemented here.", xmlLimit(q.payload))
	default:
		return done, fail("InvalidArgument", "x-amz-content-sha256 must be a valid sha256 value.")
	}
	q.r.Body = &guestBody{body: b, left: q.guest.MaxBody(), close: q.r.Body}
	return done, nil
}

func errGuestBody() error {
	return fail("MaxMessageLengthExceeded", "Your request was too big.")
}

// errGuestUnsigned refuses a body that somebody on the way could replace: over a plain
// connection the signature is all that there is. Whoever is made what, and with which
// rights, stands in that body; as with AWS, it has to be signed.
func errGuestUnsigned() error {
	return fail("SignatureDoesNotMatch", "The body of this request has to be signed. Send its SHA-256 in x-amz-content-sha256 instead of UNSIGNED-PAYLOAD, or leave that header away.")
}

// hashBody is the hash of a body whose client does not say it. It is read for that,
// because the signature covers it.
func (q *request) hashBody() error {
	most := q.guest.MaxBody()
	data, err := io.ReadAll(io.LimitReader(q.r.Body, most+1))
	if err != nil {
		return cut(err)
	}
	if int64(len(data)) > most {
		return errGuestBody()
	}
	sum := sha256.Sum256(data)
	q.payload = hex.EncodeToString(sum[:])
	q.r.Body = io.NopCloser(bytes.NewReader(data))
	return nil
}

// guestBody is a body that is whole and as it was signed when it ends with io.EOF.
type guestBody struct {
	*body
	left  int64
	close io.Closer
}

func (b *guestBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errGuestBody()
	}
	if errors.Is(err, io.EOF) {
		if _, broken := b.finish(); broken != nil {
			return 0, broken
		}
	}
	return n, err
}

// Close closes what the body is read from.
func (b *guestBody) Close() error { return b.close.Close() }
